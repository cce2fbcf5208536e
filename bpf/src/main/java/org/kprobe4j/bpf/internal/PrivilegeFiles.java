package org.kprobe4j.bpf.internal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kprobe4j.bpf.Privileges;

/** Where the kernel says what a process may do. Source: /proc/self/status, /sys/kernel/security, /proc/sys/kernel. */
public final class PrivilegeFiles {
    private static final int SECCOMP_MODE_FILTER = 2;
    private static final String ALL_USERS = "4294967295";
    private static final Pattern VERSION = Pattern.compile("^(\\d+)\\.(\\d+)");

    private PrivilegeFiles() {}

    /**
     * Reads them for this process.
     *
     * @param calls the kernel
     * @return the present state
     */
    public static Privileges read(SystemCalls calls) {
        KernelFiles files = new KernelFiles(calls);
        String status = files.readIfPresent("/proc/self/status");
        return new Privileges(
                capabilities(status),
                number(files.readIfPresent("/proc/sys/kernel/cap_last_cap")),
                bracketed(files.readIfPresent("/sys/kernel/security/lockdown")),
                number(files.readIfPresent("/proc/sys/kernel/unprivileged_bpf_disabled")),
                number(files.readIfPresent("/proc/sys/kernel/perf_event_paranoid")),
                number(files.readIfPresent("/proc/sys/kernel/kptr_restrict")),
                isHost(files.readIfPresent("/proc/self/uid_map")),
                number(line(status, "Seccomp:")) == SECCOMP_MODE_FILTER,
                chargesMemory(files.readIfPresent("/proc/sys/kernel/osrelease"))
                        ? memoryLock(files.readIfPresent("/proc/self/limits"))
                        : -1);
    }

    /** The rest of the line that begins so; empty if there is none. */
    private static String line(String text, String key) {
        return text.lines()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()))
                .findFirst()
                .orElse("");
    }

    /** The first user namespace maps all user ids to themselves. */
    private static boolean isHost(String uidMap) {
        String[] numbers = uidMap.strip().split("\\s+", -1);
        return numbers.length != 3
                || (numbers[0].equals("0") && numbers[1].equals("0") && numbers[2].equals(ALL_USERS));
    }

    /** Before 5.11 the kernel charged memory of maps and programs to its user, later to its memory cgroup. */
    private static boolean chargesMemory(String release) {
        Matcher version = VERSION.matcher(release);
        if (!version.find()) {
            return false;
        }
        int major = Integer.parseInt(version.group(1));
        return major < 5 || (major == 5 && Integer.parseInt(version.group(2)) < 11);
    }

    /** {@code Max locked memory         65536                65536                bytes}: the soft limit. */
    private static long memoryLock(String limits) {
        String soft = line(limits, "Max locked memory").strip().split("\\s+", 2)[0];
        return soft.matches("\\d+") ? Long.parseLong(soft) : -1;
    }

    private static long capabilities(String status) {
        String hex = line(status, "CapEff:").strip();
        return hex.isEmpty() ? -1 : Long.parseUnsignedLong(hex, 16);
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
