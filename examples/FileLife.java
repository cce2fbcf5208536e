// Shows files that live short: those that are made and deleted while it watches, with their age. After BCC's filelife.
//
//   ./kprobe run examples/FileLife.java [pid=PID] [comm=NAME] [--duration 10s] [-- COMMAND…]
//
// PID and COMM, also in the options, are of the task that deletes the file. What overlayfs deletes, as in containers, is shown twice: also
// where the file lies below it.

import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

interface Dentry extends KernelStruct {}

// int security_inode_create(struct inode *dir, struct dentry *dentry, umode_t mode): open(O_CREAT) and mknod
// int vfs_unlink(…, struct inode *dir, struct dentry *dentry, …): its other parameters differ between kernels
interface WithDentry extends FunctionArguments {
    Dentry dentry();
}

record Life(int pid, String comm, long ageNs, @MaxBytes(1024) String file) {}

void main(String[] args) {
    var params = Args.of(args, "pid", "comm");
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");

    var table = Table.live("TIME:8", "PID:7", "COMM:16", "AGE_MS:8", "FILE");
    try (var births = KernelMap.of(Long.class, Long.class, 65_536);
            var events = RingBuffer.of(Life.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.pid(), e.comm(), e.ageNs() / 1_000_000, e.file()));
        var create = Kprobe.at("security_inode_create")
                .preHandler((p, regs) -> {
                    births.put(regs.args(WithDentry.class).dentry().address(), Kernel.ktimeNs());
                    return 0;
                })
                .register();
        var unlink = Kretprobe.at("vfs_unlink")
                .handler((ri, regs) -> {
                    var dentry = ri.args(WithDentry.class).dentry();
                    var birth = births.get(dentry.address());
                    if (birth == null || (int) regs.returnValue() != 0) {
                        return 0;
                    }
                    births.remove(dentry.address());
                    if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm))) {
                        events.emit(new Life(Kernel.pid(), Kernel.comm(), Kernel.ktimeNs() - birth, Kernel.dentryPath(dentry)));
                    }
                    return 0;
                })
                .register();
        try (create; unlink) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/FileLife.java -- sh -c 'cd /tmp; touch a; sleep 0.5; rm a; mktemp -p . b.XXXXXX >/dev/null; rm b.*; cp /etc/passwd c; sleep 1; rm c'
// TIME         PID COMM               AGE_MS FILE
// 12:39:07     214 rm                    609 /root/tmp/a
// 12:39:08     214 rm                    613 /tmp/a
// 12:39:08     216 rm                     75 /root/tmp/b.CfpXEZ
// 12:39:08     216 rm                     76 /tmp/b.CfpXEZ
// 12:39:08     219 rm                   1105 /root/tmp/c
// 12:39:08     219 rm                   1106 /tmp/c
// kprobe: vfs_unlink: 7 hits = 7 delivered
// kprobe: security_inode_create: 6 hits = 6 delivered
