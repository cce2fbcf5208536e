package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * What a program gave when user space ran it.
 *
 * <p>Source: net/bpf/test_run.c, BPF_PROG_TEST_RUN.
 *
 * @param returnValue the program's return value, 32 bits
 * @param nanos how long it took; 0 if the kernel does not measure this type
 */
public record TestRun(int returnValue, int nanos) {
    private static final int ENOTSUPP = Errno.ENOTSUPP;

    static TestRun run(SystemCalls calls, Descriptor program, byte[] data, byte[] context) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE);
            if (data.length > 0) {
                attr.u64(BpfAttr.TestRun.DATA_IN, scratch.copy(data).address())
                        .u32(BpfAttr.TestRun.DATA_SIZE_IN, data.length);
            }
            if (context.length > 0) {
                attr.u64(BpfAttr.TestRun.CTX_IN, scratch.copy(context).address())
                        .u32(BpfAttr.TestRun.CTX_SIZE_IN, context.length);
            }
            long result = program.use(fd -> calls.bpf(Linux.BPF_PROG_TEST_RUN, attr.u32(BpfAttr.TestRun.PROG_FD, fd)));
            if (result < 0) {
                throw refused(program.toString(), (int) -result);
            }
            return new TestRun(attr.u32(BpfAttr.TestRun.RETVAL), attr.u32(BpfAttr.TestRun.DURATION));
        }
    }

    private static BpfException refused(String program, int errno) {
        Failure failure = Failure.of("test run of", program, errno);
        return errno == ENOTSUPP || errno == Errno.EOPNOTSUPP
                ? new UnsupportedException(failure.because("this kernel cannot run this type of program by itself"))
                : new SystemCallException(failure);
    }
}
