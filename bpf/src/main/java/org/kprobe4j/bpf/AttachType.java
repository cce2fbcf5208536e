package org.kprobe4j.bpf;

/**
 * Where a program is going to be attached, as far as the verifier wants to know it.
 *
 * <p>Source: include/uapi/linux/bpf.h, enum bpf_attach_type.
 */
public enum AttachType {
    /** Not said: for the program types that do not ask. */
    NONE(0),
    /** Tracepoint typed by BTF. Since kernel: 5.5. */
    TRACE_RAW_TP(23),
    /** Function entry. Since kernel: 5.5. */
    TRACE_FENTRY(24),
    /** Function exit, with arguments and return value. Since kernel: 5.5. */
    TRACE_FEXIT(25),
    /** Replaces the return value of functions that allow it. Since kernel: 5.7. */
    MODIFY_RETURN(26),
    /** Perf event by a link. Since kernel: 5.15. */
    PERF_EVENT(41),
    /** kprobe.multi. Since kernel: 5.18. */
    TRACE_KPROBE_MULTI(42),
    /** One program for entry and return. Since kernel: 6.10. */
    TRACE_KPROBE_SESSION(56),
    /** One program for entry and return of a function, by its trampoline. Since kernel: 7.0. */
    TRACE_FSESSION(58);

    private final int id;

    AttachType(int id) {
        this.id = id;
    }

    /**
     * The kernel's number.
     *
     * @return the value of the kernel's enumeration
     */
    public int id() {
        return id;
    }
}
