package org.kprobe4j.cli.tool;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.kprobe4j.Counter;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Text;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.expression.Typed;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;

/** A planted probe and what it counts in. */
final class Counting implements AutoCloseable {
    /** Of hash maps, each with a value for each CPU. */
    private static final int ENTRIES = 16_384;

    private static final Typed FUNCTION = new Typed(new Type.Characters(), null, new Text.Function(), false);

    private final Kprobe probe;
    private final List<KeyColumn> columns;
    private final Supplier<Map<List<Object>, Long>> sums;
    private final List<AutoCloseable> open;
    private final boolean isOnePlace;

    private Counting(
            Kprobe probe,
            List<KeyColumn> columns,
            Supplier<Map<List<Object>, Long>> sums,
            List<AutoCloseable> open,
            boolean isOnePlace) {
        this.probe = probe;
        this.columns = columns;
        this.sums = sums;
        this.open = open;
        this.isOnePlace = isOnePlace;
    }

    /** By function: one needs a counter only, several a map. */
    static Counting byFunction(String target, Wanted wanted) {
        if (!Targets.isOne(target)) {
            var column = new KeyColumn(Column.of("function", Kind.TEXT), FUNCTION);
            return byKeys(target, List.of(column), wanted);
        }
        var column = new KeyColumn(Column.of("function", Kind.TEXT), FUNCTION);
        var hits = Counter.of();
        Kprobe probe = planted(target, hits, (p, regs) -> {
            if (wanted.is(new Moment.AtPlace(p, regs))) {
                hits.increment();
            }
            return 0;
        });
        String name = Targets.name(target, probe.places().getFirst());
        return new Counting(probe, List.of(column), () -> Map.of(List.of(name), hits.sum()), List.of(hits), true);
    }

    /** By the values of expressions. */
    static Counting byKeys(String target, List<KeyColumn> columns, Wanted wanted) {
        var keys = CountKeys.of(columns.stream().map(KeyColumn::typed).toList(), wanted, ENTRIES);
        Kprobe probe = planted(target, keys, keys.handler());
        var names = new HashMap<Long, String>();
        for (ProbePlace place : probe.places()) {
            names.put(place.addr(), Targets.name(target, place));
        }
        Supplier<Map<List<Object>, Long>> sums = () -> {
            var read = new HashMap<List<Object>, Long>();
            keys.sums().forEach((key, count) -> {
                Object[] cells = keys.parts(key);
                for (int i = 0; i < cells.length; i++) {
                    cells[i] = columns.get(i)
                            .cell(cells[i], address -> names.getOrDefault(address, "0x%x".formatted(address)));
                }
                read.merge(List.of(cells), count, Long::sum);
            });
            return read;
        };
        return new Counting(probe, columns, sums, List.of(keys), false);
    }

    private static Kprobe planted(String target, AutoCloseable uses, PreHandler handler) {
        try {
            return Kprobe.at(target).preHandler(handler).register();
        } catch (RuntimeException e) {
            closed(uses);
            throw e;
        }
    }

    private static void closed(AutoCloseable object) {
        try {
            object.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    Kprobe probe() {
        return probe;
    }

    List<Column> columns() {
        return columns.stream().map(KeyColumn::column).toList();
    }

    /** Whether there is one row, which is shown even if its count is zero. */
    boolean isOnePlace() {
        return isOnePlace;
    }

    /** What was counted up to now, by the cells of the columns. */
    Map<List<Object>, Long> sums() {
        return sums.get();
    }

    @Override
    public void close() {
        open.forEach(Counting::closed);
    }
}
