// Shows how often what was read from files was in the page cache, and how often it had to be fetched. After BCC's cachestat, with its
// formula: an estimate, since writing, and unmapping what was used, go through the same functions. The numbers are folios: pages, or several
// at once.
//
//   ./kprobe run examples/CacheStat.java [interval=1s] [pid=PID] [comm=NAME] [--duration 10s] [-- COMMAND…]

import java.time.Duration;
import java.time.LocalTime;
import org.kprobe4j.Args;
import org.kprobe4j.Counter;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.Table;

static PreHandler count(Counter calls, int pid, String comm) {
    return (p, regs) -> {
        if ((pid == 0 || Kernel.pid() == pid) && (comm.isEmpty() || Kernel.comm().equals(comm))) {
            calls.increment();
        }
        return 0;
    };
}

void main(String[] args) {
    var params = Args.of(args, "interval", "pid", "comm");
    var interval = params.getDuration("interval", Duration.ofSeconds(1));
    var pid = params.getInt("pid", 0);
    var comm = params.get("comm", "");

    var table = Table.live("TIME:8", "HITS:8", "MISSES:8", "DIRTIED:8", "HIT_RATIO");
    try (var accessed = Counter.of(); var added = Counter.of(); var dirtied = Counter.of(); var bufferDirtied = Counter.of();
            var _ = Kprobe.at(KernelFunctions.first("folio_mark_accessed", "mark_page_accessed")).preHandler(count(accessed, pid, comm)).register();
            var _ = Kprobe.at(KernelFunctions.first("filemap_add_folio", "add_to_page_cache_lru")).preHandler(count(added, pid, comm)).register();
            var _ = Kprobe.at(KernelFunctions.first("folio_account_dirtied", "__folio_mark_dirty", "account_page_dirtied"))
                    .preHandler(count(dirtied, pid, comm)).register();
            var _ = Kprobe.at("mark_buffer_dirty").preHandler(count(bufferDirtied, pid, comm)).register()) {
        params.awaitEach(interval, () -> {
            long written = bufferDirtied.take();
            long total = Math.max(0, accessed.take() - written);
            long misses = Math.clamp(added.take() - dirtied.take(), 0L, total); // reading ahead adds more than is asked for
            table.row(LocalTime.now(), total - misses, misses, written,
                    total == 0 ? "" : "%8.1f%%".formatted(100.0 * (total - misses) / total));
        });
    }
}

// $ ./kprobe run --vm examples/CacheStat.java comm=cat -- sh -c 'modprobe null_blk gb=1 memory_backed=1; mkfs.ext4 -qF /dev/nullb0; mount /dev/nullb0 /mnt;
//   dd if=/dev/zero of=/mnt/file bs=1M count=4 conv=fsync status=none; echo 1 > /proc/sys/vm/drop_caches; cat /mnt/file > /dev/null; sleep 2; cat /mnt/file > /dev/null; sleep 1'
// TIME         HITS   MISSES  DIRTIED HIT_RATIO
// 12:34:25        0      524        0      0.0%
// 12:34:26      423      447        0     48.6%
// 12:34:27        0        0        0
// 12:34:28     1390        0        0    100.0%
// 12:34:28        0        0        0
// kprobe: mark_buffer_dirty: 1182 hits = 1182 delivered
// kprobe: __folio_mark_dirty: 1180 hits = 1180 delivered
// kprobe: filemap_add_folio: 3354 hits = 3354 delivered
// kprobe: folio_mark_accessed: 7059 hits = 7059 delivered
