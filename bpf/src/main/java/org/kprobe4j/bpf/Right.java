package org.kprobe4j.bpf;

/** What an operation asks a process for. */
public enum Right {
    /** Maps, programs and links: CAP_BPF, for probes also CAP_PERFMON; before kernel 5.8 CAP_SYS_ADMIN. */
    BPF,
    /** Probes as perf events: CAP_PERFMON; before kernel 5.8, and where perf_event_paranoid is above 2, CAP_SYS_ADMIN. */
    PERF_EVENT,
    /** Files of root: tracefs, debugfs, /dev/kmsg. */
    ROOT_FILE,
    /** Addresses in /proc/kallsyms, /proc/modules and debugfs: CAP_SYSLOG where kptr_restrict is not 2. */
    ADDRESSES,
    /** What only CAP_SYS_ADMIN may. */
    ADMIN
}
