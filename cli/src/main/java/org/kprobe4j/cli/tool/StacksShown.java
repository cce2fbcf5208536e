package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.output.Cells;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Ink;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Line;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.PageOutput;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** How stacks are shown: to people, to flamegraph.pl, as a page, as rows. */
final class StacksShown {
    private static final String INDENT = "      ";
    private static final double HUNDRED = 100;

    /** What is asked for. */
    record Wish(
            String target, boolean latency, boolean folded, int top, List<Column> keys, boolean kernel, boolean user) {}

    private final Wish wish;
    private final Output output;
    private final Schema schema;
    /** A page shows all that came; the others show what came since the last time. */
    private final StackTable all;

    StacksShown(Wish wish, Output output) {
        this.wish = wish;
        this.output = output;
        this.schema = schema(wish);
        this.all = new StackTable(wish.latency());
    }

    private static Schema schema(Wish wish) {
        var columns = new ArrayList<Column>();
        columns.add(Column.of("time", Kind.TIME).forMachines());
        columns.add(Column.of("hits", Kind.NUMBER));
        if (wish.latency()) {
            columns.add(Column.of("duration_ns", Kind.DURATION));
            columns.add(Column.of("max_ns", Kind.DURATION));
        }
        columns.addAll(wish.keys());
        if (wish.kernel()) {
            columns.add(Column.of("kernel", Kind.LIST));
        }
        if (wish.user()) {
            columns.add(Column.of("user", Kind.LIST));
        }
        return new Schema("stack", "Stack", columns);
    }

    /** Shows what came since the last time. */
    void show(StackTable table, boolean isLast) {
        if (output instanceof PageOutput page) {
            table.rows().forEach(row -> all.add(row.stack(), row.weight()));
            if (isLast) {
                page.page(FlamePage.of(all, title()));
            }
        } else if (wish.folded()) {
            table.folded().forEach(output::line);
        } else if (output.isForPeople()) {
            lines(table).forEach(output::line);
        } else {
            rows(table);
        }
    }

    private String title() {
        return (wish.latency() ? "Time in " : "Hits of ") + wish.target();
    }

    private void rows(StackTable table) {
        long now = System.nanoTime();
        try (Rows rows = output.table(schema)) {
            for (StackTable.Row row : table.rows()) {
                rows.add(cells(now, row));
            }
        }
    }

    private @Nullable Object[] cells(long now, StackTable.Row row) {
        var cells = new ArrayList<@Nullable Object>();
        cells.add(now);
        cells.add(row.weight().hits());
        if (wish.latency()) {
            cells.add(row.weight().timeNs());
            cells.add(row.weight().maxNs());
        }
        cells.addAll(row.stack().keys());
        if (wish.kernel()) {
            cells.add(names(row.stack().kernel()));
        }
        if (wish.user()) {
            cells.add(names(row.stack().user()));
        }
        return cells.toArray();
    }

    /** The innermost first. */
    private static List<String> names(@Nullable List<Stack.Frame> frames) {
        return frames == null
                ? List.of()
                : frames.reversed().stream().map(Stack.Frame::name).toList();
    }

    // ---- for people ----

    /** The heaviest stacks, each with its frames from the innermost, then how many more there are. */
    List<Line> lines(StackTable table) {
        List<StackTable.Row> rows = table.rows();
        if (rows.isEmpty()) {
            return List.of(new Line().add("no hits of " + wish.target()));
        }
        long total = table.weight(table.total());
        var lines = new ArrayList<Line>();
        for (StackTable.Row row : rows.subList(0, Math.min(wish.top(), rows.size()))) {
            lines.add(head(row.weight(), total, row.stack()));
            List<String> user = names(row.stack().user());
            List<String> kernel = names(row.stack().kernel());
            kernel.forEach(name -> lines.add(new Line().add(INDENT).add(Ink.FUNCTION, name)));
            if (!kernel.isEmpty() && !user.isEmpty()) {
                lines.add(new Line().add(INDENT).add(Ink.FAINT, "--"));
            }
            user.forEach(name -> lines.add(new Line().add(INDENT + name)));
            lines.add(new Line());
        }
        if (rows.size() > wish.top()) {
            lines.add(rest(rows.subList(wish.top(), rows.size()), total));
        } else {
            lines.removeLast();
        }
        return lines;
    }

    private Line rest(List<StackTable.Row> rows, long total) {
        StackProbe.Weight sum = rows.stream()
                .map(StackTable.Row::weight)
                .reduce(new StackProbe.Weight(0, 0, 0), StackProbe.Weight::plus);
        return new Line()
                .add(
                        Ink.FAINT,
                        "%d more stack%s: %s; --top shows more"
                                .formatted(rows.size(), rows.size() == 1 ? "" : "s", weight(sum, total)));
    }

    private Line head(StackProbe.Weight weight, long total, Stack stack) {
        var line = new Line().add(Ink.HEADING, weight(weight, total));
        stack.labels().forEach(label -> line.add(", " + label));
        return line;
    }

    /** {@code 30 hits (71.4%)}; {@code 12.0ms (99.1%) in 30 calls, 400us each, 1.20ms at most}. */
    private String weight(StackProbe.Weight weight, long total) {
        long own = wish.latency() ? weight.timeNs() : weight.hits();
        String share = String.format(Locale.ROOT, " (%.1f%%)", total == 0 ? HUNDRED : HUNDRED * own / total);
        if (!wish.latency()) {
            return weight.hits() + (weight.hits() == 1 ? " hit" : " hits") + share;
        }
        return "%s%s in %d %s, %s each, %s at most"
                .formatted(
                        Cells.span(weight.timeNs()),
                        share,
                        weight.hits(),
                        weight.hits() == 1 ? "call" : "calls",
                        Cells.span(weight.timeNs() / Math.max(1, weight.hits())),
                        Cells.span(weight.maxNs()));
    }
}
