package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.ToIntFunction;
import org.kprobe4j.cli.output.Cells;
import org.kprobe4j.cli.output.Ink;
import org.kprobe4j.cli.output.Line;

/**
 * A call of a function with the calls below it.
 *
 * @param call what returned
 * @param function its name
 * @param errno the error that it returned; 0 for none
 * @param below in the order of their entries
 */
record CallTree(CallProbe.Returned call, String function, int errno, List<CallTree> below) {
    private static final int TIME_COLUMNS = 9;

    /**
     * Puts a tree together. Where a call's record is missing, those below it are put below the one above it.
     *
     * @param top the function's own call
     * @param others those below it, in any order
     * @param names functions by address
     * @param errnos what a call's value says
     */
    static CallTree of(
            CallProbe.Returned top,
            List<CallProbe.Returned> others,
            LongFunction<String> names,
            ToIntFunction<CallProbe.Returned> errnos) {
        var root = new CallTree(top, names.apply(top.place()), errnos.applyAsInt(top), new ArrayList<>());
        var open = new ArrayList<CallTree>(List.of(root));
        others.stream()
                .sorted(Comparator.comparingInt(CallProbe.Returned::number))
                .forEach(call -> {
                    while (open.size() > 1 && open.getLast().call().depth() >= call.depth()) {
                        open.removeLast();
                    }
                    var tree =
                            new CallTree(call, names.apply(call.place()), errnos.applyAsInt(call), new ArrayList<>());
                    open.getLast().below().add(tree);
                    open.add(tree);
                });
        return root;
    }

    /** How many calls are in it. */
    int size() {
        return 1 + below.stream().mapToInt(CallTree::size).sum();
    }

    /** How many calls were entered and are not in it: their records were lost, or they were not followed to their return. */
    int missing() {
        return call.calls() + 1 - size();
    }

    /** The way down to where the error was born: each returned the same one, the first that did. Empty if it returned none. */
    List<CallTree> born() {
        if (errno == 0) {
            return List.of();
        }
        var way = new ArrayList<CallTree>();
        Optional<CallTree> next = Optional.of(this);
        while (next.isPresent()) {
            CallTree tree = next.get();
            way.add(tree);
            next = tree.below().stream().filter(under -> under.errno() == errno).findFirst();
        }
        return way;
    }

    /** A line for each call: its time, then the tree's branches, the function, what it returned. */
    List<Line> lines() {
        var lines = new ArrayList<Line>();
        add(lines, "", "");
        return lines;
    }

    private void add(List<Line> lines, String branch, String trunk) {
        var line = new Line()
                .cell(Ink.SPAN, Cells.span(call.end() - call.start()), TIME_COLUMNS, true)
                .add(Ink.FAINT, "  " + branch)
                .add(Ink.FUNCTION, function);
        String value = value();
        lines.add(value.isEmpty() ? line : line.add(" = ").add(errno == 0 ? Ink.PLAIN : Ink.BAD, value));
        for (int i = 0; i < below.size(); i++) {
            boolean last = i == below.size() - 1;
            below.get(i).add(lines, trunk + (last ? "└─ " : "├─ "), trunk + (last ? "   " : "│  "));
        }
    }

    /** What it returned, to people. */
    String value() {
        return CallValues.text(function, call.value());
    }
}
