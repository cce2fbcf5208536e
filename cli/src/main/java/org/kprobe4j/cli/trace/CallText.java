package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KernelStack;
import org.kprobe4j.PtRegs;
import org.kprobe4j.UserStack;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.output.Cells;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Ink;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Line;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** Calls for people: {@code vfs_read(file=/etc/hosts, buf=0x7f…, count=4096, pos=0xffff…) = 9 <2.10us>}, indented by their depth. */
final class CallText implements AutoCloseable {
    private static final int COMM = 15;
    private static final String INDENT = "  ";
    private static final String BELOW = "    ";
    private static final String LOST = "<lost>";

    private final Output output;
    private final Rows rows;
    private final What what;

    /** What of a call is shown. */
    enum What {
        /** Arguments, return value and time taken. */
        CALLS,
        /** Arguments alone. */
        ENTRIES,
        /** What was asked for, no more. */
        EXPRESSIONS
    }

    CallText(Output output, What what) {
        this.output = output;
        this.what = what;
        this.rows = output.rows(Schema.of(
                "call",
                "Call",
                Column.of("time", Kind.TIME),
                Column.of("cpu", Kind.NUMBER).width(3),
                Column.of("comm", Kind.TEXT).width(COMM),
                Column.of("pid", Kind.NUMBER),
                Column.of("tid", Kind.NUMBER),
                Column.of("call", Kind.TEXT)));
    }

    void accept(Seen seen) {
        TraceEvent.Call call = seen.call();
        rows.add(
                call.start(),
                (long) call.cpu(),
                call.comm(),
                (long) call.pid(),
                (long) call.tid(),
                new Line().add(INDENT.repeat(Math.max(0, call.depth()))).add(line(seen, what)));
        below(seen.extras()).forEach(line -> output.line(BELOW + line));
        lostBelow(seen.lost()).forEach(line -> output.line(new Line().add(BELOW).add(Ink.BAD, line)));
    }

    private static List<String> lostBelow(int lost) {
        return Seen.lostExtras(lost).stream()
                .map(what -> "<%s lost>".formatted(what))
                .toList();
    }

    /** The call itself. */
    static Line line(Seen seen, What what) {
        var line = new Line().add(Ink.FUNCTION, seen.place());
        if (what != What.CALLS
                && seen.view().values().isEmpty()
                && !seen.place().equals(seen.view().function())) {
            return line;
        }
        line.add("(");
        String separator = "";
        for (Shown shown : seen.view().values()) {
            line.add(separator + shown.name() + "=");
            if (seen.lacks(shown)) {
                line.add(Ink.BAD, LOST);
            } else {
                line.add(value(seen, shown));
            }
            separator = ", ";
        }
        line.add(")");
        return what == What.CALLS ? result(line, seen) : line;
    }

    private static Line result(Line line, Seen seen) {
        if (!seen.hasReturn()) {
            return line.add(" = ").add(Ink.BAD, LOST);
        }
        Type result = seen.view().result();
        if (result != null) {
            long returned = seen.call().returned();
            boolean failed =
                    ValueText.errno(result, ValueText.cut(result, returned)).isPresent();
            line.add(" = ").add(failed ? Ink.BAD : Ink.PLAIN, ValueText.result(result, returned));
        }
        return line.add(" <").add(Ink.SPAN, Cells.span(seen.call().duration())).add(">");
    }

    private static String value(Seen seen, Shown shown) {
        if (shown.number() == Shown.NONE && shown.text() == Shown.NONE) {
            return "…";
        }
        return ValueText.forPeople(shown, seen.number(shown), seen.text(shown));
    }

    private static List<String> below(Seen.@Nullable Extras extras) {
        var lines = new ArrayList<String>();
        if (extras == null) {
            return lines;
        }
        KernelStack stack = extras.stack;
        if (stack != null) {
            lines.addAll(frames(stack));
        }
        UserStack user = extras.userStack;
        if (user != null) {
            lines.addAll(frames(user));
        }
        PtRegs registers = extras.registers;
        if (registers != null) {
            registers.toString().lines().forEach(lines::add);
        }
        return lines;
    }

    static List<String> frames(KernelStack stack) {
        return stack.frames().stream().map(KernelStack.Frame::toString).toList();
    }

    static List<String> frames(UserStack stack) {
        return stack.frames().stream().map(UserStack.Frame::toString).toList();
    }

    @Override
    public void close() {
        rows.close();
    }
}
