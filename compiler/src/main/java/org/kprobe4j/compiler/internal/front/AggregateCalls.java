package org.kprobe4j.compiler.internal.front;

import java.util.ArrayList;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Calls of what handlers record values in: all they can do is {@code record}. */
final class AggregateCalls {
    private AggregateCalls() {}

    static Operand call(CallSite site, KernelObject.Aggregate object) {
        if (!site.name().equals("record")) {
            throw KernelState.outside(site);
        }
        var values = new ArrayList<Value>();
        Opcode opcode = switch (object) {
            case KernelObject.HistogramMap map -> {
                Opcode.Room key = KernelState.key(site, map.key(), values);
                yield new Opcode.RowCount(map.map(), map.zeros(), key, map.buckets(), values.size());
            }
            case KernelObject.Summary summary -> new Opcode.SummaryAdd(summary.map(), summary.rows());
            case KernelObject.SummaryMap map -> {
                Opcode.Room key = KernelState.key(site, map.key(), values);
                yield new Opcode.SummaryMapAdd(map.map(), key, values.size());
            }
        };
        values.add(site.scalar(site.arguments().size() - 1));
        site.builder().append(Kind.INT, opcode, values.toArray(Value[]::new));
        return CallSite.NOTHING;
    }
}
