package org.kprobe4j.bpf.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.FakeKernel;

class InjectableFunctionsTest {
    private final FakeKernel kernel = new FakeKernel();

    @Test
    void linesAreReadWithModuleAndKind() {
        kernel.file("/sys/kernel/debug/error_injection/list", """
                should_failslab\tERRNO
                __x64_sys_openat+0x0/0xa0\tERRNO
                open_ctree [btrfs]\tERRNO
                jbd2_journal_start+0x0/0x20 [jbd2]\tERRNO_NULL
                io_ctl_init\t(?)
                """);
        assertThat(InjectableFunctions.read(kernel))
                .containsExactly(
                        new InjectableFunction("should_failslab", null, "ERRNO"),
                        new InjectableFunction("__x64_sys_openat", null, "ERRNO"),
                        new InjectableFunction("open_ctree", "btrfs", "ERRNO"),
                        new InjectableFunction("jbd2_journal_start", "jbd2", "ERRNO_NULL"),
                        new InjectableFunction("io_ctl_init", null, "(?)"));
    }

    @Test
    void whatIsMissingIsSaid() {
        assertThatThrownBy(() -> InjectableFunctions.read(kernel))
                .isInstanceOf(UnsupportedException.class)
                .hasMessage("read /sys/kernel/debug/error_injection/list: debugfs is not mounted (ENOENT); "
                        + "mount -t debugfs debugfs /sys/kernel/debug");
        kernel.file("/sys/kernel/debug/clear_warn_once", "");
        assertThatThrownBy(() -> InjectableFunctions.read(kernel))
                .hasMessage(
                        "read /sys/kernel/debug/error_injection/list: this kernel cannot inject errors (CONFIG_FUNCTION_ERROR_INJECTION) (ENOENT)");
    }
}
