package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.expression.Type;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Output;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** Shows what calls returned: few values one by one, many numbers by powers of two, errors by name. */
final class ReturnTable {
    /** So many numbers are shown one by one. */
    static final int FEW = 16;

    private final Output output;
    private final Type type;
    private final int most;
    private final Schema people;
    private final Schema machines;

    /**
     * A table.
     *
     * @param output where it is shown
     * @param keys columns of the keys
     * @param type what is returned
     * @param most so many groups
     */
    ReturnTable(Output output, List<Column> keys, Type type, int most) {
        this.output = output;
        this.type = type;
        this.most = most;
        boolean taken = keys.stream().anyMatch(column -> column.name().equals("count"));
        Column count = Column.of(taken ? "calls" : "count", Kind.NUMBER);
        var shown = new ArrayList<>(keys);
        shown.addAll(List.of(
                Column.of("returned", Kind.TEXT),
                count,
                Column.of("bar", Kind.TEXT).heading("")));
        this.people = new Schema("return", "Return", shown);
        var told = new ArrayList<Column>(List.of(Column.of("time", Kind.TIME)));
        told.addAll(keys);
        told.addAll(List.of(
                Column.of("from", Kind.NUMBER), Column.of("to", Kind.NUMBER), Column.of("name", Kind.TEXT), count));
        this.machines = new Schema("return", "Return", told);
    }

    /**
     * A group.
     *
     * @param keys the cells of its keys
     * @param counts how often each {@link ReturnCode} came
     */
    record Group(List<Object> keys, SortedMap<Long, Long> counts) {
        long total() {
            return counts.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /** Shows groups in their order. */
    void show(long now, List<Group> groups) {
        boolean forPeople = output.isForPeople();
        try (Rows table = output.table(forPeople ? people : machines)) {
            for (Group group : groups.stream().limit(most).toList()) {
                if (forPeople) {
                    tell(table, group);
                } else {
                    group.counts().forEach((code, count) -> table.add(cells(now, group, code, count)));
                }
            }
        }
    }

    private @Nullable Object[] cells(long now, Group group, long code, long count) {
        var cells = new ArrayList<@Nullable Object>();
        cells.add(now);
        cells.addAll(group.keys());
        boolean isPointer = ReturnCode.isPointer(code, type);
        String name = ReturnCode.name(code, type);
        cells.add(isPointer ? null : ReturnCode.from(code));
        cells.add(isPointer ? null : ReturnCode.to(code));
        cells.add(name.isEmpty() ? null : name);
        cells.add(count);
        return cells.toArray();
    }

    private void tell(Rows table, Group group) {
        SortedMap<Long, Long> shown = compact(group.counts(), type);
        long largest = shown.values().stream().mapToLong(Long::longValue).max().orElse(0);
        for (Map.Entry<Long, Long> one : shown.entrySet()) {
            var cells = new ArrayList<>(group.keys());
            cells.add(ReturnCode.text(one.getKey(), type));
            cells.add(one.getValue());
            cells.add(Bars.bar(one.getValue(), largest));
            table.add(cells.toArray());
        }
    }

    /** Where there are more than a few numbers, or large ones, all from 2 on are counted by powers of two. */
    static SortedMap<Long, Long> compact(SortedMap<Long, Long> counts, Type type) {
        long numbers = counts.keySet().stream().filter(code -> code >= 0).count();
        boolean isLarge = counts.keySet().stream().anyMatch(code -> code > ReturnCode.POWER);
        if (ReturnCode.isExact(type) || (numbers <= FEW && !isLarge)) {
            return counts;
        }
        var compacted = new TreeMap<Long, Long>();
        counts.forEach((code, count) -> {
            boolean isSmall = code > 1 && code < ReturnCode.SMALL;
            long power = isSmall ? ReturnCode.POWER + Long.SIZE - 1 - Long.numberOfLeadingZeros(code) : code;
            compacted.merge(power, count, Long::sum);
        });
        return compacted;
    }
}
