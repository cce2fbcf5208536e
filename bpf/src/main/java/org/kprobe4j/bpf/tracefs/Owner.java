package org.kprobe4j.bpf.tracefs;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The process that an event belongs to, written into its group's name: {@code kprobe4j_PID_STARTTIME}.
 *
 * <p>A pid is used again; with the start time it is not. The start time counts clock ticks since boot (proc(5), stat field 22). A
 * process in a PID namespace of its own has pids that mean something else outside, so it adds the namespace's number; nobody
 * judges an owner of another namespace.
 */
record Owner(int pid, long startTicks, long namespace) {
    private static final String PREFIX = "kprobe4j_";
    private static final int START_FIELD = 22;
    /** Number of the namespace that every machine boots with: PROC_PID_INIT_INO. */
    private static final long INITIAL_NAMESPACE = 0xEFFFFFFCL;

    static Owner self(SystemCalls calls, long namespace) {
        int pid = calls.getpid();
        return new Owner(pid, startTicks(calls, "self"), namespace == INITIAL_NAMESPACE ? 0 : namespace);
    }

    String group() {
        String name = PREFIX + pid + "_" + startTicks;
        return namespace == 0 ? name : name + "_" + namespace;
    }

    /** Null for a group that is not named by us. */
    static @Nullable Owner parse(String group) {
        if (!group.startsWith(PREFIX)) {
            return null;
        }
        String[] parts = group.substring(PREFIX.length()).split("_", -1);
        try {
            return switch (parts.length) {
                case 2 -> new Owner(Integer.parseInt(parts[0]), Long.parseLong(parts[1]), 0);
                case 3 -> new Owner(Integer.parseInt(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2]));
                default -> null;
            };
        } catch (NumberFormatException _) {
            return null;
        }
    }

    /** Whether the process is surely over. If that cannot be known, it is not. */
    boolean isGone(SystemCalls calls, Owner observer) {
        return namespace == observer.namespace() && startTicks(calls, Integer.toString(pid)) != startTicks;
    }

    /** 0 if there is no such process. */
    private static long startTicks(SystemCalls calls, String process) {
        String stat = new KernelFiles(calls).readIfPresent("/proc/" + process + "/stat");
        int afterName = stat.lastIndexOf(')'); // the name may hold spaces and parentheses
        if (afterName < 0) {
            return 0;
        }
        final int fieldAfterName = 3;
        String[] fields = stat.substring(afterName + 2).split(" ", -1);
        int index = START_FIELD - fieldAfterName;
        return index < fields.length ? Long.parseLong(fields[index].strip()) : 0;
    }
}
