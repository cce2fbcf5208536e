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
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** Calls for people: {@code vfs_read(file=/etc/hosts, buf=0x7f…, count=4096, pos=0xffff…) = 9 <2.10us>}, indented by their depth. */
final class CallText implements AutoCloseable {
    private static final int COMM = 15;
    private static final String INDENT = "  ";
    private static final String BELOW = "    ";

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
                INDENT.repeat(Math.max(0, call.depth())) + line(seen, what));
        below(seen.extras()).forEach(line -> output.line(BELOW + line));
    }

    /** The call itself. */
    static String line(Seen seen, What what) {
        var text = new StringBuilder(seen.place());
        if (what != What.CALLS
                && seen.view().values().isEmpty()
                && !seen.place().equals(seen.view().function())) {
            return text.toString();
        }
        text.append('(');
        String separator = "";
        for (Shown shown : seen.view().values()) {
            text.append(separator).append(shown.name()).append('=').append(value(seen, shown));
            separator = ", ";
        }
        text.append(')');
        if (what != What.CALLS) {
            return text.toString();
        }
        Type result = seen.view().result();
        if (result != null) {
            text.append(" = ").append(ValueText.result(result, seen.call().returned()));
        }
        return text.append(" <")
                .append(Cells.span(seen.call().duration()))
                .append('>')
                .toString();
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
