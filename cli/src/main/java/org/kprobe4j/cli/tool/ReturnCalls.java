package org.kprobe4j.cli.tool;

import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.PtRegs;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/**
 * The handlers that count what calls return.
 *
 * @param wanted which calls, as is known at the entry
 * @param atReturn which of them, as is known at the return
 * @param shape what they are grouped by
 * @param code what they are counted as
 * @param counts by key
 */
record ReturnCalls<K>(Wanted wanted, Value atReturn, KeyShape<K> shape, ReturnCode code, PerCpuMap<K, Long> counts) {
    EntryHandler<LatencyCalls.Call> entry() {
        return (ri, regs) -> enter(ri, regs);
    }

    ReturnHandler<LatencyCalls.Call> back() {
        return (ri, regs) -> leave(ri, regs);
    }

    private int enter(KretprobeInstance<LatencyCalls.Call> ri, PtRegs regs) {
        if (!wanted.is(new Moment.InCall(ri, regs, 0))) {
            return 1;
        }
        ri.data().start = Kernel.ktimeNs();
        return 0;
    }

    private int leave(KretprobeInstance<LatencyCalls.Call> ri, PtRegs regs) {
        var moment = new Moment.InCall(ri, regs, Kernel.ktimeNs() - ri.data().start);
        if (atReturn.value(moment) == 0) {
            return 0;
        }
        counts.add(shape.key(moment, code.of(moment)), 1);
        return 0;
    }
}
