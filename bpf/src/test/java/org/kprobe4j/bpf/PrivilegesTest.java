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
        assertThat(privileges()).isEqualTo(new Privileges(0, 40, "none", 2, 3, 1, true, false, -1));
        assertThat(PrivilegeFiles.read(new FakeKernel()))
                .isEqualTo(new Privileges(-1, -1, "", -1, -1, -1, true, false, -1));
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
    void memoryLimitIsNamedWhereItCounts() {
        kernel.file("/proc/self/status", BPF_AND_PERFMON)
                .file(
                        "/proc/self/limits",
                        "Max locked memory         65536                65536                bytes\n")
                .file("/proc/sys/kernel/osrelease", "5.10.0-46-cloud-amd64\n");
        assertThat(privileges().refusal(Right.BPF, "create RINGBUF map", "events", Errno.EPERM))
                .hasMessage("create RINGBUF map events: RLIMIT_MEMLOCK is 65536 bytes, too few for it, and"
                        + " CAP_SYS_RESOURCE is missing to raise it (EPERM); run as root, or raise it:"
                        + " LimitMEMLOCK=infinity of a systemd unit, or prlimit --memlock=unlimited");
        kernel.file("/proc/sys/kernel/osrelease", "5.11.0\n");
        assertThat(privileges().memoryLockBytes()).isEqualTo(-1);
        assertThat(privileges().refusal(Right.BPF, "create RINGBUF map", "events", Errno.EPERM))
                .hasMessageStartingWith("create RINGBUF map events: operation not permitted though no capability is"
                        + " missing: a security module or a container (EPERM)");
    }

    @Test
    void capabilitiesOfAUserNamespaceDoNotCount() {
        kernel.file("/proc/self/status", "CapEff:\t000001ffffffffff\n")
                .file("/proc/self/uid_map", "         0       1000          1\n");
        assertThat(privileges().refusal(Right.PERF_EVENT, "attach kprobe", "vfs_read", Errno.EACCES))
                .hasMessage("attach kprobe vfs_read: this process is in a user namespace of its own, where capabilities"
                        + " do not count for probes, kernel.perf_event_paranoid is 3, which asks for CAP_SYS_ADMIN"
                        + " (EACCES); run it in the host's user namespace, as root or with CAP_BPF and CAP_PERFMON");
        kernel.file("/proc/self/uid_map", "         0          0 4294967295\n");
        assertThat(privileges().obstacles()).isEmpty();
    }

    @Test
    void seccompFilterIsNamedWhenNothingElseIsInTheWay() {
        kernel.file("/proc/self/status", "CapEff:\t000001ffffffffff\nSeccomp:\t2\nSeccomp_filters:\t1\n");
        assertThat(privileges().refusal(Right.BPF, "create HASH map", "m", Errno.EPERM))
                .hasMessage(
                        "create HASH map m: no capability is missing, but a seccomp filter decides what this process"
                                + " may call (EPERM); let the filter allow bpf(2) and perf_event_open(2): docker run"
                                + " --security-opt seccomp=unconfined");
    }

    @Test
    void hiddenAddressesAreExplained() {
        assertThat(privileges().obstacles(Right.ADDRESSES)).containsExactly("CAP_SYSLOG is missing");
        assertThat(privileges().remedy(Right.ADDRESSES)).isEqualTo("run as root, or give it CAP_SYSLOG, too");
        kernel.file("/proc/sys/kernel/kptr_restrict", "2\n");
        assertThat(privileges().obstacles(Right.ADDRESSES)).containsExactly("kernel.kptr_restrict is 2");
        assertThat(privileges().remedy(Right.ADDRESSES))
                .isEqualTo("sysctl kernel.kptr_restrict=1, and run as root or with CAP_SYSLOG");
        kernel.file("/proc/sys/kernel/kptr_restrict", "0\n").file("/proc/sys/kernel/perf_event_paranoid", "1\n");
        assertThat(privileges().obstacles(Right.ADDRESSES)).isEmpty();
    }

    @Test
    void rootHasNoObstacles() {
        kernel.file("/proc/self/status", "CapEff:\t000001ffffffffff\n");
        assertThat(privileges().obstacles()).isEmpty();
        assertThat(privileges().addresses()).isTrue();
        kernel.file("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
        assertThat(privileges().refusal(Right.PERF_EVENT, "attach kprobe", "vfs_read", Errno.EPERM))
                .hasMessage("attach kprobe vfs_read: kernel lockdown is confidentiality (EPERM);"
                        + " boot with lockdown=integrity or none; it cannot be lowered while the kernel runs");
        kernel.file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        assertThat(privileges().obstacles()).isEmpty();
    }
}
