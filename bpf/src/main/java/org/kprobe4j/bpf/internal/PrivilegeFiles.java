package org.kprobe4j.bpf.internal;

import org.kprobe4j.bpf.Privileges;

/** Where the kernel says what a process may do. Source: /proc/self/status, /sys/kernel/security, /proc/sys/kernel. */
public final class PrivilegeFiles {
    private PrivilegeFiles() {}

    /**
     * Reads them for this process.
     *
     * @param calls the kernel
     * @return the present state
     */
    public static Privileges read(SystemCalls calls) {
        KernelFiles files = new KernelFiles(calls);
        return new Privileges(
                capabilities(files.readIfPresent("/proc/self/status")),
                number(files.readIfPresent("/proc/sys/kernel/cap_last_cap")),
                bracketed(files.readIfPresent("/sys/kernel/security/lockdown")),
                number(files.readIfPresent("/proc/sys/kernel/unprivileged_bpf_disabled")),
                number(files.readIfPresent("/proc/sys/kernel/perf_event_paranoid")),
                number(files.readIfPresent("/proc/sys/kernel/kptr_restrict")));
    }

    private static long capabilities(String status) {
        String key = "CapEff:";
        int at = status.indexOf(key);
        if (at < 0) {
            return -1;
        }
        int end = status.indexOf('\n', at);
        String hex = status.substring(at + key.length(), end < 0 ? status.length() : end);
        return Long.parseUnsignedLong(hex.strip(), 16);
    }

    /** Lockdown lists all its modes and puts the current one into brackets. */
    private static String bracketed(String modes) {
        int open = modes.indexOf('[');
        int close = modes.indexOf(']');
        return open >= 0 && close > open ? modes.substring(open + 1, close) : "";
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException _) {
            return -1;
        }
    }
}
