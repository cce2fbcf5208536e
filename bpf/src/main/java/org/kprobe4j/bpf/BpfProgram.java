package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.ObjectInfo;
import org.kprobe4j.bpf.internal.BpfInfo.Prog;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * A program that the verifier has accepted. Owns its descriptor; what it is attached to keeps it alive in the kernel.
 *
 * <p>Thread-safe. Since kernel: 3.19. Source: kernel/bpf/syscall.c, bpf(2).
 */
public final class BpfProgram implements AutoCloseable {
    private final SystemCalls calls;
    private final Descriptor descriptor;
    private final ProgramSpec spec;
    private final String log;

    private BpfProgram(SystemCalls calls, Descriptor descriptor, ProgramSpec spec, String log) {
        this.calls = calls;
        this.descriptor = descriptor;
        this.spec = spec;
        this.log = log;
    }

    /**
     * Has a program verified and loaded.
     *
     * @param spec what it is to be
     * @return the program
     * @throws LoadException if the verifier refuses it, with the whole log
     * @throws PermissionException if the process lacks the right
     */
    public static BpfProgram load(ProgramSpec spec) {
        return load(SystemCalls.linux(), spec);
    }

    static BpfProgram load(SystemCalls calls, ProgramSpec spec) {
        ProgramLoad.Loaded loaded = ProgramLoad.load(calls, spec);
        Descriptor descriptor = new Descriptor(calls, loaded.fd(), "program " + spec.name());
        return new BpfProgram(calls, descriptor, spec, loaded.log());
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

    /**
     * What it was loaded from.
     *
     * @return the spec
     */
    public ProgramSpec spec() {
        return spec;
    }

    /**
     * The verifier's log, if the spec asked for one.
     *
     * @return the log, or an empty string
     */
    public String log() {
        return log;
    }

    /**
     * What the kernel knows about it now. Since kernel: 4.13.
     *
     * @return its numbers
     * @throws SystemCallException if the kernel refuses
     */
    public ProgramInfo info() {
        try (Scratch scratch = new Scratch()) {
            Struct info = scratch.struct(Prog.SIZE);
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(ObjectInfo.INFO_LEN, Prog.SIZE)
                    .u64(ObjectInfo.INFO, info.address());
            long result =
                    descriptor.use(fd -> calls.bpf(Linux.BPF_OBJ_GET_INFO_BY_FD, attr.u32(ObjectInfo.BPF_FD, fd)));
            if (result < 0) {
                throw new SystemCallException(Failure.of("info of program", spec.name(), (int) -result));
            }
            return ProgramInfo.of(info, attr.u32(ObjectInfo.INFO_LEN));
        }
    }

    /**
     * Runs it once on a packet. For SOCKET_FILTER at least 14 bytes, an Ethernet header. Since kernel: 4.12.
     *
     * @param data the packet
     * @return what it returned
     * @throws UnsupportedException if the kernel cannot run this type of program
     * @throws SystemCallException if it refuses the packet
     */
    public TestRun testRun(byte[] data) {
        return TestRun.run(calls, descriptor, data, new byte[0]);
    }

    /**
     * Runs it once on a context. For RAW_TRACEPOINT up to 12 64-bit arguments (since kernel: 5.10), for SYSCALL any (5.14).
     *
     * @param context the context, may be empty
     * @return what it returned
     * @throws UnsupportedException if the kernel cannot run this type of program
     * @throws SystemCallException if it refuses the context
     */
    public TestRun testRunContext(byte[] context) {
        return TestRun.run(calls, descriptor, new byte[0], context);
    }

    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return spec.type() + " program " + spec.name();
    }
}
