package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.PrivilegeFiles;

class PrivilegesTest {
    private static final String BPF_AND_PERFMON = "CapEff:\t000000c000000000\n";

    private final FakeKernel kernel = new FakeKernel()
            .file("/proc/self/status", "Name:\tjava\nCapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n")
            .file("/proc/sys/kernel/cap_last_cap", "40\n")
            .file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
            .file("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
            .file("/proc/sys/kernel/perf_event_paranoid", "3\n")
            .file("/proc/sys/kernel/kptr_restrict", "1\n");

    private Privileges privileges() {
        return PrivilegeFiles.read(kernel);
    }

    @Test
    void filesAreRead() {
        assertThat(privileges()).isEqualTo(new Privileges(0, 40, "none", 2, 3, 1));
        assertThat(PrivilegeFiles.read(new FakeKernel())).isEqualTo(new Privileges(-1, -1, "", -1, -1, -1));
    }

    @Test
    void obstaclesDependOnWhatIsAskedFor() {
        assertThat(privileges().obstacles(Right.BPF))
                .containsExactly(
                        "CAP_BPF is missing", "CAP_PERFMON is missing", "kernel.unprivileged_bpf_disabled is 2");
        assertThat(privileges().obstacles(Right.ROOT_FILE))
                .containsExactly("the file is root's and CAP_DAC_OVERRIDE is missing");
        assertThat(privileges().obstacles(Right.ADMIN)).containsExactly("CAP_SYS_ADMIN is missing");
        assertThat(privileges().obstacles())
                .hasSize(4)
                .endsWith("kernel.perf_event_paranoid is 3, which asks for CAP_SYS_ADMIN");
        assertThat(privileges().addresses()).isFalse();
    }

    @Test
    void oldKernelKnowsOnlyTheAdministrator() {
        kernel.file("/proc/sys/kernel/cap_last_cap", "37\n");
        assertThat(privileges().obstacles(Right.PERF_EVENT)).startsWith("CAP_SYS_ADMIN is missing");
        assertThat(privileges().obstacles(Right.BPF)).doesNotContain("CAP_BPF is missing");
    }

    @Test
    void memoryLimitIsNamedWhenOnlyItCanBeTheCause() {
        kernel.file("/proc/self/status", BPF_AND_PERFMON);
        assertThat(privileges().refusal(Right.BPF, "create RINGBUF map", "events", Errno.EPERM))
                .hasMessage(
                        "create RINGBUF map events: RLIMIT_MEMLOCK is too small for it, and CAP_SYS_RESOURCE is missing "
                                + "to raise the limit (EPERM); run as root, or ulimit -l unlimited");
    }

    @Test
    void rootHasNoObstacles() {
        kernel.file("/proc/self/status", "CapEff:\t000001ffffffffff\n");
        assertThat(privileges().obstacles()).isEmpty();
        assertThat(privileges().addresses()).isTrue();
        kernel.file("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
        assertThat(privileges().refusal(Right.PERF_EVENT, "attach kprobe", "vfs_read", Errno.EPERM))
                .hasMessageStartingWith("attach kprobe vfs_read: kernel lockdown is confidentiality (EPERM)");
    }
}
