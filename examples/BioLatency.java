// Shows how long block devices take for their requests, from the driver's start to the end, as a histogram. After BCC's biolatency.
//
//   ./kprobe run examples/BioLatency.java [disk=NAME] [queued=true] [milliseconds=true] [--duration 10s] [-- COMMAND…]
//
// queued=true counts the time in the queue too.

import org.kprobe4j.Args;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelFunctions;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Name;

interface Request extends KernelStruct {
    @Name("q") RequestQueue queue();
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

static void done(Request rq, KernelMap<Long, Long> starts, Histogram latencies, long unit) {
    Long start = starts.get(rq.address());
    if (start != null) {
        latencies.record((Kernel.ktimeNs() - start) / unit);
        starts.remove(rq.address());
    }
}

void main(String[] args) {
    var params = Args.of(args, "disk", "queued", "milliseconds");
    var disk = params.get("disk", "");
    var queued = params.getBoolean("queued", false);
    var milliseconds = params.getBoolean("milliseconds", false);
    long unit = milliseconds ? 1_000_000 : 1000;

    try (var starts = KernelMap.of(Long.class, Long.class); var latencies = Histogram.log2()) {
        var issue = Kprobe.at("blk_mq_start_request").preHandler((p, regs) -> {
            var rq = regs.args(BlkMqStartRequest.class).rq();
            if (!disk.isEmpty() && (Request.disk(rq).isNull() || !Request.disk(rq).diskName().equals(disk))) {
                return 0;
            }
            starts.put(rq.address(), queued ? rq.startTimeNs() : Kernel.ktimeNs());
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
        IO.println(latencies);
    }
}

// $ ./kprobe run examples/BioLatency.java -- sh -c 'dd if=/dev/nullb0 of=/dev/null bs=4k count=100 iflag=direct; dd if=/dev/zero of=/dev/nullb0 bs=64k count=40 oflag=direct'
// microseconds
//       value  count
// 1024 – 2047      2 |█                                       |
// 2048 – 4095    137 |████████████████████████████████████████|
// 4096 – 8191      1 |█                                       |
// kprobe: blk_mq_start_request: 140 hits = 140 delivered
// kprobe: blk_mq_end_request_batch: 0 hits = 0 delivered
// kprobe: blk_update_request: 140 hits = 140 delivered
