package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;

class MultiRefusalTest {
    private static final long[] TWO = {0xffffffff81000000L, 0xffffffff81000100L};

    private final FakeKernel kernel = new FakeKernel();

    private void refused(int errno, long[] addresses, Class<? extends BpfException> type, String message) {
        BpfProgram program = FakeObjects.program(
                kernel,
                ProgramSpec.builder(ProgramType.KPROBE, "handler", new byte[8])
                        .expectedAttachType(AttachType.TRACE_KPROBE_MULTI)
                        .build());
        kernel.onBpf = (command, attr) -> command == Linux.BPF_LINK_CREATE ? -errno : kernel.fd("bpf " + command);
        assertThatThrownBy(() -> BpfLink.kprobeMulti(kernel, program, false, addresses, new long[0]))
                .isInstanceOf(type)
                .hasMessage(message)
                .extracting("errno")
                .isEqualTo(errno);
        program.close();
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void eachErrnoHasItsReason() {
        refused(
                Errno.EOPNOTSUPP,
                TWO,
                UnsupportedException.class,
                "attach kprobe.multi to 2 functions: this kernel has no kprobe.multi (EOPNOTSUPP); needs Linux 5.18 with"
                        + " CONFIG_FPROBE; else one perf event for each function");
        refused(
                Errno.ESRCH,
                TWO,
                AttachException.class,
                "attach kprobe.multi to 2 functions: one of them is not where ftrace can trace a function (ESRCH)");
        refused(
                Errno.EINVAL,
                new long[] {0xffffffff81000000L},
                AttachException.class,
                "attach kprobe.multi to 0xffffffff81000000: not where ftrace can trace a function, or the program is not"
                        + " one for kprobe.multi (EINVAL)");
        refused(
                Errno.E2BIG,
                TWO,
                AttachException.class,
                "attach kprobe.multi to 2 functions: more than one link holds (E2BIG); make a link for each part");
        refused(
                Errno.ENOMEM,
                TWO,
                AttachException.class,
                "attach kprobe.multi to 2 functions: the kernel has no memory for so many at once (ENOMEM); make a link"
                        + " for each half");
        refused(
                Errno.EBUSY,
                TWO,
                AttachException.class,
                "attach kprobe.multi to 2 functions: ftrace is switched off, or another holds the function (EBUSY);"
                        + " sysctl kernel.ftrace_enabled=1");
        refused(
                Errno.EINTR,
                TWO,
                AttachException.class,
                "attach kprobe.multi to 2 functions: interrupted system call (EINTR)");
    }
}
