package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The CPUs that could ever be on this machine. Source: Documentation/admin-guide/cputopology.rst. */
public final class PossibleCpus {
    private static final Path LIST = Path.of("/sys/devices/system/cpu/possible");

    private PossibleCpus() {}

    /** The smallest power of two that is above the number of each of them: so many rows, and a mask, serve all. */
    public static int rows() {
        try {
            return rows(Files.readString(LIST));
        } catch (IOException e) {
            throw new IllegalStateException("read %s: %s".formatted(LIST, e.getMessage()), e);
        }
    }

    /** For a list such as {@code 0-3,8}. */
    static int rows(String list) {
        String[] ends = list.strip().split("[-,]", -1);
        return Integer.highestOneBit(Integer.parseInt(ends[ends.length - 1]) * 2 + 1);
    }
}
