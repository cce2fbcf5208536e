package org.kprobe4j.bpf.tracefs;

import java.util.HashMap;
import java.util.Map;

/**
 * The kernel's count of an event.
 *
 * @param hits how often it was hit
 * @param misses how often a hit was dropped, for a return probe also because no instance was free
 */
public record KprobeProfile(long hits, long misses) {
    /** Of an event that the kernel does not tell about. */
    static final KprobeProfile UNKNOWN = new KprobeProfile(-1, -1);

    /** Reads tracefs kprobe_profile: by the event's name as it is printed. */
    static Map<String, KprobeProfile> parse(String text) {
        var profiles = new HashMap<String, KprobeProfile>();
        for (String line : text.split("\n", -1)) {
            String[] words = line.strip().split("\\s+", -1);
            if (words.length >= 3) {
                profiles.put(words[0], new KprobeProfile(Long.parseLong(words[1]), Long.parseLong(words[2])));
            }
        }
        return profiles;
    }
}
