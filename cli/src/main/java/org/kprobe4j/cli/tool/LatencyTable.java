package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Distribution.Bucket;
import org.kprobe4j.cli.output.Cells;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** Shows times that were measured: a row for each group, and histograms. */
final class LatencyTable {
    private static final double[] PERCENTS = {50, 90, 99, 99.9};

    private final Output output;
    private final List<Column> keys;
    private final boolean hasParts;
    private final boolean hasHistograms;
    private final int most;
    private final Schema rows;
    private final Schema buckets;

    /**
     * A table.
     *
     * @param output where it is shown
     * @param keys columns of the keys
     * @param hasParts whether there is time on a CPU and time waited beside the whole
     * @param hasHistograms whether people see each group's histogram
     * @param most so many groups
     */
    LatencyTable(Output output, List<Column> keys, boolean hasParts, boolean hasHistograms, int most) {
        this.output = output;
        this.keys = List.copyOf(keys);
        this.hasParts = hasParts;
        this.hasHistograms = hasHistograms;
        this.most = most;
        this.rows = new Schema("latency", "Latency", columns(measures()));
        this.buckets = new Schema(
                "latency_bucket",
                "Latency Bucket",
                columns(List.of(
                        Column.of("from_ns", Kind.DURATION),
                        Column.of("to_ns", Kind.DURATION),
                        Column.of(free("count"), Kind.NUMBER))));
    }

    private List<Column> columns(List<Column> own) {
        var columns = new ArrayList<Column>();
        columns.add(Column.of("time", Kind.TIME).forMachines());
        columns.addAll(keys);
        if (hasParts) {
            columns.add(Column.of("part", Kind.TEXT));
        }
        columns.addAll(own);
        return columns;
    }

    private List<Column> measures() {
        return List.of(
                Column.of(free("count"), Kind.NUMBER),
                Column.of("total_ns", Kind.DURATION),
                Column.of("average_ns", Kind.DURATION).heading("AVG"),
                Column.of("min_ns", Kind.DURATION),
                Column.of("p50_ns", Kind.DURATION),
                Column.of("p90_ns", Kind.DURATION),
                Column.of("p99_ns", Kind.DURATION),
                Column.of("p99_9_ns", Kind.DURATION).heading("P99.9"),
                Column.of("max_ns", Kind.DURATION));
    }

    /** An argument may be called count, too: it has its column, as it was written. */
    private String free(String name) {
        return keys.stream().anyMatch(column -> column.name().equals(name)) ? "calls" : name;
    }

    /**
     * A group.
     *
     * @param keys the cells of its keys
     * @param parts the times by the name of their part; of the whole it is {@code all}
     */
    record Group(List<Object> keys, Map<String, Measured> parts) {
        long total() {
            return parts.values().iterator().next().exact().getSum();
        }
    }

    /** Shows groups, the one with the most time first. */
    void show(long now, Collection<Group> groups) {
        List<Group> sorted = groups.stream()
                .sorted(Comparator.comparingLong(Group::total)
                        .reversed()
                        .thenComparing(group -> group.keys().toString()))
                .limit(most)
                .toList();
        try (Rows table = output.table(rows)) {
            sorted.forEach(group -> group.parts().forEach((part, one) -> table.add(row(now, group, part, one))));
        }
        if (output.isForPeople()) {
            if (hasHistograms || sorted.size() == 1) {
                sorted.forEach(this::draw);
            }
            return;
        }
        try (Rows table = output.table(buckets)) {
            sorted.forEach(group -> group.parts()
                    .forEach((part, one) -> one.buckets()
                            .forEach(bucket -> table.add(cells(
                                    now, group, part, bound(bucket.from()), bound(bucket.to()), bucket.count())))));
        }
    }

    /** A bucket of steps that has no bound there has none to show. */
    private static @Nullable Object bound(long nanos) {
        return nanos == Long.MIN_VALUE || nanos == Long.MAX_VALUE ? null : nanos;
    }

    private @Nullable Object[] row(long now, Group group, String part, Measured one) {
        var cells = new ArrayList<@Nullable Object>(List.of(
                one.count(),
                one.exact().getSum(),
                Math.round(one.exact().getAverage()),
                one.exact().getMin()));
        for (double percent : PERCENTS) {
            cells.add(one.percentile(percent));
        }
        cells.add(one.exact().getMax());
        return cells(now, group, part, cells.toArray());
    }

    private @Nullable Object[] cells(long now, Group group, String part, @Nullable Object... own) {
        var cells = new ArrayList<@Nullable Object>();
        cells.add(now);
        cells.addAll(group.keys());
        if (hasParts) {
            cells.add(part);
        }
        for (Object cell : own) {
            cells.add(cell);
        }
        return cells.toArray();
    }

    private void draw(Group group) {
        group.parts().forEach((part, one) -> {
            output.line("");
            var title = new ArrayList<String>();
            for (int i = 0; i < keys.size(); i++) {
                title.add(keys.get(i).name() + " " + group.keys().get(i));
            }
            if (hasParts) {
                title.add(part);
            }
            if (!title.isEmpty()) {
                output.line(String.join(", ", title));
            }
            List<Bucket> shown = one.buckets();
            long largest = shown.stream().mapToLong(Bucket::count).max().orElse(0);
            var bars = Schema.of(
                    "bars",
                    "Bars",
                    Column.of("from", Kind.TEXT).heading("FROM"),
                    Column.of("to", Kind.TEXT).heading("UP TO"),
                    Column.of("count", Kind.NUMBER),
                    Column.of("bar", Kind.TEXT).heading(""));
            try (Rows table = output.table(bars)) {
                shown.forEach(bucket -> table.add(
                        bucket.from() == Long.MIN_VALUE ? "" : Cells.span(bucket.from()),
                        bucket.to() == Long.MAX_VALUE ? "" : Cells.span(bucket.to()),
                        bucket.count(),
                        Bars.bar(bucket.count(), largest)));
            }
        });
    }
}
