package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ProbeAccount;

/** Calls that are being measured, and what is shown of them. */
final class LatencyPlanted<K> implements Planted {
    private static final String WHOLE = "all";
    private static final int PARTS = 3;

    private final ToolRun run;
    private final String target;
    private final LatencyTable table;
    private final KeyCells cells;
    private final TimeStore<K> times;
    private final Waiting waiting;
    private final LatencyCalls.Split<K> split;
    private final int room;
    private final List<Kretprobe> probes = new ArrayList<>();
    private final Map<List<Object>, LatencyTable.Group> all = new LinkedHashMap<>();
    private @Nullable Kprobe switches;
    private long measured;
    private long entries;

    LatencyPlanted(
            ToolRun run,
            String target,
            LatencyTable table,
            KeyCells cells,
            TimeStore<K> times,
            Waiting waiting,
            LatencyCalls.Split<K> split,
            int room) {
        this.room = room;
        this.run = run;
        this.target = target;
        this.table = table;
        this.cells = cells;
        this.times = times;
        this.waiting = waiting;
        this.split = split;
    }

    TimeStore<K> times() {
        return times;
    }

    Waiting waiting() {
        return waiting;
    }

    LatencyCalls.Split<K> split() {
        return split;
    }

    /** Before the first call is measured: whoever waits then is seen. */
    void plantSwitches() {
        if (waiting instanceof Waiting.BySwitches bySwitches) {
            switches = bySwitches.plant();
        }
    }

    void plant(String functions, LatencyCalls<K> calls) {
        Kretprobe probe = Kretprobe.at(functions, LatencyCalls.Call.class)
                .entryHandler(calls.entry())
                .handler(calls.back())
                .register();
        probes.add(probe);
        cells.know(target, probe.places());
    }

    @Override
    public void interval(boolean isLast) {
        Map<List<Object>, LatencyTable.Group> now = take();
        now.forEach((key, group) -> all.merge(key, group, LatencyPlanted::plus));
        if (now.isEmpty() && run.output().isForPeople()) {
            run.output().line(run.hasIntervals() ? "no calls returned" : "no calls of %s returned".formatted(target));
        } else {
            table.show(System.nanoTime(), now.values());
        }
        if (isLast) {
            Room.remark(account(), "--max-keys", room);
        }
        if (isLast && run.hasIntervals() && run.output().isForPeople() && !all.isEmpty()) {
            run.output().line("");
            run.output().line("all intervals together");
            table.show(System.nanoTime(), all.values());
        }
    }

    private static LatencyTable.Group plus(LatencyTable.Group one, LatencyTable.Group other) {
        var parts = new LinkedHashMap<>(one.parts());
        other.parts().forEach((part, found) -> parts.merge(part, found, Measured::plus));
        return new LatencyTable.Group(one.keys(), parts);
    }

    private Map<List<Object>, LatencyTable.Group> take() {
        var groups = new LinkedHashMap<List<Object>, LatencyTable.Group>();
        take(times, WHOLE, groups);
        if (split instanceof LatencyCalls.Parts<K> parts) {
            take(parts.runs(), "on CPU", groups);
            take(parts.waits(), "waiting", groups);
            // What found room as a part alone is no call.
            groups.values().removeIf(group -> group.parts().size() < PARTS);
        }
        groups.values()
                .forEach(group -> measured +=
                        Objects.requireNonNull(group.parts().get(WHOLE)).count());
        return groups;
    }

    private void take(TimeStore<K> store, String part, Map<List<Object>, LatencyTable.Group> groups) {
        TimeStore.Taken taken = store.take();
        entries += taken.entries();
        taken.groups().forEach((key, found) -> put(groups, key, part, found));
    }

    private void put(Map<List<Object>, LatencyTable.Group> groups, Object key, String part, Measured found) {
        List<Object> values = cells.of(key);
        var one = new LinkedHashMap<String, Measured>();
        one.put(part, found);
        groups.merge(values, new LatencyTable.Group(values, one), LatencyPlanted::plus);
    }

    @Override
    public void remove() {
        probes.forEach(Kretprobe::close);
        if (switches != null) {
            switches.close();
        }
    }

    /**
     * What was not wanted is a part of its own: the program ran for it. Each call that was wanted is in every map, or lost for every map
     * that was full: so it is known how many there were.
     */
    @Override
    public ProbeAccount account() {
        ProbeAccount sum = Accounts.sum(probes);
        int maps = times.maps() * (split instanceof LatencyCalls.Parts<K> ? PARTS : 1);
        long wanted = Math.max(measured, (entries + sum.entriesLost()) / maps);
        return Accounts.filtered(sum, Math.max(0, sum.delivered() - wanted), wanted - measured);
    }

    @Override
    public String what() {
        return Accounts.what(
                target, probes.stream().mapToInt(probe -> probe.places().size()).sum());
    }

    @Override
    public void close() {
        remove();
        times.close();
        waiting.close();
        split.close();
    }
}
