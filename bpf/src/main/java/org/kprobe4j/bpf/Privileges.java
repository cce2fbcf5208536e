package org.kprobe4j.bpf;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * What this process may do, and what the system forbids, as far as probes are concerned.
 *
 * <p>Source: capabilities(7), /proc/self/status, /sys/kernel/security/lockdown, /proc/sys/kernel.
 *
 * @param effectiveCapabilities the bit set {@code CapEff}; -1 if it cannot be read
 * @param lastCapability the highest capability that the kernel knows; CAP_BPF is 39. Since kernel: 5.8
 * @param lockdown the mode of kernel lockdown: {@code none}, {@code integrity} or {@code confidentiality}; empty if the kernel
 *     has none
 * @param unprivilegedBpfDisabled {@code kernel.unprivileged_bpf_disabled}: 0, 1 or 2; -1 if the kernel has none
 * @param perfEventParanoid {@code kernel.perf_event_paranoid}; -1 also if it cannot be read
 * @param kptrRestrict {@code kernel.kptr_restrict}: 0, 1 or 2; -1 if it cannot be read
 * @param hostUserNamespace whether this is the first user namespace: in any other one capabilities do not count for probes. Source:
 *     user_namespaces(7)
 * @param seccompFilter whether a seccomp filter decides which system calls may be made. Source: seccomp(2)
 * @param memoryLockBytes the bound of what maps and programs may take, RLIMIT_MEMLOCK; -1 if there is none, as from kernel 5.11
 */
public record Privileges(
        long effectiveCapabilities,
        int lastCapability,
        String lockdown,
        int unprivilegedBpfDisabled,
        int perfEventParanoid,
        int kptrRestrict,
        boolean hostUserNamespace,
        boolean seccompFilter,
        long memoryLockBytes) {
    private static final int CAP_DAC_OVERRIDE = 1;
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_SYS_RESOURCE = 24;
    private static final int CAP_SYSLOG = 34;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;
    /** Higher levels are a distribution's own, such as Debian's 3: it refuses perf_event_open without CAP_SYS_ADMIN. */
    private static final int LAST_USUAL_PARANOID = 2;

    private static final String CAPABILITIES =
            "run as root, or give it CAP_BPF and CAP_PERFMON: AmbientCapabilities= of a systemd unit, or setpriv --ambient-caps";
    private static final String SECCOMP =
            "let the filter allow bpf(2) and perf_event_open(2): docker run --security-opt seccomp=unconfined";

    /**
     * Reads them for this process.
     *
     * @return the present state
     */
    public static Privileges current() {
        return PrivilegeFiles.read(SystemCalls.linux());
    }

    private boolean has(int capability) {
        return hostUserNamespace && (effectiveCapabilities & (1L << capability)) != 0;
    }

    /**
     * Whether programs and maps may be made: CAP_BPF or CAP_SYS_ADMIN.
     *
     * @return true if so
     */
    public boolean bpf() {
        return has(CAP_BPF) || has(CAP_SYS_ADMIN);
    }

    /**
     * Whether kernel memory may be read and probes be planted: CAP_PERFMON or CAP_SYS_ADMIN.
     *
     * @return true if so
     */
    public boolean perfmon() {
        return has(CAP_PERFMON) || has(CAP_SYS_ADMIN);
    }

    /**
     * Whether kernel addresses are shown: CAP_SYSLOG where kptr_restrict is not 2.
     *
     * @return true if so
     */
    public boolean addresses() {
        return kptrRestrict != 2 && (has(CAP_SYSLOG) || (kptrRestrict == 0 && perfEventParanoid <= 1));
    }

    /**
     * Everything that is known to stand in the way of planting a probe with a program.
     *
     * @return one phrase each, the most likely cause first; empty if nothing is in the way
     */
    public List<String> obstacles() {
        Set<String> all = new LinkedHashSet<>(obstacles(Right.BPF));
        all.addAll(obstacles(Right.PERF_EVENT));
        return List.copyOf(all);
    }

    /**
     * What is known to stand in the way of one kind of operation.
     *
     * @param right what the operation asks for
     * @return one phrase each, the most likely cause first; empty if nothing is in the way
     */
    public List<String> obstacles(Right right) {
        List<String> found = new ArrayList<>();
        switch (right) {
            case BPF -> {
                addMissing(found);
                if (!bpf() && unprivilegedBpfDisabled > 0) {
                    found.add("kernel.unprivileged_bpf_disabled is " + unprivilegedBpfDisabled);
                }
                addLockdown(found);
            }
            case PERF_EVENT -> {
                addMissing(found);
                if (!has(CAP_SYS_ADMIN) && perfEventParanoid > LAST_USUAL_PARANOID) {
                    found.add("kernel.perf_event_paranoid is " + perfEventParanoid + ", which asks for CAP_SYS_ADMIN");
                }
                addLockdown(found);
            }
            case ROOT_FILE -> {
                addNamespace(found);
                if (hostUserNamespace && !has(CAP_DAC_OVERRIDE)) {
                    found.add("the file is root's and CAP_DAC_OVERRIDE is missing");
                }
                addLockdown(found);
            }
            case ADDRESSES -> addHidden(found);
            case ADMIN -> {
                addNamespace(found);
                if (hostUserNamespace && !has(CAP_SYS_ADMIN)) {
                    found.add("CAP_SYS_ADMIN is missing");
                }
            }
        }
        return List.copyOf(found);
    }

    private void addNamespace(List<String> found) {
        if (!hostUserNamespace) {
            found.add("this process is in a user namespace of its own, where capabilities do not count for probes");
        }
    }

    /** Source: kallsyms_show_value() in kernel/ksyms_common.c. */
    private void addHidden(List<String> found) {
        if (kptrRestrict == 2) {
            found.add("kernel.kptr_restrict is 2");
        } else if (!addresses()) {
            addNamespace(found);
            if (hostUserNamespace) {
                found.add("CAP_SYSLOG is missing");
            }
        }
    }

    private void addMissing(List<String> found) {
        if (!hostUserNamespace) {
            addNamespace(found);
            return;
        }
        if (lastCapability >= 0 && lastCapability < CAP_BPF) {
            if (!has(CAP_SYS_ADMIN)) {
                found.add("CAP_SYS_ADMIN is missing");
            }
            return;
        }
        if (!bpf()) {
            found.add("CAP_BPF is missing");
        }
        if (!perfmon()) {
            found.add("CAP_PERFMON is missing");
        }
    }

    /** Integrity leaves probes alone. Source: enum lockdown_reason in include/linux/security.h. */
    private void addLockdown(List<String> found) {
        if (isLockedDown()) {
            found.add("kernel lockdown is " + lockdown);
        }
    }

    private boolean isLockedDown() {
        return lockdown.equals("confidentiality");
    }

    /**
     * A refusal, explained by what is in the way.
     *
     * @param right what the operation asks for
     * @param operation what was tried
     * @param object on what
     * @param errno EPERM or EACCES
     * @return the exception, to be thrown
     */
    public PermissionException refusal(Right right, String operation, String object, int errno) {
        List<String> obstacles = obstacles(right);
        String reason = obstacles.isEmpty() ? unexplained(right, errno) : String.join(", ", obstacles);
        Failure failure = Failure.of(operation, object, errno).because(reason);
        return new PermissionException(failure.remedy(remedy(right)), obstacles);
    }

    private String unexplained(Right right, int errno) {
        if (seccompFilter && (right == Right.BPF || right == Right.PERF_EVENT)) {
            return "no capability is missing, but a seccomp filter decides what this process may call";
        }
        if (right == Right.BPF && memoryLockBytes >= 0 && !has(CAP_SYS_RESOURCE)) {
            return "RLIMIT_MEMLOCK is %d bytes, too few for it, and CAP_SYS_RESOURCE is missing to raise it"
                    .formatted(memoryLockBytes);
        }
        return Errno.phrase(errno) + " though no capability is missing: a security module or a container";
    }

    /**
     * What to do about what is in the way of one kind of operation.
     *
     * @param right what the operation asks for
     * @return in words
     */
    public String remedy(Right right) {
        if (!hostUserNamespace) {
            return "run it in the host's user namespace, as root or with CAP_BPF and CAP_PERFMON";
        }
        if (isLockedDown() && right != Right.ADMIN) {
            return "boot with lockdown=integrity or none; it cannot be lowered while the kernel runs";
        }
        return switch (right) {
            case BPF -> bpf() && perfmon() ? remedyOfTheCapable() : CAPABILITIES;
            case PERF_EVENT ->
                bpf() && perfmon()
                        ? seccompFilter && perfEventParanoid <= LAST_USUAL_PARANOID
                                ? SECCOMP
                                : "run as root, or sysctl kernel.perf_event_paranoid=" + LAST_USUAL_PARANOID
                        : CAPABILITIES;
            case ROOT_FILE -> "run as root";
            case ADDRESSES ->
                kptrRestrict == 2
                        ? "sysctl kernel.kptr_restrict=1, and run as root or with CAP_SYSLOG"
                        : "run as root, or give it CAP_SYSLOG, too";
            case ADMIN -> "run as root, or grant CAP_SYS_ADMIN";
        };
    }

    private String remedyOfTheCapable() {
        return seccompFilter
                ? SECCOMP
                : "run as root, or raise it: LimitMEMLOCK=infinity of a systemd unit, or prlimit --memlock=unlimited";
    }
}
