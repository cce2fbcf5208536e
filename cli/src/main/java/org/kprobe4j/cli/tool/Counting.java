package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.kprobe4j.Counter;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.output.Column;

/** Planted probes and what they count in. */
final class Counting implements AutoCloseable {
    private final List<Kprobe> probes = new ArrayList<>();
    private final List<Column> columns;
    private final Supplier<Map<List<Object>, Long>> sums;
    private final Runnable free;
    private final boolean isOnePlace;

    private Counting(List<Column> columns, Supplier<Map<List<Object>, Long>> sums, Runnable free, boolean isOnePlace) {
        this.columns = columns;
        this.sums = sums;
        this.free = free;
        this.isOnePlace = isOnePlace;
    }

    /** Of one place, which needs a counter only. */
    static Counting ofOne(String target, Wanted wanted) {
        var hits = Counter.of();
        var name = new StringBuilder();
        var counting = new Counting(
                List.of(KeyColumn.FUNCTION.column()),
                () -> Map.of(List.of(name.toString()), hits.sum()),
                hits::close,
                true);
        counting.plant(target, (p, regs) -> {
            if (wanted.is(new Moment.AtPlace(p, regs))) {
                hits.increment();
            }
            return 0;
        });
        name.append(Targets.name(target, counting.probes.getFirst().places().getFirst()));
        return counting;
    }

    /** By keys. */
    static Counting byKeys(String target, List<FunctionGroup> groups, Scope scope, int room) {
        return byKeys(
                target,
                groups,
                scope,
                room,
                KeyShape.of(groups.getFirst().asked().typed(), false));
    }

    private static <K> Counting byKeys(
            String target, List<FunctionGroup> groups, Scope scope, int room, KeyShape<K> first) {
        List<KeyColumn> columns = FunctionGroup.columns(groups);
        var cells = new KeyCells(columns);
        var counts = PerCpuMap.of(first.type(), Long.class, room);
        var counting = new Counting(
                columns.stream().map(KeyColumn::column).toList(), () -> read(counts, cells), counts::close, false);
        for (FunctionGroup group : groups) {
            Asked asked = group.asked();
            counting.plant(
                    group.target(),
                    handler(
                            new Wanted(scope, asked.condition().atEntry()),
                            KeyShape.alike(first, KeyShape.of(asked.typed(), false)),
                            counts));
            cells.know(target, counting.probes.getLast().places());
        }
        return counting;
    }

    private static <K> PreHandler handler(Wanted wanted, KeyShape<K> shape, PerCpuMap<K, Long> counts) {
        return (p, regs) -> {
            var moment = new Moment.AtPlace(p, regs);
            if (wanted.is(moment)) {
                counts.add(shape.key(moment, 0), 1);
            }
            return 0;
        };
    }

    private static Map<List<Object>, Long> read(PerCpuMap<?, Long> counts, KeyCells cells) {
        var read = new HashMap<List<Object>, Long>();
        counts.sums().forEach((key, count) -> read.merge(cells.of(key), count, Long::sum));
        return read;
    }

    private void plant(String target, PreHandler handler) {
        try {
            probes.add(Kprobe.at(target).preHandler(handler).register());
        } catch (RuntimeException e) {
            remove();
            close();
            throw e;
        }
    }

    List<Column> columns() {
        return columns;
    }

    /** Whether there is one row, which is shown even if its count is zero. */
    boolean isOnePlace() {
        return isOnePlace;
    }

    /** What was counted up to now, by the cells of the columns. */
    Map<List<Object>, Long> sums() {
        return sums.get();
    }

    /** Of all probes. */
    ProbeAccount account() {
        return probes.stream().map(Kprobe::account).reduce(ProbeAccount::plus).orElseThrow();
    }

    /** At how many places they are planted. */
    int places() {
        return probes.stream().mapToInt(probe -> probe.places().size()).sum();
    }

    /** Removes the probes; what was counted can still be read. */
    void remove() {
        probes.forEach(Kprobe::close);
    }

    @Override
    public void close() {
        free.run();
    }
}
