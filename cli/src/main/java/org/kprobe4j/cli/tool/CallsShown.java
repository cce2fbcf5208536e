package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Ink;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Line;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** What becomes of the trees of calls. For one thread at a time. */
sealed interface CallsShown {
    /**
     * A call of the function has returned.
     *
     * @param number which one, from 1
     */
    void add(CallTree tree, long number);

    /** At the end of an interval, and of the run. */
    void interval();

    /** The innermost first. */
    static String path(List<CallTree> way) {
        return way.reversed().stream().map(CallTree::function).collect(Collectors.joining(" ← "));
    }

    /** Where an error was born. */
    private static Line born(long times, int errno, String path) {
        return new Line()
                .add(times == 1 ? "" : times + " times ")
                .add(Ink.BAD, "-" + KernelErrno.name(errno))
                .add(" born in " + path);
    }

    /**
     * Each for itself, when it comes.
     *
     * @param failed whether it is to be said where the error was born
     */
    record Each(Output output, boolean failed) implements CallsShown {
        private static final Schema SCHEMA = Schema.of(
                "call",
                "Call",
                Column.of("time", Kind.TIME),
                Column.of("tree", Kind.NUMBER),
                Column.of("number", Kind.NUMBER),
                Column.of("depth", Kind.NUMBER),
                Column.of("comm", Kind.TEXT),
                Column.of("pid", Kind.NUMBER),
                Column.of("tid", Kind.NUMBER),
                Column.of("function", Kind.TEXT),
                Column.of("duration_ns", Kind.DURATION),
                Column.of("result", Kind.TEXT),
                Column.of("missing", Kind.NUMBER));

        @Override
        public void add(CallTree tree, long number) {
            if (output.isForPeople()) {
                CallProbe.Returned call = tree.call();
                output.line(new Line().add(Ink.HEADING, "%s, pid %d".formatted(call.comm(), call.pid())));
                tree.lines().forEach(output::line);
                List<CallTree> way = tree.born();
                if (failed && !way.isEmpty()) {
                    output.line(born(1, tree.errno(), path(way)));
                }
                if (tree.missing() > 0) {
                    output.line(new Line().add(Ink.BAD, "%d calls are missing".formatted(tree.missing())));
                }
                output.line("");
            } else {
                try (Rows rows = output.rows(SCHEMA)) {
                    row(rows, tree, tree.call(), number);
                }
            }
            output.flush();
        }

        private static void row(Rows rows, CallTree tree, CallProbe.Returned top, long number) {
            CallProbe.Returned call = tree.call();
            rows.add(
                    call.start(),
                    number,
                    (long) call.number(),
                    (long) call.depth(),
                    top.comm(),
                    (long) call.pid(),
                    (long) call.tid(),
                    tree.function(),
                    call.end() - call.start(),
                    tree.value(),
                    call.number() == 0 ? (long) tree.missing() : null);
            tree.below().forEach(under -> row(rows, under, top, number));
        }

        @Override
        public void interval() {
            // They are shown as they come.
        }
    }

    /** All in one tree, a line for each way that calls took. */
    final class Together implements CallsShown {
        private static final Schema SCHEMA = Schema.of(
                "path",
                "Path",
                Column.of("function", Kind.TEXT),
                Column.of("depth", Kind.NUMBER),
                Column.of("path", Kind.LIST),
                Column.of("count", Kind.NUMBER),
                Column.of("total_ns", Kind.DURATION),
                Column.of("average_ns", Kind.DURATION),
                Column.of("max_ns", Kind.DURATION),
                Column.of("errors", Kind.VALUES));
        private static final Schema BIRTHS = Schema.of(
                "born",
                "Error",
                Column.of("error", Kind.TEXT),
                Column.of("path", Kind.LIST),
                Column.of("count", Kind.NUMBER));

        private final Output output;
        private final boolean failed;
        private final PathTree all;
        private final Map<Birth, Long> births = new LinkedHashMap<>();

        private record Birth(int errno, List<String> way) {}

        Together(Output output, String function, boolean failed) {
            this.output = output;
            this.failed = failed;
            this.all = new PathTree(function);
        }

        @Override
        public void add(CallTree tree, long number) {
            all.add(tree);
            if (failed) {
                List<String> way = tree.born().stream().map(CallTree::function).toList();
                births.merge(new Birth(tree.errno(), way), 1L, Long::sum);
            }
        }

        @Override
        public void interval() {
            if (all.count() == 0) {
                return;
            }
            if (output.isForPeople()) {
                all.lines().forEach(output::line);
                births().forEach(birth -> output.line(born(
                        birth.getValue(),
                        birth.getKey().errno,
                        String.join(" ← ", birth.getKey().way.reversed()))));
                return;
            }
            try (Rows rows = output.rows(SCHEMA)) {
                row(rows, all, List.of());
            }
            if (births.isEmpty()) {
                return;
            }
            try (Rows rows = output.rows(BIRTHS)) {
                births().forEach(birth ->
                        rows.add(KernelErrno.name(birth.getKey().errno), birth.getKey().way, birth.getValue()));
            }
        }

        /** The most frequent first. */
        private List<Map.Entry<Birth, Long>> births() {
            return births.entrySet().stream()
                    .sorted(Comparator.comparingLong((Map.Entry<Birth, Long> birth) -> -birth.getValue()))
                    .toList();
        }

        private static void row(Rows rows, PathTree tree, List<String> above) {
            var path = new ArrayList<>(above);
            path.add(tree.function());
            rows.add(
                    tree.function(),
                    (long) above.size(),
                    path,
                    tree.count(),
                    tree.totalNs(),
                    tree.averageNs(),
                    tree.maxNs(),
                    tree.errors());
            tree.below().forEach(under -> row(rows, under, path));
        }
    }
}
