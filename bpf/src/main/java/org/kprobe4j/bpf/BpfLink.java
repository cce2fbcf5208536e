package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.BpfInfo.Link;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.LinkCalls;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * A program attached to something that is not a perf event: a function by BTF, a raw tracepoint, many functions. Closing detaches.
 *
 * <p>Thread-safe. Source: kernel/bpf/syscall.c, kernel/trace/bpf_trace.c.
 */
public final class BpfLink implements AutoCloseable {
    private final SystemCalls calls;
    private final Descriptor descriptor;

    private BpfLink(SystemCalls calls, Descriptor descriptor) {
        this.calls = calls;
        this.descriptor = descriptor;
    }

    /**
     * Attaches a TRACING program to the function that it was loaded for: fentry or fexit. Since kernel: 5.5.
     *
     * @param program the program
     * @return the link
     * @throws AttachException if the kernel refuses, such as EBUSY
     * @throws UnsupportedException if this architecture has no trampolines
     */
    public static BpfLink tracing(BpfProgram program) {
        return tracing(SystemCalls.linux(), program);
    }

    static BpfLink tracing(SystemCalls calls, BpfProgram program) {
        String operation = "attach " + program.spec().expectedAttachType();
        return own(
                calls,
                LinkCalls.rawTracepoint(calls, program.fd(), ""),
                operation,
                program.spec().name());
    }

    /**
     * Attaches a RAW_TRACEPOINT program. Since kernel: 4.17.
     *
     * @param program the program
     * @param tracepoint such as {@code sched_switch}
     * @return the link
     * @throws AttachException ENOENT if there is no such tracepoint
     */
    public static BpfLink rawTracepoint(BpfProgram program, String tracepoint) {
        SystemCalls calls = SystemCalls.linux();
        long fd = LinkCalls.rawTracepoint(calls, program.fd(), tracepoint);
        return own(calls, fd, "attach raw tracepoint", tracepoint);
    }

    /**
     * Attaches a KPROBE program loaded for kprobe.multi or session to many functions at once. Since kernel: 5.18.
     *
     * @param program its expected attach type says which of the two
     * @param isReturn on the returns; false for a session, which has both
     * @param addresses of the functions' entries
     * @param cookies one for each address, or empty
     * @return the link
     * @throws AttachException if the kernel refuses, such as EINVAL if one of the addresses cannot be traced
     * @throws UnsupportedException if the kernel has no kprobe.multi
     */
    public static BpfLink kprobeMulti(BpfProgram program, boolean isReturn, long[] addresses, long[] cookies) {
        return kprobeMulti(SystemCalls.linux(), program, isReturn, addresses, cookies);
    }

    static BpfLink kprobeMulti(
            SystemCalls calls, BpfProgram program, boolean isReturn, long[] addresses, long[] cookies) {
        int type = program.spec().expectedAttachType().id();
        long fd = LinkCalls.kprobeMulti(calls, program.fd(), type, isReturn, addresses, cookies);
        if (fd < 0 && fd != -Errno.EPERM && fd != -Errno.EACCES) {
            throw MultiRefusal.of((int) -fd, addresses);
        }
        return own(calls, fd, "attach kprobe.multi to", functions(addresses));
    }

    static String functions(long[] addresses) {
        return addresses.length == 1 ? "0x%x".formatted(addresses[0]) : "%d functions".formatted(addresses.length);
    }

    private static BpfLink own(SystemCalls calls, long fd, String operation, String object) {
        if (fd >= 0) {
            return new BpfLink(calls, new Descriptor(calls, fd, "link " + object));
        }
        int errno = (int) -fd;
        if (errno == Errno.EPERM || errno == Errno.EACCES) {
            throw PrivilegeFiles.read(calls).refusal(Right.BPF, operation, object, errno);
        }
        Failure failure = Failure.of(operation, object, errno);
        if (errno == Errno.ENOTSUPP || errno == Errno.EOPNOTSUPP) {
            throw new UnsupportedException(failure);
        }
        throw new AttachException(failure);
    }

    /**
     * How many hits of a kprobe.multi link the kernel dropped. Since kernel: 6.7.
     *
     * @return the number; -1 if this kernel, or this kind of link, does not tell
     */
    public long missed() {
        try (Scratch scratch = new Scratch()) {
            Struct info = scratch.struct(Link.SIZE);
            long filled = LinkCalls.info(calls, descriptor, info);
            boolean told =
                    filled >= Link.MULTI_MISSED + Long.BYTES && info.u32(Link.TYPE) == Link.BPF_LINK_TYPE_KPROBE_MULTI;
            return told ? info.u64(Link.MULTI_MISSED) : -1;
        }
    }

    /**
     * The descriptor.
     *
     * @return the descriptor
     * @throws IllegalStateException if it is closed
     */
    public int fd() {
        return descriptor.fd();
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
