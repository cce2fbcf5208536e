// Shows each request that a block device has done: whose it was, where on the disk, and how long the driver took. After BCC's biosnoop.
//
//   ./kprobe run examples/BioSnoop.java [disk=NAME] [--duration 10s] [-- COMMAND…]

import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;
import org.kprobe4j.PreHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.Table;

interface Request extends KernelStruct {
    @Name("q") RequestQueue queue();
    int cmdFlags();
    @Name("__sector") long sector();
    @Name("__data_len") int length();
    Request rqNext();
    Gendisk rqDisk(); // before 5.17

    static Gendisk disk(Request rq) {
        return Kernel.exists(Request.class, "rq_disk") ? rq.rqDisk() : rq.queue().disk();
    }
}

interface RequestQueue extends KernelStruct {
    Gendisk disk();
}

interface Gendisk extends KernelStruct {
    String diskName();
}

/** Of the functions that see a request before or when it is started. */
interface RqArgument extends FunctionArguments {
    Request rq();
}

// bool blk_update_request(struct request *req, blk_status_t error, unsigned int nr_bytes): ends a request, or a part of it
interface BlkUpdateRequest extends FunctionArguments {
    Request req();
    int nrBytes();
}

// void blk_mq_end_request_batch(struct io_comp_batch *iob): ends requests of fast devices, since 5.16
interface BlkMqEndRequestBatch extends FunctionArguments {
    IoCompBatch iob();
}

interface IoCompBatch extends KernelStruct {
    RqList reqList();
    @Name("req_list") Request first(); // before 6.13

    static Request first(IoCompBatch batch) {
        return Kernel.exists(IoCompBatch.class, "req_list.head") ? batch.reqList().head() : batch.first();
    }
}

interface RqList extends KernelStruct {
    Request head();
}

record Who(int pid, String comm) {}

record Start(long atNs, int flags, long sector, int bytes) {}

record Done(Who who, @MaxBytes(32) String disk, Start start, long endNs) {}

static void done(Request rq, KernelMap<Long, Who> owners, KernelMap<Long, Start> starts, RingBuffer<Done> events) {
    var who = owners.get(rq.address());
    var start = starts.get(rq.address());
    if (who != null && start != null) {
        events.emit(new Done(who, Request.disk(rq).diskName(), start, Kernel.ktimeNs()));
    }
    owners.remove(rq.address());
    starts.remove(rq.address());
}

static String operation(int flags) {
    return switch (flags & 0xff) { // REQ_OP_MASK
        case 0 -> "read";
        case 1 -> "write";
        case 2 -> "flush";
        case 3 -> "discard";
        case 9 -> "zeroes";
        default -> "op " + (flags & 0xff);
    };
}

void main(String[] args) {
    var params = Args.of(args, "disk");
    var disk = params.get("disk", "");

    // of a busy disk, rows are shown later than they happen; System.nanoTime() is the clock that ktimeNs() reads
    long bootMs = System.currentTimeMillis() - System.nanoTime() / 1_000_000;
    var table = Table.live("TIME:12", "COMM:16", "PID:7", "DISK:8", "TYPE:7", "SECTOR:12", "BYTES:8", "LATENCY_MS:10");
    try (var owners = KernelMap.of(Long.class, Who.class);
            var starts = KernelMap.of(Long.class, Start.class);
            var events = RingBuffer.of(Done.class)) {
        events.forEach(e -> table.row("%tT.%<tL".formatted(bootMs + e.endNs() / 1_000_000), e.who().comm(), e.who().pid(), e.disk(),
                operation(e.start().flags()), e.start().sector(), e.start().bytes(), "%10.3f".formatted((e.endNs() - e.start().atNs()) / 1e6)));
        // the task that queues a request is the one that wants it; a kernel thread may start it
        PreHandler queue = (p, regs) -> {
            owners.put(regs.args(RqArgument.class).rq().address(), new Who(Kernel.pid(), Kernel.comm()));
            return 0;
        };
        PreHandler issue = (p, regs) -> {
            var rq = regs.args(RqArgument.class).rq();
            if (Request.disk(rq).isNull() || !disk.isEmpty() && !Request.disk(rq).diskName().equals(disk)) {
                return 0;
            }
            var _ = owners.putIfAbsent(rq.address(), new Who(Kernel.pid(), Kernel.comm()));
            starts.put(rq.address(), new Start(Kernel.ktimeNs(), rq.cmdFlags(), rq.sector(), rq.length()));
            return 0;
        };
        PreHandler end = (p, regs) -> {
            var update = regs.args(BlkUpdateRequest.class);
            if (update.nrBytes() >= update.req().length()) {
                done(update.req(), owners, starts, events);
            }
            return 0;
        };
        PreHandler endBatch = (p, regs) -> {
            var rq = IoCompBatch.first(regs.args(BlkMqEndRequestBatch.class).iob());
            for (int i = 0; i < 256 && !rq.isNull(); i++) {
                done(rq, owners, starts, events);
                rq = rq.rqNext();
            }
            return 0;
        };
        boolean batches = !KernelFunctions.existing(Set.of("blk_mq_end_request_batch")).isEmpty();
        try (var _ = Kprobe.at("blk_update_request").preHandler(end).register();
                var _ = batches ? Kprobe.at("blk_mq_end_request_batch").preHandler(endBatch).register() : null;
                var _ = Kprobe.at("blk_mq_start_request").preHandler(issue).register();
                var _ = Kprobe.at("blk_add_rq_to_plug").preHandler(queue).register();
                var _ = Kprobe.at("blk_mq_try_issue_directly").preHandler(queue).register();
                var _ = Kprobe.at("blk_insert_flush").preHandler(queue).register();
                var _ = Kprobe.at(KernelFunctions.first("blk_mq_insert_request", "blk_mq_sched_insert_request")).preHandler(queue).register()) {
            params.await();
        }
    }
}

// $ ./kprobe run --vm examples/BioSnoop.java -- sh -c 'modprobe null_blk irqmode=2 completion_nsec=2000000;
//   dd if=/dev/nullb0 of=/dev/null bs=4k count=3 iflag=direct status=none; dd if=/dev/zero of=/dev/nullb0 bs=64k count=6 conv=fsync status=none; sync'
// TIME         COMM                 PID DISK     TYPE          SECTOR    BYTES LATENCY_MS
// 12:39:27.808 modprobe             217 nullb0   read               0     4096      2.584
// 12:39:27.872 dd                   219 nullb0   read               0     4096      2.790
// 12:39:27.877 dd                   219 nullb0   read               8     4096      2.185
// 12:39:27.880 dd                   219 nullb0   read              16     4096      2.181
// 12:39:27.921 dd                   220 nullb0   write              0   126976      2.254
// 12:39:27.921 dd                   220 nullb0   write            248   126976      2.976
// 12:39:27.922 dd                   220 nullb0   write            496   126976      3.034
// 12:39:27.922 dd                   220 nullb0   write            744    12288      3.084
// kprobe: blk_mq_insert_request: 0 hits = 0 delivered
// kprobe: blk_insert_flush: 0 hits = 0 delivered
// kprobe: blk_mq_try_issue_directly: 0 hits = 0 delivered
// kprobe: blk_add_rq_to_plug: 8 hits = 8 delivered
// kprobe: blk_mq_start_request: 8 hits = 8 delivered
// kprobe: blk_mq_end_request_batch: 0 hits = 0 delivered
// kprobe: blk_update_request: 8 hits = 8 delivered
