// Shows how long the calls of a kernel function take, as a histogram by powers of two. After BCC's funclatency.
//
//   ./kprobe run examples/FuncLatency.java func=vfs_read [unit=ns|us|ms] [interval=1s] [pid=PID] [comm=NAME] [--duration 10s] [-- COMMAND…]

import java.time.Duration;
import org.kprobe4j.Args;
import org.kprobe4j.Counter;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kretprobe;

enum Unit {
    ns(1), us(1_000), ms(1_000_000);

    final long nanos;

    Unit(long nanos) {
        this.nanos = nanos;
    }
}

/** One for each call, so calls within calls do not disturb each other. */
static final class Call {
    long start;
}

void main(String[] args) {
    var params = Args.of(args, "func", "unit", "interval", "pid", "comm");
    var interval = params.getDuration("interval", Duration.ZERO);
    var func = params.get("func", "vfs_read");
    var unit = params.get("unit", Unit.ns);
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");

    try (var latency = Histogram.log2();
            var total = Counter.of()) {
        var rp = Kretprobe.at(func, Call.class)
                .entryHandler((ri, regs) -> {
                    ri.data().start = Kernel.ktimeNs();
                    return (pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm)) ? 0 : 1;
                })
                .handler((ri, regs) -> {
                    long nanos = Kernel.ktimeNs() - ri.data().start;
                    latency.record(nanos / unit.nanos);
                    total.add(nanos);
                    return 0;
                })
                .register();
        try (rp) {
            params.awaitEach(interval, () -> {
                var calls = latency.take();
                long nanos = total.take();
                IO.println("%s, %s".formatted(func, unit));
                IO.println(calls);
                IO.println("%d calls, average %d %s, total %d %s"
                        .formatted(calls.count(), nanos / Math.max(calls.count(), 1) / unit.nanos, unit, nanos / unit.nanos, unit));
            });
        }
    }
}

// $ ./kprobe run --vm examples/FuncLatency.java func=vfs_read unit=us comm=find -- sh -c 'find /etc -type f -exec cat {} + > /dev/null'
// kprobe: vfs_read: 626 hits = 10 delivered + 616 filtered
// vfs_read, us
//       value  count
//       4 – 7      2 |███████████████████████████             |
//      8 – 15      0 |                                        |
//     16 – 31      1 |██████████████                          |
//     32 – 63      1 |██████████████                          |
//    64 – 127      3 |████████████████████████████████████████|
//   128 – 255      1 |██████████████                          |
//   256 – 511      1 |██████████████                          |
//  512 – 1023      0 |                                        |
// 1024 – 2047      0 |                                        |
// 2048 – 4095      1 |██████████████                          |
// 10 calls, average 404 us, total 4049 us
