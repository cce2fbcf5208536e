package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.SkippedPlace;
import org.kprobe4j.cli.expression.Expressions.Condition;

/** Puts the tree of each call together when it has returned. */
final class CallsPlanted implements Planted {
    private final ToolRun run;
    private final String function;
    private final boolean failed;
    private final CallsShown shown;
    private final CallProbe probe;
    private final Map<Integer, List<CallProbe.Returned>> open = new HashMap<>();
    private Map<Long, String> names = Map.of();
    private long trees;
    private long incomplete;

    CallsPlanted(
            ToolRun run, String function, List<String> below, Condition condition, boolean failed, CallsShown shown) {
        this.run = run;
        this.function = function;
        this.failed = failed;
        this.shown = shown;
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
        shown.add(tree, trees);
    }

    @Override
    public synchronized void interval(boolean isLast) {
        shown.interval();
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
    public String shortened(String remark) {
        return probe.shortened(remark);
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
