package org.kprobe4j;

/**
 * A way in which the kernel lets a program run at a probe; in the order of their cost. The cheapest one that can do what the handlers
 * ask is taken ({@link Plan}); a builder's {@code mechanism} asks for a certain one.
 */
public enum Mechanism {
    /**
     * fentry and fexit: the function calls the program by a trampoline made for it. Typed arguments and the return value, no registers. One function
     * that the kernel's BTF knows. When anybody attaches a further program to the function, or takes one away, the kernel makes the trampoline
     * anew, and the returns of the calls that are in flight then are not seen: they stay in flight in the account, until their stack is used again. On a preemptible
     * kernel the hits of other tasks on that CPU are lost while a run is preempted, and the account has them under recursion: there it is taken only where it
     * is asked for. Since kernel: 5.12 on x86-64 (5.10 where the
     * handlers call no helper and the kernel keeps trampolines in use), 6.0 on arm64. Source: kernel/bpf/trampoline.c.
     */
    FENTRY("fentry/fexit"),
    /**
     * fsession: the function's trampoline calls one program at entry and return, which asks it at which end it is. For return probes that do
     * something at the entry, too; what holds of {@link #FENTRY} holds here. It loads and attaches one program instead of two, but each call costs a
     * little more, so it is taken only where it is asked for. With the eight bytes that the kernel has for a call, in the place of a table, it would cost a
     * little less; the account could not tell then which calls ended inside. The kernel runs the return of a call whose entry it dropped, and counts the drops of both ends as one: where it dropped
     * any, the account does not tell how many calls that were ({@link ProbeAccount.Untold#RECURSION_AT_ENTRY}). Since kernel: 7.0. Source: kernel/bpf/trampoline.c.
     */
    FSESSION("fsession"),
    /**
     * kprobe.session: ftrace calls one program at entry and return of one or many functions, and at the return only if the entry wants it. For
     * return probes that do something at the entry, too. What belongs to a call is kept in a table, as under the others, not in the eight bytes
     * (bpf_session_cookie) that the kernel has for it: those are gone with a task that ends inside the function, which the account could not tell then. Since kernel: 6.10 with CONFIG_FPROBE. Source: bpf_kprobe_multi_link_attach() in
     * kernel/trace/bpf_trace.c.
     */
    KPROBE_SESSION("kprobe.session"),
    /**
     * kprobe.multi: ftrace calls the program at the entry or return of one or many functions. Since kernel: 5.18 with CONFIG_FPROBE. Source:
     * bpf_kprobe_multi_link_attach() in kernel/trace/bpf_trace.c.
     */
    KPROBE_MULTI("kprobe.multi"),
    /**
     * A kprobe or kretprobe as a perf event: any instruction, all registers. Since kernel: 4.17. Source: kernel/events/core.c, perf_kprobe.
     */
    PERF_KPROBE("perf kprobe"),
    /**
     * A kprobe event of tracefs; the only one that takes maxactive, or follows a module. A kretprobe's entry handler is a perf kprobe beside
     * it. Since kernel: 4.1. Source: Documentation/trace/kprobetrace.rst.
     */
    TRACEFS("tracefs event");

    private final String text;

    Mechanism(String text) {
        this.text = text;
    }

    /**
     * What it is called.
     *
     * @return for example {@code kprobe.multi}
     */
    public String describe() {
        return text;
    }

    @Override
    public String toString() {
        return text;
    }
}
