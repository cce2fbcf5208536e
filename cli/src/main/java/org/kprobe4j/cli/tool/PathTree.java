package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.cli.output.Cells;
import org.kprobe4j.cli.output.Ink;
import org.kprobe4j.cli.output.Line;

/** The trees of many calls in one: calls that came by the same way, from the function down, are a line. */
final class PathTree {
    private static final int COUNT_COLUMNS = 8;
    private static final int TIME_COLUMNS = 9;
    private static final List<String> HEADINGS = List.of("TOTAL", "AVG", "MAX");

    private final String function;
    private final Map<String, PathTree> below = new LinkedHashMap<>();
    private final Map<Integer, Long> errors = new TreeMap<>();
    private long count;
    private long totalNs;
    private long maxNs;

    PathTree(String function) {
        this.function = function;
    }

    /** Adds a call and those below it. */
    void add(CallTree call) {
        long time = call.call().end() - call.call().start();
        count++;
        totalNs += time;
        maxNs = Math.max(maxNs, time);
        if (call.errno() != 0) {
            errors.merge(call.errno(), 1L, Long::sum);
        }
        call.below()
                .forEach(under ->
                        below.computeIfAbsent(under.function(), PathTree::new).add(under));
    }

    String function() {
        return function;
    }

    long count() {
        return count;
    }

    long totalNs() {
        return totalNs;
    }

    long averageNs() {
        return count == 0 ? 0 : totalNs / count;
    }

    long maxNs() {
        return maxNs;
    }

    /** How often each error was returned, by its name. */
    Map<String, Long> errors() {
        var byName = new LinkedHashMap<String, Long>();
        errors.forEach((errno, times) -> byName.put(KernelErrno.name(errno), times));
        return byName;
    }

    /** What took longest first. */
    Collection<PathTree> below() {
        return below.values().stream()
                .sorted(Comparator.comparingLong((PathTree tree) -> -tree.totalNs))
                .toList();
    }

    /** Headings, then a line for each way: how often, how long, the tree's branches, the function, its errors. */
    List<Line> lines() {
        var headings = new Line().cell(Ink.HEADING, "CALLS", COUNT_COLUMNS, true);
        HEADINGS.forEach(heading -> headings.cell(Ink.HEADING, heading, TIME_COLUMNS, true));
        var lines = new ArrayList<>(List.of(headings.add("  ").add(Ink.HEADING, "FUNCTION")));
        add(lines, "", "");
        return lines;
    }

    private void add(List<Line> lines, String branch, String trunk) {
        var line = new Line().cell(Ink.PLAIN, Long.toString(count), COUNT_COLUMNS, true);
        for (long time : List.of(totalNs, averageNs(), maxNs)) {
            line.cell(Ink.SPAN, Cells.span(time), TIME_COLUMNS, true);
        }
        line.add(Ink.FAINT, "  " + branch).add(Ink.FUNCTION, function);
        lines.add(errors.isEmpty() ? line : line.add("  ").add(Ink.BAD, errorText()));
        List<PathTree> under = List.copyOf(below());
        for (int i = 0; i < under.size(); i++) {
            boolean last = i == under.size() - 1;
            under.get(i).add(lines, trunk + (last ? "└─ " : "├─ "), trunk + (last ? "   " : "│  "));
        }
    }

    private String errorText() {
        return errors().entrySet().stream()
                .map(error -> "-%s %d".formatted(error.getKey(), error.getValue()))
                .collect(Collectors.joining(", "));
    }
}
