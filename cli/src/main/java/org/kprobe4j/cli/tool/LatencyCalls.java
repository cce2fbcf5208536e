package org.kprobe4j.cli.tool;

import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.PtRegs;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/**
 * The handlers that measure calls. When a call begins is kept with the call, so recursion and nesting do not matter.
 *
 * @param wanted which calls, as is known at the entry
 * @param atReturn which of them, as is known at the return
 * @param shape what they are grouped by, as is known at the return
 * @param times how long they took
 * @param waiting who measures how long their tasks waited
 * @param split where the parts go
 */
record LatencyCalls<K>(
        Wanted wanted, Value atReturn, KeyShape<K> shape, TimeStore<K> times, Waiting waiting, Split<K> split) {
    /** A call in flight. */
    static final class Call {
        long start;
        long waited;
    }

    /** Where the parts of times go. */
    sealed interface Split<K> extends AutoCloseable {
        /** Counts a call's parts; in a handler only. */
        void record(K key, long took, long waited);

        @Override
        void close();
    }

    /** Parts are not asked for. */
    record Whole<K>() implements Split<K> {
        @Override
        public void record(K key, long took, long waited) {
            // Nobody asked.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /** Time on a CPU, and time switched out. */
    record Parts<K>(TimeStore<K> runs, TimeStore<K> waits) implements Split<K> {
        @Override
        public void record(K key, long took, long waited) {
            runs.record(key, took - waited);
            waits.record(key, waited);
        }

        @Override
        public void close() {
            runs.close();
            waits.close();
        }
    }

    EntryHandler<Call> entry() {
        return (ri, regs) -> enter(ri, regs);
    }

    ReturnHandler<Call> back() {
        return (ri, regs) -> leave(ri, regs);
    }

    private int enter(KretprobeInstance<Call> ri, PtRegs regs) {
        if (!wanted.is(new Moment.InCall(ri, regs, 0))) {
            return 1;
        }
        Call call = ri.data();
        call.waited = waiting.enter();
        call.start = Kernel.ktimeNs();
        return 0;
    }

    private int leave(KretprobeInstance<Call> ri, PtRegs regs) {
        Call call = ri.data();
        long took = Kernel.ktimeNs() - call.start;
        long waited = waiting.leave(call.waited);
        var moment = new Moment.InCall(ri, regs, took);
        if (atReturn.value(moment) == 0) {
            return 0;
        }
        K key = shape.key(moment, 0);
        times.record(key, took);
        split.record(key, took, waited);
        return 0;
    }
}
