// Counts what is done with files, system-wide or by one process, per interval. After BCC's vfsstat.
//
//   ./kprobe run examples/VfsStat.java [interval=1s] [pid=PID] [comm=NAME] [--duration 10s] [-- COMMAND…]

import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.Args;
import org.kprobe4j.Counter;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Table;

record Operation(String heading, String function) {}

static final List<Operation> OPERATIONS = List.of(
        new Operation("READ", "vfs_read"),
        new Operation("WRITE", "vfs_write"),
        // fsync and fdatasync: newer kernels inline vfs_fsync_range there, older ones do_fsync
        new Operation("FSYNC", KernelFunctions.first("do_fsync", "vfs_fsync_range")),
        new Operation("OPEN", "vfs_open"),
        // not vfs_create, which open(O_CREAT) does not pass, nor vfs_rmdir, which compilers inline: what all of them ask; overlayfs asks twice
        new Operation("CREATE", "security_inode_create"),
        new Operation("UNLINK", "security_inode_unlink"),
        new Operation("MKDIR", "security_inode_mkdir"),
        new Operation("RMDIR", "security_inode_rmdir"));

void main(String[] args) {
    var params = Args.of(args, "interval", "pid", "comm");
    var interval = params.getDuration("interval", Duration.ofSeconds(1));
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");

    var headings = new ArrayList<>(List.of("TIME:8"));
    var counters = new ArrayList<Counter>();
    var probes = new ArrayList<Kprobe>();
    for (var operation : OPERATIONS) {
        var counter = Counter.of();
        headings.add(operation.heading() + ":8");
        counters.add(counter);
        probes.add(Kprobe.at(operation.function())
                .preHandler((p, regs) -> {
                    if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm))) {
                        counter.increment();
                    }
                    return 0;
                })
                .register());
    }
    var table = Table.live(headings.toArray(String[]::new));
    params.awaitEach(interval, () -> {
        var row = new ArrayList<Object>(List.of(LocalTime.now()));
        counters.forEach(counter -> row.add(counter.take()));
        table.row(row.toArray());
    });
    probes.forEach(Kprobe::close);
}

// $ ./kprobe run --vm examples/VfsStat.java comm=dd --duration 5s -- sh -c 'for i in 1 2 3; do dd if=/dev/zero of=/tmp/x$i bs=4k count=${i}000 conv=fsync status=none; sleep 1; done; rm /tmp/x?'
// TIME         READ    WRITE    FSYNC     OPEN   CREATE   UNLINK    MKDIR    RMDIR
// 12:34:51     3010     3000        2       75        4        0        1        0
// 12:34:52        0        0        0        0        0        0        0        0
// 12:34:53     3005     3000        1       37        2        0        0        0
// 12:34:54        0        0        0        0        0        0        0        0
// kprobe: vfs_read: 6215 hits = 6215 delivered
// kprobe: vfs_write: 6014 hits = 6014 delivered
// kprobe: do_fsync: 3 hits = 3 delivered
// kprobe: vfs_open: 340 hits = 340 delivered
// kprobe: security_inode_create: 6 hits = 6 delivered
// kprobe: security_inode_unlink: 6 hits = 6 delivered
// kprobe: security_inode_mkdir: 1 hits = 1 delivered
// kprobe: security_inode_rmdir: 0 hits = 0 delivered
