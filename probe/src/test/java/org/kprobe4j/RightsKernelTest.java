package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.kprobe4j.LimitedRun.mounted;
import static org.kprobe4j.LimitedRun.unbounded;
import static org.kprobe4j.LimitedRun.user;
import static org.kprobe4j.LimitedRun.userWith;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.internal.Machine;

/** What works with CAP_BPF and CAP_PERFMON alone, what falls away, and what each missing right is called. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class RightsKernelTest {
    private static final String PARANOID = "kernel/perf_event_paranoid";
    private static final String KPTR = "kernel/kptr_restrict";
    private static final String CAPABILITIES = "; run as root, or give it CAP_BPF and CAP_PERFMON:"
            + " AmbientCapabilities= of a systemd unit, or setpriv --ambient-caps";
    private static final String HIDDEN = "kprobe: kernel addresses are hidden (%s): addr() is 0, the frames of kernel"
            + " stacks have no names, and a target is one function by its name; %s";
    private static final String WITHOUT_SYSLOG =
            HIDDEN.formatted("CAP_SYSLOG is missing", "run as root, or give it CAP_SYSLOG, too");

    private final Map<String, String> before = new HashMap<>();

    private void set(String name, int value) throws IOException {
        Path file = Path.of("/proc/sys", name);
        before.putIfAbsent(name, new String(Files.readAllBytes(file)).strip());
        Files.writeString(file, value + "\n");
    }

    /** Debian's kernels ask for CAP_SYS_ADMIN at their default of 3. */
    @BeforeEach
    void asElsewhere() throws IOException {
        set(PARANOID, 2);
        set(KPTR, 1);
    }

    @AfterEach
    void restore() throws IOException {
        for (var entry : before.entrySet()) {
            Files.writeString(Path.of("/proc/sys", entry.getKey()), entry.getValue() + "\n");
        }
    }

    @Test
    void probesMapsAndRingsWorkWithoutRootAndWithoutAddresses() throws Exception {
        var run = LimitedRun.run(
                unbounded(user()),
                "events",
                "printf",
                "stack",
                "structure",
                "return",
                "plain",
                "maxactive",
                "post",
                "probe=vfs_raed",
                "probe=init_task",
                "probe=notify_die",
                "probe=vfs_read+0x1");
        assertThat(run.err())
                .containsExactly(
                        WITHOUT_SYSLOG,
                        "kprobe: return probes do without tracefs (the file is root's and CAP_DAC_OVERRIDE is missing):"
                                + " maxactive is the kernel's default, and from Linux 6.7 on the kernel tells what they"
                                + " missed; run as root");
        List<String> out = run.out();
        int stack = out.indexOf("Call Trace:");
        int behindStack = out.indexOf("stack: 1 hits = 1 delivered");
        assertThat(out.subList(0, stack))
                .containsExactly(
                        "events: 10 events, last 9, counted 10, address hidden, in the handler the same;"
                                + " 10 hits = 10 delivered",
                        "null_lseek to 0",
                        "null_lseek to 1",
                        "printf: 2 hits = 2 delivered");
        assertThat(out.subList(stack + 1, behindStack)).isNotEmpty().allMatch(frame -> frame.matches(" 0x[0-9a-f]+"));
        long missed = KernelVersion.running().atLeast(6, 7) ? 0 : -1;
        String failed = " RegistrationException: register_kprobe failed, returned -%s";
        assertThat(out.subList(behindStack + 1, out.size() - 4))
                .containsExactly(
                        "tgid 1",
                        "structure: 1 hits = 1 delivered",
                        "entered with 0",
                        "entered with 2",
                        "return: 4 hits = 2 delivered + 2 filtered; missed " + missed,
                        "plain: 4 hits = 4 delivered; missed " + missed,
                        "maxactive RegistrationException: register_kretprobe failed: null_lseek: set maxactive=20: only"
                                + " tracefs can, and it cannot be used: the file is root's and CAP_DAC_OVERRIDE is missing"
                                + " (EACCES); run as root, or leave maxactive out",
                        "post RegistrationException: register_kprobe failed: post handler: the kernel does not show the address"
                                + " of null_lseek to this process, so its instruction cannot be read; run as root, or with"
                                + " CAP_SYSLOG and CAP_SYS_RAWIO");
        List<String> refused = out.subList(out.size() - 4, out.size());
        assertThat(refused.getFirst())
                .startsWith("probe=vfs_raed" + failed.formatted("2 (ENOENT)")
                        + ": vfs_raed: no such function; nearest: vfs_read");
        String hidden = ": %s: blacklisted, notrace, patched at run time, or not kernel text; which of these is"
                + " hidden: CAP_SYSLOG is missing; run as root, or give it CAP_SYSLOG, too";
        // From 7.2 on, the kernel's list calls data T, too: only addresses tell.
        assertThat(refused.get(1))
                .isIn(
                        "probe=init_task" + failed.formatted("22 (EINVAL)") + ": init_task: data, not a function",
                        "probe=init_task" + failed.formatted("22 (EINVAL)") + hidden.formatted("init_task"));
        assertThat(refused.get(2))
                .isEqualTo("probe=notify_die" + failed.formatted("22 (EINVAL)") + hidden.formatted("notify_die"));
        assertThat(refused.get(3))
                .startsWith("probe=vfs_read+0x1" + failed.formatted("84 (EILSEQ)")
                        + ": vfs_read+0x1: not an instruction boundary; nearest: vfs_read");
    }

    @Test
    void whatIsNotMountedIsNamed() throws Exception {
        var run = LimitedRun.run(
                mounted("umount /sys/kernel/tracing; umount -l /sys/kernel/debug;"
                        + " mkdir -p /run/nothing; mount --bind /run/nothing /sys/kernel/btf"),
                "printf",
                "structure",
                "plain",
                "maxactive",
                "probe=notify_die");
        long missed = KernelVersion.running().atLeast(6, 7) ? 0 : -1;
        assertThat(run.err())
                .containsExactly(
                        "kprobe: return probes do without tracefs (not mounted): maxactive is the kernel's default,"
                                + " and from Linux 6.7 on the kernel tells what they missed; mount -t tracefs nodev"
                                + " /sys/kernel/tracing");
        assertThat(run.out().stream().map(line -> line.replaceAll("java:\\d+", "java:N")))
                .startsWith(
                        "null_lseek to 0",
                        "null_lseek to 1",
                        "printf: 2 hits = 2 delivered",
                        "structure HandlerException: LimitedProgram.java:N: this kernel has no BTF"
                                + " (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and"
                                + " helpers still work",
                        "plain: 4 hits = 4 delivered; missed " + missed,
                        "maxactive RegistrationException: register_kretprobe failed: null_lseek: set maxactive=20: only"
                                + " tracefs can, and it cannot be used: not mounted; mount -t tracefs nodev"
                                + " /sys/kernel/tracing, or leave maxactive out");
        assertThat(run.out().getLast())
                .startsWith("probe=notify_die RegistrationException: register_kprobe failed, returned -22 (EINVAL):"
                        + " notify_die: ");
    }

    @Test
    void withSyslogAddressesAndNamesAreThere() throws Exception {
        var run = LimitedRun.run(unbounded(user("+syslog")), "events", "stack", "probe=vfs_read+0x1");
        assertThat(run.err()).isEmpty();
        assertThat(run.out().getFirst())
                .isEqualTo("events: 10 events, last 9, counted 10, address known, in the handler the same;"
                        + " 10 hits = 10 delivered");
        assertThat(run.out()).anyMatch(frame -> frame.startsWith(" null_lseek+0x"));
        assertThat(run.out().getLast())
                .startsWith("probe=vfs_read+0x1 RegistrationException: register_kprobe failed, returned -84 (EILSEQ):"
                        + " vfs_read+0x1: not an instruction boundary; nearest: vfs_read");
    }

    @Test
    void missingCapabilitiesAreNamed() throws Exception {
        String kprobe = "probe RegistrationException: register_kprobe failed: attach kprobe null_lseek: ";
        String kretprobe = "retprobe RegistrationException: register_kretprobe failed: attach kprobe null_lseek: ";
        var none = LimitedRun.run(userWith(), "probe", "map");
        assertThat(none.out())
                .containsExactly(
                        kprobe + "CAP_BPF is missing, CAP_PERFMON is missing (EACCES)" + CAPABILITIES,
                        "map UsageException: create HASH map map1: CAP_BPF is missing, CAP_PERFMON is missing,"
                                + " kernel.unprivileged_bpf_disabled is 2 (EPERM)" + CAPABILITIES);
        var bpf = LimitedRun.run(unbounded(userWith("+bpf")), "probe", "map");
        assertThat(bpf.out()).containsExactly(kprobe + "CAP_PERFMON is missing (EACCES)" + CAPABILITIES, "map: null");
        assertThat(List.of(none.err(), bpf.err())).allMatch(List::isEmpty);
    }

    @Test
    void theLevelOfADistributionIsNamed() throws Exception {
        set(PARANOID, 3);
        var run = LimitedRun.run(unbounded(user("+syslog")), "probe");
        assertThat(run.out())
                .containsExactly("probe RegistrationException: register_kprobe failed: attach kprobe null_lseek:"
                        + " kernel.perf_event_paranoid is 3, which asks for CAP_SYS_ADMIN (EACCES); run as root, or sysctl"
                        + " kernel.perf_event_paranoid=2");
    }

    @Test
    void memoryThatMayBeLockedIsMeasured() throws Exception {
        var words = new ArrayList<>(List.of("prlimit", "--memlock=65536:65536"));
        words.addAll(user("+syslog"));
        var run = LimitedRun.run(words, "events");
        assertThat(run.out())
                .containsExactly(
                        KernelVersion.running().atLeast(5, 11)
                                ? "events: 10 events, last 9, counted 10, address known, in the handler the same;"
                                        + " 10 hits = 10 delivered"
                                : "events UsageException: create RINGBUF map events1: RLIMIT_MEMLOCK is 65536 bytes, too"
                                        + " few for it, and CAP_SYS_RESOURCE is missing to raise it (EPERM); run as root,"
                                        + " or raise it: LimitMEMLOCK=infinity of a systemd unit, or prlimit"
                                        + " --memlock=unlimited");
    }

    @Test
    void addressesAreHiddenFromRootToo() throws Exception {
        set(KPTR, 2);
        var run = LimitedRun.run(List.of("env"), "events", "stack", "probe=notify_die");
        assertThat(run.err())
                .containsExactly(HIDDEN.formatted(
                        "kernel.kptr_restrict is 2",
                        "sysctl kernel.kptr_restrict=1, and run as root or with CAP_SYSLOG"));
        assertThat(run.out().getFirst()).contains("address hidden, in the handler the same; 10 hits = 10 delivered");
        assertThat(run.out().getLast())
                .endsWith("hidden: kernel.kptr_restrict is 2; sysctl kernel.kptr_restrict=1, and run as root or with"
                        + " CAP_SYSLOG");
    }

    @Test
    void aUserNamespaceGivesNothing() throws Exception {
        var run = LimitedRun.run(List.of("unshare", "-r"), "probe", "map");
        String remedy = "; run it in the host's user namespace, as root or with CAP_BPF and CAP_PERFMON";
        assertThat(run.out())
                .containsExactly(
                        "probe RegistrationException: register_kprobe failed: attach kprobe null_lseek: this process is in"
                                + " a user namespace of its own, where capabilities do not count for probes (EACCES)"
                                + remedy,
                        "map UsageException: create HASH map map1: this process is in a user namespace of its own, where"
                                + " capabilities do not count for probes, kernel.unprivileged_bpf_disabled is 2 (EPERM)"
                                + remedy);
        assertThat(run.err()).isEmpty();
    }

    @Test
    void aFilterOfSystemCallsIsRecognised() throws Exception {
        assumeTrue(Machine.architecture() == org.kprobe4j.compiler.Architecture.X86_64, "the filter is for x86-64");
        var run = LimitedRun.run(List.of("env"), "seccomp", "probe", "map");
        String filter =
                "no capability is missing, but a seccomp filter decides what this process may call (EPERM); let the"
                        + " filter allow bpf(2) and perf_event_open(2): docker run --security-opt seccomp=unconfined";
        assertThat(run.out())
                .containsExactly(
                        "seccomp: 0 0",
                        "probe RegistrationException: register_kprobe failed: attach kprobe null_lseek: " + filter,
                        "map UsageException: create HASH map map1: " + filter);
    }

    @Test
    void openFilesRunOut() throws Exception {
        var run = LimitedRun.run(List.of("prlimit", "--nofile=40:40"), "many");
        assertThat(run.out()).hasSize(1);
        assertThat(run.out().getFirst())
                .startsWith("many RegistrationException: register_kprobe failed")
                .contains("too many open files")
                .endsWith("; raise the limit: ulimit -n, or LimitNOFILE= of a systemd unit");
        assertThat(run.err()).isEmpty();
    }
}
