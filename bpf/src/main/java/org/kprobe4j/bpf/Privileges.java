package org.kprobe4j.bpf;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * What this process may do, and what the system forbids, as far as probes are concerned.
 *
 * <p>Source: capabilities(7), /proc/self/status, /sys/kernel/security/lockdown, /proc/sys/kernel.
 *
 * @param effectiveCapabilities the bit set {@code CapEff}; -1 if it cannot be read
 * @param lockdown the mode of kernel lockdown: {@code none}, {@code integrity} or {@code confidentiality}; empty if the kernel
 *     has none
 * @param unprivilegedBpfDisabled {@code kernel.unprivileged_bpf_disabled}: 0, 1 or 2; -1 if the kernel has none
 * @param perfEventParanoid {@code kernel.perf_event_paranoid}; -1 also if it cannot be read
 * @param kptrRestrict {@code kernel.kptr_restrict}: 0, 1 or 2; -1 if it cannot be read
 */
public record Privileges(
        long effectiveCapabilities,
        String lockdown,
        int unprivilegedBpfDisabled,
        int perfEventParanoid,
        int kptrRestrict) {
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_SYSLOG = 34;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;

    /**
     * Reads them for this process.
     *
     * @return the present state
     */
    public static Privileges current() {
        return PrivilegeFiles.read(SystemCalls.linux());
    }

    private boolean has(int capability) {
        return (effectiveCapabilities & (1L << capability)) != 0;
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
     * Everything that is known to stand in the way of planting a probe.
     *
     * @return one phrase each, the most likely cause first; empty if nothing is in the way
     */
    public List<String> obstacles() {
        List<String> found = new ArrayList<>();
        if (!bpf()) {
            found.add("CAP_BPF is missing");
        }
        if (!perfmon()) {
            found.add("CAP_PERFMON is missing");
        }
        if (!has(CAP_SYS_ADMIN) && !found.isEmpty()) {
            found.add("CAP_SYS_ADMIN is missing (kernels before 5.8 know no other)");
        }
        if (lockdown.equals("confidentiality") || lockdown.equals("integrity")) {
            found.add("kernel lockdown is " + lockdown);
        }
        if (!bpf() && unprivilegedBpfDisabled > 0) {
            found.add("kernel.unprivileged_bpf_disabled is " + unprivilegedBpfDisabled);
        }
        if (!perfmon() && perfEventParanoid > -1) {
            found.add("kernel.perf_event_paranoid is " + perfEventParanoid);
        }
        return List.copyOf(found);
    }

    /**
     * A refusal, explained by what is in the way.
     *
     * @param operation what was tried
     * @param object on what
     * @param errno EPERM or EACCES
     * @return the exception, to be thrown
     */
    public PermissionException refusal(String operation, String object, int errno) {
        List<String> obstacles = obstacles();
        String reason = obstacles.isEmpty()
                ? Errno.phrase(errno)
                        + " though no capability is missing: a security module, a container or a seccomp filter"
                : String.join(", ", obstacles);
        Failure failure = Failure.of(operation, object, errno).because(reason);
        return new PermissionException(failure.remedy("run as root, or grant CAP_BPF and CAP_PERFMON"), obstacles);
    }
}
