// Shows the signals that processes send with kill, tkill and tgkill, and what came of them. After BCC's killsnoop.
//
//   ./kprobe run examples/KillSnoop.java [pid=SENDER] [comm=SENDER] [signal=9] [failed=true] [--duration 10s] [-- COMMAND…]

import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

enum Signal {
    NONE, SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,
    SIGSTKFLT, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR,
    SIGSYS;

    static String name(int number) {
        return number >= 0 && number < values().length ? values()[number].name() : Integer.toString(number);
    }
}

// int kill_something_info(int sig, struct kernel_siginfo *info, pid_t pid): kill
// int do_send_specific(pid_t tgid, pid_t pid, int sig, struct kernel_siginfo *info): tkill, tgkill
interface SendArguments extends FunctionArguments {
    int sig();
    int pid();
}

record Sent(int pid, String comm, int signal, int target, int result) {}

void main(String[] args) {
    var params = Args.of(args, "pid", "comm", "signal", "failed");
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");
    var signal = params.getInt("signal", -1);
    var failed = params.getBoolean("failed", false);

    var table = Table.live("TIME:8", "PID:7", "COMM:16", "SIGNAL:9", "TARGET:7", "RESULT");
    try (var events = RingBuffer.of(Sent.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.pid(), e.comm(), Signal.name(e.signal()), e.target(),
                KernelErrno.describe(e.result())));
        ReturnHandler<Void> sent = (ri, regs) -> {
            var call = ri.args(SendArguments.class);
            int result = (int) regs.returnValue();
            if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm))
                    && (signal < 0 || call.sig() == signal) && (!failed || result != 0)) {
                events.emit(new Sent(Kernel.pid(), Kernel.comm(), call.sig(), call.pid(), result));
            }
            return 0;
        };
        try (var kill = Kretprobe.at("kill_something_info").handler(sent).register();
                var tkill = Kretprobe.at("do_send_specific").handler(sent).register()) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/KillSnoop.java -- bash -c 'sleep 100 & kill -STOP $!; kill -CONT $!; kill $!; wait; kill -9 4194304'
// bash: line 1: kill: (4194304) - No such process
// TIME         PID COMM             SIGNAL     TARGET RESULT
// 12:39:43     212 bash             SIGSTOP       214 0
// 12:39:43     212 bash             SIGCONT       214 0
// 12:39:43     212 bash             SIGTERM       214 0
// 12:39:43     212 bash             SIGKILL   4194304 ESRCH
// kprobe: do_send_specific: 0 hits = 0 delivered
// kprobe: kill_something_info: 4 hits = 4 delivered
