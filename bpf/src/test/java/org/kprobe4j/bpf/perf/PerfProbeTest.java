package org.kprobe4j.bpf.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.FakeObjects;
import org.kprobe4j.bpf.OpenDescriptors;
import org.kprobe4j.bpf.PermissionException;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PerfEventAttr;

class PerfProbeTest {
    private static final String PMU = "/sys/bus/event_source/devices/kprobe/";

    private final FakeKernel kernel = new FakeKernel();

    @BeforeEach
    void pmu() {
        kernel.file(PMU + "type", "8\n").file(PMU + "format/retprobe", "config:3\n");
    }

    private ByteBuffer attr() {
        return ByteBuffer.wrap(kernel.lastPerfAttr).order(ByteOrder.nativeOrder());
    }

    private BpfProgram program() {
        return FakeObjects.program(
                kernel,
                ProgramSpec.builder(ProgramType.KPROBE, "handler", new byte[8]).build());
    }

    @Test
    void attributesAreThePmus() {
        PerfProbe.openKprobe(kernel, "vfs_read", 0x10, true).close();
        assertThat(attr().getInt(PerfEventAttr.TYPE)).isEqualTo(8);
        assertThat(attr().getLong(PerfEventAttr.CONFIG)).isEqualTo(8);
        assertThat(attr().getLong(PerfEventAttr.KPROBE_FUNC)).isNotZero();
        assertThat(attr().getLong(PerfEventAttr.KPROBE_ADDR)).isEqualTo(0x10);
        PerfProbe.openKprobe(kernel, null, 0xffffffff81000000L, false).close();
        assertThat(attr().getLong(PerfEventAttr.CONFIG)).isZero();
        assertThat(attr().getLong(PerfEventAttr.KPROBE_FUNC)).isZero();
        assertThat(attr().getLong(PerfEventAttr.KPROBE_ADDR)).isEqualTo(0xffffffff81000000L);
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void eachErrnoHasItsReason() {
        refused("vfs_raed", 0, Errno.ENOENT, "attach kprobe vfs_raed: no such symbol (ENOENT)");
        refused("vfs_read", 3, Errno.EILSEQ, "attach kprobe vfs_read+0x3: not an instruction boundary (EILSEQ)");
        refused("dup", 0, Errno.EADDRNOTAVAIL, "attach kprobe dup: the symbol's name is not unique (EADDRNOTAVAIL)");
        refused("", 0, Errno.EINVAL, "attach kprobe \"\": the symbol is empty (EINVAL)");
        refused(
                "a".repeat(600),
                0,
                Errno.E2BIG,
                "attach kprobe " + "a".repeat(128) + "...: the symbol is longer than the kernel takes (E2BIG)");
        refused(
                "vfs_read",
                0,
                Errno.ENOMEM,
                "attach kprobe vfs_read: the kernel has no memory for a probe there (ENOMEM)");
        refused(
                "vfs_read",
                0,
                Errno.EMFILE,
                "attach kprobe vfs_read: too many open files (EMFILE); raise the limit: ulimit -n, or LimitNOFILE= of a"
                        + " systemd unit");
        refused(
                "vfs_read",
                0,
                Errno.ENFILE,
                "attach kprobe vfs_read: too many open files in system (ENFILE); raise the limit: sysctl fs.file-max");
        refused(
                "vfs_read",
                4,
                Errno.EOPNOTSUPP,
                "attach kprobe vfs_read+0x4: the kernel cannot single-step this instruction (EOPNOTSUPP)");
        refused("vfs_read", 0, Errno.EBUSY, "attach kprobe vfs_read: device or resource busy (EBUSY)");
        refused(
                null,
                0x1000,
                Errno.EINVAL,
                "attach kprobe 0x1000: blacklisted, notrace, patched at run time, or not kernel text (EINVAL)");
    }

    private void refused(@Nullable String symbol, long offset, int errno, String message) {
        kernel.onPerfEventOpen = () -> -errno;
        assertThatThrownBy(() -> PerfProbe.openKprobe(kernel, symbol, offset, false))
                .isInstanceOf(AttachException.class)
                .hasMessage(message)
                .extracting("errno")
                .isEqualTo(errno);
    }

    @Test
    void missingRightsAreNamed() {
        kernel.file("/proc/self/status", "CapEff:\t0000008000000000\n")
                .file("/proc/sys/kernel/perf_event_paranoid", "2\n");
        kernel.onPerfEventOpen = () -> -Errno.EACCES;
        assertThatThrownBy(() -> PerfProbe.openKprobe(kernel, "vfs_read", 0, false))
                .isInstanceOf(PermissionException.class)
                .hasMessage("attach kprobe vfs_read: CAP_PERFMON is missing (EACCES);"
                        + " run as root, or give it CAP_BPF and CAP_PERFMON: AmbientCapabilities= of a systemd unit,"
                        + " or setpriv --ambient-caps");
        kernel.file("/proc/self/status", "CapEff:\t000000c000000000\n")
                .file("/proc/sys/kernel/perf_event_paranoid", "3\n");
        assertThatThrownBy(() -> PerfProbe.openKprobe(kernel, "vfs_read", 0, false))
                .hasMessage(
                        "attach kprobe vfs_read: kernel.perf_event_paranoid is 3, which asks for CAP_SYS_ADMIN (EACCES);"
                                + " run as root, or sysctl kernel.perf_event_paranoid=2");
    }

    @Test
    void kernelWithoutThePmuIsUnsupported() {
        kernel.files.clear();
        assertThatThrownBy(() -> PerfProbe.openKprobe(kernel, "vfs_read", 0, false))
                .isInstanceOf(UnsupportedException.class)
                .hasMessage("attach kprobe vfs_read: this kernel has no perf PMU \"kprobe\"; "
                        + "needs Linux 4.17 with CONFIG_KPROBE_EVENTS; older: a tracefs event");
    }

    @Test
    void oldKernelIsAttachedByIoctl() {
        try (BpfProgram program = program();
                PerfProbe probe = PerfProbe.openKprobe(kernel, "vfs_read", 0, false)) {
            kernel.onBpf = (command, attr) -> -Errno.EINVAL;
            probe.attach(program);
            assertThat(kernel.writes).containsExactly("ioctl 0x40042408");
            assertThat(probe.missed()).isEqualTo(-1);
            assertThatThrownBy(() -> probe.attach(program, 7)).hasMessageContaining("cookie");
        }
        assertThat(kernel.openNow()).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void locationIsTheMovedAddressFromTheList() {
        kernel.file("/sys/kernel/debug/kprobes/list", """
                ffffffff81000210  k  kernel_clone+0x10    [FTRACE]
                ffffffff81000204  r  kernel_clone+0x4    [FTRACE]
                ffffffff81000204  k  kernel_clone+0x4    [FTRACE]
                """);
        try (PerfProbe probe = PerfProbe.openKprobe(kernel, "kernel_clone", 0, false)) {
            assertThat(probe.location()).isEqualTo(new ProbeLocation(0xffffffff81000204L, "kernel_clone", 4, true));
            assertThat(probe.location()).hasToString("kernel_clone+0x4 (0xffffffff81000204)");
        }
    }

    @Test
    void toldAddressWinsOverTheList() {
        kernel.file(
                "/sys/kernel/debug/kprobes/list",
                "ffffffff81000204  k  kernel_clone+0x4\nffffffff81000208  k  kernel_clone+0x8\n");
        try (BpfProgram program = program();
                PerfProbe probe = PerfProbe.openKprobe(kernel, "kernel_clone", 8, false)) {
            kernel.onBpf = (command, attr) -> {
                if (command == Linux.BPF_TASK_FD_QUERY) {
                    attr.u64(BpfAttr.TaskFdQuery.PROBE_ADDR, 0xffffffff81000208L);
                    return 0;
                }
                return -Errno.EINVAL;
            };
            probe.attach(program);
            assertThat(probe.addr()).isEqualTo(0xffffffff81000208L);
            assertThat(probe.offset()).isEqualTo(8);
        }
    }

    @Test
    void withoutDebugfsKallsymsIsTheFallback() {
        kernel.file("/proc/kallsyms", "ffffffff81000200 T kernel_clone\n");
        try (PerfProbe probe = PerfProbe.openKprobe(kernel, "kernel_clone", 4, false)) {
            assertThat(probe.location()).isEqualTo(new ProbeLocation(0xffffffff81000204L, "kernel_clone", 4, false));
        }
    }

    @Test
    void aliasIsFoundByItsAddress() {
        kernel.file("/proc/kallsyms", "ffffffff81000200 T __x64_sys_getuid\nffffffff81000200 t __do_sys_getuid\n")
                .file("/sys/kernel/debug/kprobes/list", "ffffffff81000204  k  __do_sys_getuid+0x4    [FTRACE]\n");
        try (PerfProbe probe = PerfProbe.openKprobe(kernel, "__x64_sys_getuid", 0, false)) {
            assertThat(probe.location()).isEqualTo(new ProbeLocation(0xffffffff81000204L, "__do_sys_getuid", 4, true));
        }
    }

    @Test
    void toldAddressIsNamedByKallsymsWithoutTheList() {
        kernel.openErrors.put("/sys/kernel/debug/kprobes/list", Errno.EACCES);
        kernel.file("/proc/kallsyms", "ffffffff81000200 T kernel_clone\n");
        try (BpfProgram program = program();
                PerfProbe probe = PerfProbe.openKprobe(kernel, "kernel_clone", 0, false)) {
            kernel.onBpf = (command, attr) -> {
                if (command == Linux.BPF_TASK_FD_QUERY) {
                    attr.u64(BpfAttr.TaskFdQuery.PROBE_ADDR, 0xffffffff81000204L);
                    return 0;
                }
                return -Errno.EINVAL;
            };
            probe.attach(program);
            assertThat(probe.location()).isEqualTo(new ProbeLocation(0xffffffff81000204L, "kernel_clone", 4, true));
        }
    }
}
