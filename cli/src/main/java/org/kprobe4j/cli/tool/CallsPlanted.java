package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.SkippedPlace;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.output.Column;
import org.kprobe4j.cli.output.Ink;
import org.kprobe4j.cli.output.Kind;
import org.kprobe4j.cli.output.Line;
import org.kprobe4j.cli.output.Rows;
import org.kprobe4j.cli.output.Schema;

/** Shows the tree of each call when it has returned. */
final class CallsPlanted implements Planted {
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

    private final ToolRun run;
    private final String function;
    private final boolean failed;
    private final CallProbe probe;
    private final Map<Integer, List<CallProbe.Returned>> open = new HashMap<>();
    private Map<Long, String> names = Map.of();
    private long trees;
    private long incomplete;

    CallsPlanted(ToolRun run, String function, List<String> below, Condition condition, boolean failed) {
        this.run = run;
        this.function = function;
        this.failed = failed;
        this.probe = new CallProbe(function, below, run.scope(), condition, this::returned);
        notFollowed(probe.skipped()).forEach(line -> System.err.println("kprobe: " + line));
    }

    /** What is called and cannot be probed, a line for each reason. */
    static List<String> notFollowed(List<SkippedPlace> skipped) {
        Map<String, TreeSet<String>> byReason = skipped.stream()
                .collect(Collectors.groupingBy(
                        SkippedPlace::reason,
                        TreeMap::new,
                        Collectors.mapping(SkippedPlace::symbolName, Collectors.toCollection(TreeSet::new))));
        return byReason.entrySet().stream()
                .map(entry -> "not followed: %s: %s".formatted(String.join(", ", entry.getValue()), entry.getKey()))
                .toList();
    }

    private synchronized String name(long place) {
        if (!names.containsKey(place)) {
            names = probe.names();
        }
        return names.getOrDefault(place, "0x%x".formatted(place));
    }

    /** On the ring's thread. A task's calls come in the order of their returns, so its tree's own comes last. */
    private void returned(CallProbe.Returned call) {
        List<CallProbe.Returned> others = open.computeIfAbsent(call.tid(), _ -> new ArrayList<>());
        if (call.number() != 0) {
            if (!others.isEmpty() && others.getFirst().root() != call.root()) {
                others.clear();
            }
            others.add(call);
            return;
        }
        open.remove(call.tid());
        if (!call.wanted() || (failed && CallValues.errno(function, call.value()) == 0) || !run.admits()) {
            return;
        }
        others.removeIf(other -> other.root() != call.root());
        try {
            show(CallTree.of(call, others, this::name, other -> CallValues.errno(name(other.place()), other.value())));
        } catch (RuntimeException e) {
            run.fail(e);
        }
    }

    private synchronized void show(CallTree tree) {
        trees++;
        incomplete += tree.missing() > 0 ? 1 : 0;
        if (run.output().isForPeople()) {
            CallProbe.Returned call = tree.call();
            run.output().line(new Line().add(Ink.HEADING, "%s, pid %d".formatted(call.comm(), call.pid())));
            tree.lines().forEach(run.output()::line);
            born(tree);
            if (tree.missing() > 0) {
                run.output().line(new Line().add(Ink.BAD, "%d calls are missing".formatted(tree.missing())));
            }
            run.output().line("");
        } else {
            try (Rows rows = run.output().rows(SCHEMA)) {
                row(rows, tree, tree.call());
            }
        }
        run.output().flush();
    }

    private void born(CallTree tree) {
        List<CallTree> way = tree.born();
        if (failed && !way.isEmpty()) {
            run.output()
                    .line(new Line()
                            .add(Ink.BAD, "-" + KernelErrno.name(tree.errno()))
                            .add(" born in " + path(way)));
        }
    }

    /** The innermost first. */
    static String path(List<CallTree> way) {
        return way.reversed().stream().map(CallTree::function).collect(Collectors.joining(" ← "));
    }

    private void row(Rows rows, CallTree tree, CallProbe.Returned top) {
        CallProbe.Returned call = tree.call();
        rows.add(
                call.start(),
                trees,
                (long) call.number(),
                (long) call.depth(),
                top.comm(),
                (long) call.pid(),
                (long) call.tid(),
                tree.function(),
                call.end() - call.start(),
                tree.value(),
                call.number() == 0 ? (long) tree.missing() : null);
        tree.below().forEach(under -> row(rows, under, top));
    }

    @Override
    public synchronized void interval(boolean isLast) {
        if (isLast && run.output().isForPeople() && trees == 0) {
            run.output().line("no %scalls of %s".formatted(failed ? "failed " : "", function));
        }
        if (isLast && incomplete > 0) {
            System.err.println("kprobe: %d of %d trees lack calls".formatted(incomplete, trees));
        }
    }

    @Override
    public void remove() {
        probe.remove();
    }

    @Override
    public ProbeAccount account() {
        return probe.account();
    }

    @Override
    public String what() {
        return Accounts.what(function, probe.places());
    }

    @Override
    public void close() {
        probe.close();
    }
}
