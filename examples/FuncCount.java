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
            for (var place : kp.places()) {
                if (taken.containsKey(place.addr())) {
                    table.row(LocalTime.now(), place, taken.get(place.addr()));
                }
            }
            IO.println(table);
        });
    }
}

// $ ./kprobe run --vm examples/FuncCount.java functions=vfs_read,vfs_write,vfs_open,vfs_unlink interval=1 comm=ls -- sh -c 'ls -lR /etc >/dev/null; sleep 1; ls -lR /etc > /dev/null'
// TIME     FUNCTION   COUNT
// 12:39:16 vfs_read      20
// 12:39:16 vfs_write     27
// 12:39:16 vfs_open     321
// 12:39:16 vfs_unlink     0
// TIME     FUNCTION   COUNT
// 12:39:17 vfs_read      20
// 12:39:17 vfs_write     27
// 12:39:17 vfs_open     321
// 12:39:17 vfs_unlink     0
// kprobe: vfs_read: 178 hits = 178 delivered
// kprobe: vfs_write: 63 hits = 63 delivered
// kprobe: vfs_open: 723 hits = 723 delivered
// kprobe: vfs_unlink: 0 hits = 0 delivered
