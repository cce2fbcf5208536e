package org.kprobe4j.bpf.features;

import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * Whether a task can be preempted while it runs in the kernel: then also in a program of a trampoline, and until it runs again the kernel
 * leaves out the runs of that program on the CPU. Programs of kprobes and of kprobe.multi run with preemption off. Source:
 * __bpf_prog_enter_recur() in kernel/bpf/trampoline.c, trace_call_bpf() in kernel/trace/bpf_trace.c, ftrace_test_recursion_trylock() in
 * include/linux/trace_recursion.h.
 */
public final class Preemption {
    private static final String BUILD = "/proc/sys/kernel/version";
    /** Such as {@code none (voluntary) full}. Source: sched_dynamic_show() in kernel/sched/debug.c, since Linux 5.14. */
    private static final String MODE = "/sys/kernel/debug/sched/preempt";

    private Preemption() {}

    /**
     * Of the running kernel, as it is now: root may change it.
     *
     * @return with the mode; inconclusive if the kernel can change it, and its mode cannot be read
     */
    public static Answer running() {
        return running(SystemCalls.linux());
    }

    static Answer running(SystemCalls calls) {
        var files = new KernelFiles(calls);
        String build = files.readIfPresent(BUILD).strip();
        if (build.contains("PREEMPT_DYNAMIC")) {
            return ofMode(files.readIfPresent(MODE).strip());
        }
        if (build.isEmpty()) {
            return Answer.unknown(BUILD + " cannot be read");
        }
        // What else stands there is PREEMPT or PREEMPT_RT, or nothing. Source: init/Makefile.
        return build.contains(" PREEMPT") ? Answer.yes("its build is " + build) : Answer.no("its build is " + build);
    }

    private static Answer ofMode(String modes) {
        int from = modes.indexOf('(');
        int to = modes.indexOf(')');
        if (from < 0 || to < from) {
            return Answer.unknown(MODE + " cannot be read");
        }
        String mode = modes.substring(from + 1, to);
        return mode.equals("none") || mode.equals("voluntary")
                ? Answer.no("its mode is " + mode)
                : Answer.yes("its mode is " + mode);
    }
}
