package org.kprobe4j.cli.tool;

/** What the running kernel's unwinder can do. */
public final class Unwinding {
    private static final int MAJOR = 5;
    private static final int MINOR = 16;

    private Unwinding() {}

    /**
     * Whether it finds the caller behind a return probe's trampoline, which that has put in the place of the return address by the time
     * its own entry handler runs. Where it does not, a probe of the same place that is planted later runs before that, and sees the
     * callers. Source: arch/x86/kernel/unwind_orc.c.
     */
    public static boolean passesReturnProbes() {
        String[] version = System.getProperty("os.version").split("[^0-9]+", 3);
        int major = Integer.parseInt(version[0]);
        return major > MAJOR || (major == MAJOR && Integer.parseInt(version[1]) >= MINOR);
    }
}
