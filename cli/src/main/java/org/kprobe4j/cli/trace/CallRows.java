package org.kprobe4j.cli.trace;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.PtRegs;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.output.Cells;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/**
 * Calls for machines, as they return. The keys are documented in the command's help, and stay: time, cpu, comm, pid, tid, function, args;
 * of calls whose return is waited for depth, retval, result, error, duration_ns; stack, user_stack and registers if they were asked for;
 * lost.
 */
final class CallRows implements AutoCloseable {
    private final Rows rows;
    private final boolean calls;
    private final Tracer.Extras extras;
    private final List<String> separate;
    private final int columns;

    /**
     * Rows of calls.
     *
     * @param calls whether returns are waited for
     * @param separate the names of values that have a column each; empty if all share one
     */
    CallRows(Output output, boolean calls, Tracer.Extras extras, List<String> separate) {
        this.calls = calls;
        this.extras = extras;
        this.separate = List.copyOf(separate);
        Schema schema = schema();
        this.columns = schema.columns().size();
        this.rows = output.rows(schema);
    }

    private Schema schema() {
        var all = new ArrayList<Column>(List.of(
                Column.of("time", Kind.TIME),
                Column.of("cpu", Kind.NUMBER),
                Column.of("comm", Kind.TEXT),
                Column.of("pid", Kind.NUMBER),
                Column.of("tid", Kind.NUMBER),
                Column.of("function", Kind.TEXT)));
        if (separate.isEmpty()) {
            all.add(Column.of("args", Kind.VALUES));
        } else {
            separate.forEach(name -> all.add(Column.ofExpression(name, Kind.TEXT)));
        }
        if (calls) {
            all.addAll(List.of(
                    Column.of("depth", Kind.NUMBER),
                    Column.of("retval", Kind.NUMBER),
                    Column.of("result", Kind.TEXT),
                    Column.of("error", Kind.TEXT),
                    Column.of("duration_ns", Kind.DURATION)));
        }
        if (extras.stack()) {
            all.add(Column.of("stack", Kind.LIST));
        }
        if (extras.userStack()) {
            all.add(Column.of("user_stack", Kind.LIST));
        }
        if (extras.registers()) {
            all.add(Column.of("registers", Kind.VALUES));
        }
        all.add(Column.of("lost", Kind.LIST));
        return new Schema(calls ? "call" : "hit", calls ? "Call" : "Hit", all);
    }

    void accept(Seen seen) {
        TraceEvent.Call call = seen.call();
        var cells = new @Nullable Object[columns];
        int i = 0;
        cells[i++] = call.start();
        cells[i++] = (long) call.cpu();
        cells[i++] = call.comm();
        cells[i++] = (long) call.pid();
        cells[i++] = (long) call.tid();
        cells[i++] = seen.place();
        if (separate.isEmpty()) {
            cells[i++] = values(seen);
        } else {
            for (Shown shown : seen.view().values()) {
                cells[i++] = value(seen, shown);
            }
        }
        if (calls) {
            Type result = seen.hasReturn() ? seen.view().result() : null;
            cells[i++] = (long) call.depth();
            cells[i++] = result == null ? null : ValueText.number(result, call.returned());
            cells[i++] = result == null ? null : ValueText.result(result, call.returned());
            cells[i++] = result == null
                    ? null
                    : ValueText.errno(result, ValueText.cut(result, call.returned()))
                            .orElse(null);
            cells[i++] = seen.hasReturn() ? (Long) call.duration() : null;
        }
        extras(seen.extras(), cells, i);
        cells[columns - 1] = seen.lost(seen.view());
        rows.add(cells);
    }

    private void extras(Seen.@Nullable Extras sent, @Nullable Object[] cells, int first) {
        int i = first;
        if (extras.stack()) {
            cells[i++] = sent == null || sent.stack == null ? null : CallText.frames(sent.stack);
        }
        if (extras.userStack()) {
            cells[i++] = sent == null || sent.userStack == null ? null : CallText.frames(sent.userStack);
        }
        if (extras.registers()) {
            cells[i] = sent == null || sent.registers == null ? null : registers(sent.registers);
        }
    }

    private static Map<String, @Nullable Object> values(Seen seen) {
        var values = new LinkedHashMap<String, @Nullable Object>();
        for (Shown shown : seen.view().values()) {
            values.put(shown.name(), value(seen, shown));
        }
        return values;
    }

    private static @Nullable Object value(Seen seen, Shown shown) {
        return (shown.number() == Shown.NONE && shown.text() == Shown.NONE) || seen.lacks(shown)
                ? null
                : ValueText.forMachines(shown, seen.number(shown), seen.text(shown));
    }

    /** By the names of {@code struct pt_regs} in Java. */
    private static Map<String, Object> registers(PtRegs registers) {
        var values = new LinkedHashMap<String, Object>();
        for (RecordComponent component : registers.getClass().getRecordComponents()) {
            try {
                Object value = component.getAccessor().invoke(registers);
                values.put(
                        component.getName(),
                        value instanceof Long number ? Cells.address(number) : String.valueOf(value));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
        return values;
    }

    @Override
    public void close() {
        rows.close();
    }
}
