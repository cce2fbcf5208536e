package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.internal.KernelSwitches.Way;

class KernelSwitchesTest {
    private static final String KPROBES =
            "vfs_read is planted but does not hit: kprobes are switched off (debugfs kprobes/enabled is 0); the kernel does not arm it "
                    + "later either: echo 1 > /sys/kernel/debug/kprobes/enabled, then register it again";
    private static final String FTRACE =
            "vfs_read is planted but does not hit: the function tracer, which reaches it, is switched off; sysctl kernel.ftrace_enabled=1";

    @Test
    void whatKeepsAProbeFromHittingIsSaidWhenItIsPlanted() {
        assertThat(KernelSwitches.warning("vfs_read", Way.INSTRUCTION, false, false))
                .isEmpty();
        assertThat(KernelSwitches.warning("vfs_read", Way.INSTRUCTION, true, false))
                .contains(KPROBES);
        assertThat(KernelSwitches.warning("vfs_read", Way.FTRACE, true, true)).contains(KPROBES);
        assertThat(KernelSwitches.warning("vfs_read", Way.FTRACE, false, true)).contains(FTRACE);
        assertThat(KernelSwitches.warning("vfs_read", Way.INSTRUCTION, false, true))
                .isEmpty();
        assertThat(KernelSwitches.warning("vfs_read", Way.LINK, true, false)).isEmpty();
        assertThat(KernelSwitches.warning("vfs_read", Way.LINK, true, true)).contains(FTRACE);
    }

    @Test
    void whyAProbeWasNotHitIsSaidAtTheEnd() {
        assertThat(KernelSwitches.remark(Way.FTRACE, true, true, false))
                .contains("kprobes are switched off: debugfs kprobes/enabled is 0");
        assertThat(KernelSwitches.remark(Way.FTRACE, true, false, false))
                .contains(
                        "kprobes were switched off when it was planted, so the kernel never armed it: register it again");
        assertThat(KernelSwitches.remark(Way.FTRACE, false, false, true))
                .contains("the function tracer is switched off: kernel.ftrace_enabled is 0");
        assertThat(KernelSwitches.remark(Way.INSTRUCTION, false, false, true)).isEmpty();
        assertThat(KernelSwitches.remark(Way.LINK, true, true, false)).isEmpty();
    }
}
