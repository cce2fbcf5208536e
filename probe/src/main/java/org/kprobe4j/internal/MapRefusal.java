package org.kprobe4j.internal;

import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;

/** Says why the kernel refused a map, in the words of who made it. */
public final class MapRefusal {
    private MapRefusal() {}

    /**
     * What to say.
     *
     * @param what for example {@code a map for 1000000 entries of 8 + 8 bytes}
     */
    public static String of(String what, BpfException refusal) {
        return switch (refusal.errno()) {
            case Errno.ENOMEM, Errno.E2BIG ->
                "%s is more than this kernel gives memory for (%s); make it smaller"
                        .formatted(what, refusal.errnoName());
            default -> String.valueOf(refusal.getMessage());
        };
    }

    /** A map with keys. */
    public static String ofMap(int maxEntries, int keyBytes, int valueBytes, BpfException refusal) {
        return of("a map for %d entries of %d + %d bytes".formatted(maxEntries, keyBytes, valueBytes), refusal);
    }
}
