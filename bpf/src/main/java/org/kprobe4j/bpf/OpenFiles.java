package org.kprobe4j.bpf;

import java.io.File;
import java.util.Arrays;
import java.util.stream.Stream;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.SystemCalls;

/** How many files this process may have open: a probe of many places, without kprobe.multi, has a perf event for each. Source: getrlimit(2). */
public final class OpenFiles {
    private static final String OPEN = "/proc/self/fd";
    private static final String LIMITS = "/proc/self/limits";
    private static final String LINE = "Max open files";
    /** What the JVM and its program may open meanwhile. */
    private static final int SPARE = 1024;

    private OpenFiles() {}

    /**
     * Raises the limit of this process, where it is too low and may be raised; else opening will say EMFILE.
     *
     * @param more so many descriptors are about to be opened
     */
    public static void makeRoom(int more) {
        makeRoom(SystemCalls.linux(), more);
    }

    static void makeRoom(SystemCalls calls, int more) {
        String[] open = new File(OPEN).list();
        long wanted = (open == null ? 0L : open.length) + more + SPARE;
        long[] limits = limits(new KernelFiles(calls).readIfPresent(LIMITS));
        if (limits.length == 2 && limits[0] < wanted) {
            // Both are set to one value; the hard one is not lowered.
            long _ = calls.setLimit(Linux.RLIMIT_NOFILE, Math.max(limits[1], wanted));
        }
    }

    /** The soft and the hard one; empty if the text does not tell, or there is none. */
    private static long[] limits(String text) {
        return Arrays.stream(text.split("\n", -1))
                .filter(line -> line.startsWith(LINE))
                .flatMap(line -> Stream.of(line.substring(LINE.length()).strip().split("\\s+", -1))
                        .limit(2))
                .filter(word -> word.chars().allMatch(Character::isDigit))
                .mapToLong(Long::parseLong)
                .toArray();
    }
}
