// Counts calls of kernel functions: of some, or of all that match a pattern, such as vfs_*. After BCC's funccount.
//
//   ./kprobe run examples/FuncCount.java functions=vfs_read,vfs_write [interval=1s] [pid=PID] [comm=NAME] [--duration 10s] [-- COMMAND…]

import java.time.Duration;
import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Table;

void main(String[] args) {
    var params = Args.of(args, "functions", "interval", "pid", "comm");
    var interval = params.getDuration("interval", Duration.ZERO);
    var functions = params.get("functions", "vfs_*");
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");

    try (var counts = KernelMap.of(Long.class, Long.class, 65_536);
            var kp = Kprobe.at(functions)
                    .preHandler((p, regs) -> {
                        if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm))) {
                            counts.add(p.addr(), 1);
                        }
                        return 0;
                    })
                    .register()) {
        IO.println("Counting calls of %d functions".formatted(kp.places().size()));
        params.awaitEach(interval, () -> {
            var table = Table.of("TIME", "FUNCTION", "COUNT");
            var taken = counts.takeAll();
            var now = LocalTime.now();
            for (var place : kp.places()) {
                if (taken.containsKey(place.addr())) {
                    table.row(now, place, taken.get(place.addr()));
                }
            }
            IO.println(table);
        });
    }
}

// $ ./kprobe run --vm examples/FuncCount.java 'functions=vfs_*,tcp_*,ext4_*' comm=perl -- perl -e 'open F,"/dev/zero"; for(1..500){sysread F,$b,1}'
// Counting calls of 1070 functions
// TIME     FUNCTION             COUNT
// 15:43:05 vfs_open                42
// 15:43:05 vfs_iter_read            7
// 15:43:05 vfs_read               509
// 15:43:05 vfs_getattr_nosec       40
// 15:43:05 vfs_statx                6
// 15:43:05 vfs_fstat               21
// 15:43:05 vfs_fstatat             27
// 15:43:05 vfs_get_link             5
// 15:43:05 vfs_readlink             1
// 15:43:05 vfs_getxattr             3
// 15:43:05 tcp_orphan_count_sum     1
// 15:43:05 tcp_orphan_update        1
// kprobe: vfs_*,tcp_*,ext4_* (1070 places): 1031 hits = 1031 delivered
// …
