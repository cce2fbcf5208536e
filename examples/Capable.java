// Shows the kernel's checks of capabilities: who was asked for which, and whether the task had it. After BCC's capable.
//
//   ./kprobe run examples/Capable.java [pid=PID] [comm=NAME] [failed=true] [verbose=true] [--duration 10s] [-- COMMAND…]
//
// Checks that the audit log never sees, which the kernel makes by the way, are shown with verbose=true only.

import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

enum Capability {
    CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP,
    CAP_LINUX_IMMUTABLE, CAP_NET_BIND_SERVICE, CAP_NET_BROADCAST, CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK, CAP_IPC_OWNER,
    CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_PACCT, CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_NICE,
    CAP_SYS_RESOURCE, CAP_SYS_TIME, CAP_SYS_TTY_CONFIG, CAP_MKNOD, CAP_LEASE, CAP_AUDIT_WRITE, CAP_AUDIT_CONTROL, CAP_SETFCAP,
    CAP_MAC_OVERRIDE, CAP_MAC_ADMIN, CAP_SYSLOG, CAP_WAKE_ALARM, CAP_BLOCK_SUSPEND, CAP_AUDIT_READ, CAP_PERFMON, CAP_BPF,
    CAP_CHECKPOINT_RESTORE;

    static String name(int number) {
        return number < values().length ? values()[number].name() : "CAP_" + number;
    }
}

static final int CAP_OPT_NOAUDIT = 1 << 1; // include/linux/security.h

// int cap_capable(const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts)
interface CapCapable extends FunctionArguments {
    int cap();
    int opts();
}

record Check(int uid, int pid, String comm, int cap, boolean audit, int result) {}

void main(String[] args) {
    var params = Args.of(args, "pid", "comm", "failed", "verbose");
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");
    var failed = params.getBoolean("failed", false);
    var verbose = params.getBoolean("verbose", false);

    var table = Table.live("TIME:8", "UID:6", "PID:7", "COMM:16", "CAP", "NAME:20", "AUDIT", "RESULT");
    try (var events = RingBuffer.of(Check.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.uid(), e.pid(), e.comm(), e.cap(), Capability.name(e.cap()), e.audit() ? "yes" : "no",
                KernelErrno.describe(e.result())));
        var rp = Kretprobe.at("cap_capable")
                .handler((ri, regs) -> {
                    var asked = ri.args(CapCapable.class);
                    var audit = (asked.opts() & CAP_OPT_NOAUDIT) == 0;
                    int result = (int) regs.returnValue();
                    if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm)) && (verbose || audit)
                            && (!failed || result != 0)) {
                        events.emit(new Check(Kernel.uid(), Kernel.pid(), Kernel.comm(), asked.cap(), audit, result));
                    }
                    return 0;
                })
                .register();
        try (rp) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/Capable.java failed=true comm=perl -- perl -e 'use POSIX (); POSIX::setuid(65534); chroot "/"; setpriority 0, 0, -5'
// TIME        UID     PID COMM             CAP NAME                 AUDIT RESULT
// 12:38:59  65534     206 perl              18 CAP_SYS_CHROOT       yes   EPERM
// 12:38:59  65534     206 perl              23 CAP_SYS_NICE         yes   EPERM
// kprobe: cap_capable: 29 hits = 29 delivered
