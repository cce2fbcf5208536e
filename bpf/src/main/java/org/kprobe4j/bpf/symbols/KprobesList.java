package org.kprobe4j.bpf.symbols;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.KprobesFolder;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * All probes that are planted, by anybody: the confirmation that arming a probe really happened.
 *
 * <p>Thread-safe. Needs debugfs and root. Source: kernel/kprobes.c, Documentation/trace/kprobes.rst.
 */
public final class KprobesList {
    private static final String FTRACE_ENABLED = "/proc/sys/kernel/ftrace_enabled";

    private KprobesList() {}

    /**
     * Reads the list.
     *
     * @return every probe, in the kernel's order
     * @throws org.kprobe4j.bpf.UnsupportedException if debugfs is not mounted or the kernel has no kprobes
     * @throws org.kprobe4j.bpf.PermissionException if the process may not read it
     */
    public static List<PlantedProbe> read() {
        return read(SystemCalls.linux());
    }

    static List<PlantedProbe> read(SystemCalls calls) {
        return KprobesFolder.planted(calls);
    }

    /**
     * Whether probes hit at all: the kernel-wide switch {@code kprobes/enabled}.
     *
     * @return false if all kprobes are switched off
     * @throws org.kprobe4j.bpf.UnsupportedException if debugfs is not mounted or the kernel has no kprobes
     */
    public static boolean enabled() {
        return enabled(SystemCalls.linux());
    }

    static boolean enabled(SystemCalls calls) {
        return KprobesFolder.read(calls, "enabled").startsWith("1");
    }

    /**
     * Whether the function tracer calls anybody: the sysctl {@code kernel.ftrace_enabled}. Probes at functions' entries are reached
     * by it.
     *
     * @return false if it is switched off; true also on a kernel without the function tracer
     */
    public static boolean ftraceEnabled() {
        return ftraceEnabled(SystemCalls.linux());
    }

    static boolean ftraceEnabled(SystemCalls calls) {
        return !new KernelFiles(calls).readIfPresent(FTRACE_ENABLED).strip().equals("0");
    }

    /**
     * Whether the kernel forbids a probe there.
     *
     * @param symbol the function, or null to search by address only
     * @param address the address, or 0 to search by symbol only
     * @return the forbidden range that covers it, or null if there is none
     * @throws org.kprobe4j.bpf.UnsupportedException if debugfs is not mounted or the kernel has no kprobes
     */
    public static @Nullable ForbiddenRange forbidden(@Nullable String symbol, long address) {
        return forbidden(SystemCalls.linux(), symbol, address);
    }

    static @Nullable ForbiddenRange forbidden(SystemCalls calls, @Nullable String symbol, long address) {
        return KprobesFolder.read(calls, "blacklist")
                .lines()
                .map(ForbiddenRange::parse)
                .filter(range -> range != null && range.covers(symbol, address))
                .findFirst()
                .orElse(null);
    }
}
