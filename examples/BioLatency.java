// Shows how long block devices take for their requests, from the driver's start to the end, as a histogram. After BCC's biolatency.
//
//   ./kprobe run examples/BioLatency.java [disk=NAME] [by=disk|operation|both] [queued=true] [milliseconds=true] [--duration 10s] [-- COMMAND…]
//
// queued=true counts the time in the queue too.

import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;

interface Request extends KernelStruct {
    @Name("q") RequestQueue queue();
    int cmdFlags();
    @Name("__data_len") int length();
    long startTimeNs();
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

// void blk_mq_start_request(struct request *rq)
interface BlkMqStartRequest extends FunctionArguments {
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

enum By { all, disk, operation, both }

/** Whose time is counted together: of all disks where the name is empty, of all operations where the number is -1. */
record Group(@MaxBytes(32) String disk, int operation) {
    @Override
    public String toString() {
        var name = switch (operation) {
            case -1 -> "";
            case 0 -> "read";
            case 1 -> "write";
            case 2 -> "flush";
            case 3 -> "discard";
            case 9 -> "zeroes";
            default -> "operation " + operation;
        };
        return disk.isEmpty() && name.isEmpty() ? "all requests" : (disk + " " + name).strip();
    }
}

record Start(Group group, long atNs) {}

static void done(Request rq, KernelMap<Long, Start> starts, HistogramMap<Group> latencies, long unit) {
    var start = starts.get(rq.address());
    if (start != null) {
        latencies.record(start.group(), (Kernel.ktimeNs() - start.atNs()) / unit);
        starts.remove(rq.address());
    }
}

void main(String[] args) {
    var params = Args.of(args, "disk", "by", "queued", "milliseconds");
    var disk = params.get("disk", "");
    var by = params.get("by", By.all);
    var byDisk = by == By.disk || by == By.both;
    var byOperation = by == By.operation || by == By.both;
    var queued = params.getBoolean("queued", false);
    var milliseconds = params.getBoolean("milliseconds", false);
    long unit = milliseconds ? 1_000_000 : 1000;

    try (var starts = KernelMap.of(Long.class, Start.class); var latencies = HistogramMap.log2(Group.class)) {
        var issue = Kprobe.at("blk_mq_start_request").preHandler((p, regs) -> {
            var rq = regs.args(BlkMqStartRequest.class).rq();
            if (Request.disk(rq).isNull() || !disk.isEmpty() && !Request.disk(rq).diskName().equals(disk)) {
                return 0;
            }
            var group = new Group(byDisk ? Request.disk(rq).diskName() : "", byOperation ? rq.cmdFlags() & 0xff : -1);
            starts.put(rq.address(), new Start(group, queued ? rq.startTimeNs() : Kernel.ktimeNs()));
            return 0;
        });
        var end = Kprobe.at("blk_update_request").preHandler((p, regs) -> {
            var update = regs.args(BlkUpdateRequest.class);
            if (update.nrBytes() >= update.req().length()) {
                done(update.req(), starts, latencies, unit);
            }
            return 0;
        });
        var endBatch = Kprobe.at("blk_mq_end_request_batch").preHandler((p, regs) -> {
            var rq = IoCompBatch.first(regs.args(BlkMqEndRequestBatch.class).iob());
            for (int i = 0; i < 256 && !rq.isNull(); i++) {
                done(rq, starts, latencies, unit);
                rq = rq.rqNext();
            }
            return 0;
        });
        boolean batches = !KernelFunctions.existing(Set.of("blk_mq_end_request_batch")).isEmpty();
        try (var _ = end.register(); var _ = batches ? endBatch.register() : null; var _ = issue.register()) {
            params.await();
        }
        IO.println(milliseconds ? "milliseconds" : "microseconds");
        latencies.forEach((group, distribution) -> IO.println(group + "\n" + distribution + "\n"));
    }
}

// $ ./kprobe run --vm examples/BioLatency.java by=both -- sh -c 'modprobe null_blk irqmode=2 completion_nsec=2000000;
//   dd if=/dev/nullb0 of=/dev/null bs=4k count=100 iflag=direct status=none; dd if=/dev/zero of=/dev/nullb0 bs=64k count=40 oflag=direct status=none'
// kprobe: blk_mq_start_request: 141 hits = 141 delivered
// kprobe: blk_mq_end_request_batch: 0 hits = 0 delivered
// kprobe: blk_update_request: 141 hits = 141 delivered
// microseconds
// nullb0 write
//       value  count
// 2048 – 4095     40 |████████████████████████████████████████|
//
// nullb0 read
//       value  count
// 1024 – 2047      1 |█                                       |
// 2048 – 4095    100 |████████████████████████████████████████|
