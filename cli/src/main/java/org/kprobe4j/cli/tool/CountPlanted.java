package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** Shows counts: what came in an interval, and since the beginning. */
final class CountPlanted implements Planted {
    private final ToolRun run;
    private final String target;
    private final Counting counting;
    private final int most;
    private final int room;
    private final Schema schema;
    private Map<List<Object>, Long> before = Map.of();

    CountPlanted(ToolRun run, String target, Counting counting, int most, int room) {
        this.room = room;
        this.run = run;
        this.target = target;
        this.counting = counting;
        this.most = most;
        var columns = new ArrayList<Column>();
        columns.add(Column.of("time", Kind.TIME).forMachines());
        columns.addAll(counting.columns());
        // An argument may be called count, too: it has its column, as it was written.
        columns.add(CountCommand.number(
                counting.columns().stream().anyMatch(c -> c.name().equals("count")) ? "hits" : "count"));
        if (run.hasIntervals()) {
            columns.add(CountCommand.number("total"));
        }
        this.schema = new Schema("count", "Count", columns);
    }

    /** A row: its keys, what came since the last time, what came in all. */
    private record Counted(List<Object> keys, long count, long total) {}

    @Override
    public void interval(boolean isLast) {
        if (isLast) {
            Room.remark(counting.account(), "--max-keys", room);
        }
        long now = System.nanoTime();
        Map<List<Object>, Long> sums = new HashMap<>(counting.sums());
        List<Counted> counted = new ArrayList<>();
        sums.forEach((keys, total) -> {
            long count = total - before.getOrDefault(keys, 0L);
            // The end shows all that was counted, whatever the last interval brought.
            if (count != 0 || counting.isOnePlace() || isLast) {
                counted.add(new Counted(keys, count, total));
            }
        });
        before = sums;
        counted.sort(Comparator.comparingLong((Counted row) -> isLast ? row.total() : row.count())
                .reversed()
                .thenComparing(row -> row.keys().toString()));
        if (counted.isEmpty() && run.output().isForPeople()) {
            run.output().line(run.hasIntervals() ? "no hits" : "no hits of " + target);
            return;
        }
        try (Rows rows = run.output().table(schema)) {
            counted.stream().limit(most).forEach(row -> rows.add(cells(now, row)));
        }
    }

    private @Nullable Object[] cells(long now, Counted row) {
        var cells = new ArrayList<@Nullable Object>();
        cells.add(now);
        cells.addAll(row.keys());
        cells.add(row.count());
        if (run.hasIntervals()) {
            cells.add(row.total());
        }
        return cells.toArray();
    }

    @Override
    public void remove() {
        counting.remove();
    }

    /** What was not wanted is a part of its own: the program ran for it. */
    @Override
    public ProbeAccount account() {
        ProbeAccount all = counting.account();
        long counted =
                counting.sums().values().stream().mapToLong(Long::longValue).sum();
        return Accounts.filtered(all, all.delivered() - counted - all.entriesLost());
    }

    @Override
    public String what() {
        return Accounts.what(target, counting.places());
    }

    @Override
    public void close() {
        counting.close();
    }
}
