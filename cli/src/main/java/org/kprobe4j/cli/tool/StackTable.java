package org.kprobe4j.cli.tool;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The stacks of a run and what they weigh. */
final class StackTable {
    /** A stack and what it weighs. */
    record Row(Stack stack, StackProbe.Weight weight) {}

    private final Map<Stack, StackProbe.Weight> weights = new LinkedHashMap<>();
    private final boolean byTime;

    /** {@code byTime}: what a stack weighs is the time of its calls, not their number. */
    StackTable(boolean byTime) {
        this.byTime = byTime;
    }

    boolean isByTime() {
        return byTime;
    }

    void add(Stack stack, StackProbe.Weight weight) {
        weights.merge(stack, weight, StackProbe.Weight::plus);
    }

    long weight(StackProbe.Weight weight) {
        return byTime ? weight.timeNs() : weight.hits();
    }

    /** The heaviest first; of equal ones in the order of their names. */
    List<Row> rows() {
        ToLongFunction<Row> heaviness = row -> weight(row.weight());
        return weights.entrySet().stream()
                .map(entry -> new Row(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(heaviness).reversed().thenComparing(StackTable::folded))
                .toList();
    }

    /** All of them together. */
    StackProbe.Weight total() {
        return weights.values().stream().reduce(new StackProbe.Weight(0, 0, 0), StackProbe.Weight::plus);
    }

    /**
     * As flamegraph.pl and its kind read it: a line for each stack, its frames from the outermost, then what it weighs. Where the
     * process's frames are there too, the kernel's end in {@code _[k]}, and compiled ones of a JVM in {@code _[j]} always.
     */
    List<String> folded() {
        Map<String, Long> lines = rows().stream()
                .collect(Collectors.toMap(
                        StackTable::folded, row -> weight(row.weight()), Long::sum, LinkedHashMap::new));
        return lines.entrySet().stream()
                .map(line -> line.getKey() + " " + line.getValue())
                .toList();
    }

    private static String folded(Row row) {
        boolean mixed = row.stack().user() != null;
        return row.stack().frames().stream()
                .map(frame -> switch (frame.code()) {
                    case KERNEL -> frame.name() + (mixed ? "_[k]" : "");
                    case JIT -> frame.name() + "_[j]";
                    case CPP, NATIVE -> frame.name();
                })
                .collect(Collectors.joining(";"));
    }
}
