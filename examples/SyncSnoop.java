// Shows the system calls that write back what files hold: sync, fsync and their like. After BCC's syncsnoop.
//
//   ./kprobe run examples/SyncSnoop.java [comm=NAME] [--duration 10s] [-- COMMAND…]

import java.time.LocalTime;
import java.util.List;
import org.kprobe4j.Args;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.Kprobe;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

record Sync(int pid, String comm, String call) {}

static final List<String> CALLS = List.of("sync", "fsync", "fdatasync", "syncfs", "sync_file_range", "msync");

void main(String[] args) {
    var params = Args.of(args, "comm");
    var comm = params.get("comm", "");

    var table = Table.live("TIME:8", "PID:7", "COMM:16", "CALL:16");
    try (var events = RingBuffer.of(Sync.class)) {
        events.forEach(e -> table.row(LocalTime.now(), e.pid(), e.comm(), e.call()));
        var probes = CALLS.stream().map(call -> Kprobe.at(KernelFunctions.systemCall(call))
                .preHandler((p, regs) -> {
                    if (comm.isEmpty() || Kernel.comm().equals(comm)) {
                        events.emit(new Sync(Kernel.pid(), Kernel.comm(), call));
                    }
                    return 0;
                })
                .register()).toList();
        params.await();
        probes.forEach(Kprobe::close);
    }
}

// $ ./kprobe run --vm examples/SyncSnoop.java -- sh -c 'sync; dd if=/dev/zero of=/tmp/x bs=4k count=1 conv=fsync status=none; sync -d /tmp/x; sync -f /tmp/x'
// TIME         PID COMM             CALL
// 12:39:35     213 sync             sync
// 12:39:35     215 dd               fsync
// 12:39:35     216 sync             fdatasync
// 12:39:35     217 sync             syncfs
// kprobe: __x64_sys_sync: 1 hits = 1 delivered
// kprobe: __x64_sys_fsync: 1 hits = 1 delivered
// kprobe: __x64_sys_fdatasync: 1 hits = 1 delivered
// kprobe: __x64_sys_syncfs: 1 hits = 1 delivered
// kprobe: __x64_sys_sync_file_range: 0 hits = 0 delivered
// kprobe: __x64_sys_msync: 0 hits = 0 delivered
