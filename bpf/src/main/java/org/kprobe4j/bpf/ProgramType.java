package org.kprobe4j.bpf;

/**
 * The types of programs that probes use.
 *
 * <p>Source: include/uapi/linux/bpf.h, enum bpf_prog_type.
 */
public enum ProgramType {
    /** Socket filter: the one an unprivileged process may be allowed. Since kernel: 3.19. */
    SOCKET_FILTER(1),
    /** kprobe, kretprobe and kprobe.multi; the context is struct pt_regs. Since kernel: 4.1. */
    KPROBE(2),
    /** Tracepoint; the context is its record. Since kernel: 4.7. */
    TRACEPOINT(5),
    /** Packet in a driver. Since kernel: 4.8. */
    XDP(6),
    /** Perf event, such as a timer. Since kernel: 4.9. */
    PERF_EVENT(7),
    /** Tracepoint with its raw arguments. Since kernel: 4.17; run by test: 5.10. */
    RAW_TRACEPOINT(17),
    /** fentry, fexit, modify_return, iterators; typed by BTF. Since kernel: 5.5. */
    TRACING(26),
    /** Security hook. Since kernel: 5.7. */
    LSM(29),
    /** Run by user space only. Since kernel: 5.14. */
    SYSCALL(31);

    private final int id;

    ProgramType(int id) {
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
