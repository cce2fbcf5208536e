package org.kprobe4j.bpf.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.FakeKernel;

class KprobesListTest {
    private final FakeKernel kernel = new FakeKernel();

    @Test
    void linesAreReadWithModuleAndFlags() {
        kernel.file("/sys/kernel/debug/kprobes/list", """
                ffffffff8108b6e4  k  kernel_clone+0x4    [DISABLED][FTRACE]
                ffffffffc0001000  r  mod_function+0x0  some_module [GONE]
                (null)  k  vfs_read+0x10  [OPTIMIZED]
                """);
        assertThat(KprobesList.read(kernel))
                .containsExactly(
                        new PlantedProbe(0xffffffff8108b6e4L, false, "kernel_clone", 4, null, false, true, false, true),
                        new PlantedProbe(
                                0xffffffffc0001000L, true, "mod_function", 0, "some_module", true, false, false, false),
                        new PlantedProbe(0, false, "vfs_read", 16, null, false, false, true, false));
        assertThat(KprobesList.read(kernel).getFirst())
                .hasToString("0xffffffff8108b6e4 k kernel_clone+0x4 [DISABLED] [FTRACE]");
    }

    @Test
    void switchAndBlacklistAreRead() {
        kernel.file("/sys/kernel/debug/kprobes/enabled", "0\n")
                .file(
                        "/sys/kernel/debug/kprobes/blacklist",
                        "0xffffffff81001000-0xffffffff81001040\tnotify_die\n0xffffffff82-0xffffffff83\tother+0x10\n");
        assertThat(KprobesList.enabled(kernel)).isFalse();
        assertThat(KprobesList.ftraceEnabled(kernel)).isTrue();
        kernel.file("/proc/sys/kernel/ftrace_enabled", "0\n");
        assertThat(KprobesList.ftraceEnabled(kernel)).isFalse();
        assertThat(KprobesList.forbidden(kernel, "notify_die", 0))
                .isEqualTo(new ForbiddenRange(0xffffffff81001000L, 0xffffffff81001040L, "notify_die"));
        assertThat(KprobesList.forbidden(kernel, null, 0xffffffff8100103fL)).isNotNull();
        assertThat(KprobesList.forbidden(kernel, null, 0xffffffff81001040L)).isNull();
        assertThat(KprobesList.forbidden(kernel, "vfs_read", 0)).isNull();
    }

    @Test
    void whatIsMissingIsSaid() {
        assertThatThrownBy(() -> KprobesList.read(kernel))
                .isInstanceOf(UnsupportedException.class)
                .hasMessage("read /sys/kernel/debug/kprobes/list: debugfs is not mounted (ENOENT); "
                        + "mount -t debugfs debugfs /sys/kernel/debug");
        kernel.file("/sys/kernel/debug/clear_warn_once", "");
        assertThatThrownBy(() -> KprobesList.read(kernel))
                .hasMessage(
                        "read /sys/kernel/debug/kprobes/list: this kernel has no kprobes (CONFIG_KPROBES) (ENOENT)");
    }
}
