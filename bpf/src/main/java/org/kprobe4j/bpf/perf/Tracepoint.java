package org.kprobe4j.bpf.perf;

import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PerfEventAttr;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** perf_event_open of a tracepoint. */
final class Tracepoint {
    private static final int ANY_PROCESS = -1;
    private static final int FIRST_CPU = 0;

    private Tracepoint() {}

    /** Returns a descriptor or the negated errno. */
    static long open(SystemCalls calls, int id) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(PerfEventAttr.PERF_ATTR_SIZE_VER5)
                    .u32(PerfEventAttr.TYPE, Linux.PERF_TYPE_TRACEPOINT)
                    .u32(PerfEventAttr.SIZE, PerfEventAttr.PERF_ATTR_SIZE_VER5)
                    .u64(PerfEventAttr.CONFIG, id)
                    .u64(PerfEventAttr.SAMPLE_PERIOD, 1)
                    .u32(PerfEventAttr.WAKEUP_EVENTS, 1);
            return calls.perfEventOpen(attr, ANY_PROCESS, FIRST_CPU, Linux.PERF_FLAG_FD_CLOEXEC);
        }
    }
}
