package org.kprobe4j.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What another tool is told to do.
 *
 * @param name the tool and its way
 * @param words the command
 */
record Peer(String name, List<String> words) {
    /** perf has no probes without an event of tracefs. */
    static final String EVENT = "bench:seek";

    private static final String PID = "PID";

    /** Keeps its own copy. */
    Peer {
        words = List.copyOf(words);
    }

    static Peer bpftrace(String way, String program) {
        return new Peer("bpftrace " + way, List.of("bpftrace", "-e", program));
    }

    static Peer perf(String name, String... arguments) {
        List<String> words = new ArrayList<>(List.of("perf"));
        words.addAll(List.of(arguments));
        return new Peer(name, words);
    }

    boolean needsEvent() {
        return words.contains(EVENT);
    }

    /** The command for hits of one process. */
    List<String> words(int pid) {
        return words.stream()
                .map(word -> word.replace(PID, Integer.toString(pid)))
                .toList();
    }
}
