// Shows files as they are opened: by whom, which descriptor that gave, or which error. After BCC's opensnoop.
//
//   ./kprobe run examples/OpenSnoop.java [pid=PID] [comm=NAME] [failed=true] [--duration 10s] [-- COMMAND…]

import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

// long do_sys_openat2(int dfd, const char __user *filename, struct open_how *how): open, creat, openat, openat2
interface OpenAt2 extends FunctionArguments {
    long filename();
}

record Opened(int pid, String comm, int result, @MaxBytes(256) String path) {}

void main(String[] args) {
    var params = Args.of(args, "pid", "comm", "failed");
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");
    var failed = params.getBoolean("failed", false);

    var table = Table.live("TIME:8", "PID:7", "COMM:16", "RESULT:8", "PATH");
    try (var events = RingBuffer.of(Opened.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.pid(), e.comm(), KernelErrno.describe(e.result()), e.path()));
        // at the return the name has been read, so its page is there
        var rp = Kretprobe.at("do_sys_openat2")
                .handler((ri, regs) -> {
                    int result = (int) regs.returnValue();
                    if (failed && result >= 0 || pid != 0 && Kernel.pid() != pid || !comm.isEmpty() && !Kernel.comm().equals(comm)) {
                        return 0;
                    }
                    var path = Kernel.userStringOrEmpty(ri.args(OpenAt2.class).filename());
                    events.emit(new Opened(Kernel.pid(), Kernel.comm(), result, path));
                    return 0;
                })
                .register();
        try (rp) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/OpenSnoop.java comm=cat -- env LC_ALL=C cat /etc/hostname /etc/nothing
// vm
// cat: /etc/nothing: No such file or directory
// TIME         PID COMM             RESULT   PATH
// 12:39:51     204 cat              3        /etc/ld.so.cache
// 12:39:51     204 cat              3        /lib/x86_64-linux-gnu/libc.so.6
// 12:39:51     204 cat              3        /etc/hostname
// 12:39:51     204 cat              ENOENT   /etc/nothing
// kprobe: do_sys_openat2: 40 hits = 40 delivered
