package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.PerCpuMap;
import org.kprobe4j.ProbeAccount;

/** Calls whose return values are being counted, and what is shown of them. */
final class RetPlanted<K> implements Planted {
    private final ToolRun run;
    private final String target;
    private final ReturnTable table;
    private final KeyCells cells;
    private final PerCpuMap<K, Long> counts;
    private final int room;
    private final List<Kretprobe> probes = new ArrayList<>();
    private Map<K, Long> before = Map.of();

    RetPlanted(ToolRun run, String target, ReturnTable table, KeyCells cells, PerCpuMap<K, Long> counts, int room) {
        this.room = room;
        this.run = run;
        this.target = target;
        this.table = table;
        this.cells = cells;
        this.counts = counts;
    }

    void plant(String functions, ReturnCalls<K> calls) {
        Kretprobe probe = Kretprobe.at(functions, LatencyCalls.Call.class)
                .entryHandler(calls.entry())
                .handler(calls.back())
                .register();
        probes.add(probe);
        cells.know(target, probe.places());
    }

    @Override
    public void interval(boolean isLast) {
        if (isLast) {
            Room.remark(Accounts.sum(probes), "--max-keys", room);
        }
        Map<K, Long> sums = counts.sums();
        var since = new HashMap<K, Long>(sums);
        before.forEach((key, count) -> since.merge(key, -count, Long::sum));
        before = sums;
        show(since);
        if (isLast && run.hasIntervals() && run.output().isForPeople() && !sums.isEmpty()) {
            run.output().line("");
            run.output().line("all intervals together");
            show(sums);
        }
    }

    private void show(Map<K, Long> found) {
        var groups = new HashMap<List<Object>, SortedMap<Long, Long>>();
        found.forEach((key, count) -> {
            if (count != 0) {
                groups.computeIfAbsent(cells.of(key), _ -> new TreeMap<>()).merge(KeyShape.own(key), count, Long::sum);
            }
        });
        if (groups.isEmpty() && run.output().isForPeople()) {
            run.output().line(run.hasIntervals() ? "no calls returned" : "no calls of %s returned".formatted(target));
            return;
        }
        table.show(
                System.nanoTime(),
                groups.entrySet().stream()
                        .map(entry -> new ReturnTable.Group(entry.getKey(), entry.getValue()))
                        .sorted(Comparator.comparingLong(ReturnTable.Group::total)
                                .reversed()
                                .thenComparing(group -> group.keys().toString()))
                        .toList());
    }

    @Override
    public void remove() {
        probes.forEach(Kretprobe::close);
    }

    /** What was not wanted is a part of its own: the program ran for it. */
    @Override
    public ProbeAccount account() {
        ProbeAccount sum = Accounts.sum(probes);
        long counted =
                counts.sums().values().stream().mapToLong(Long::longValue).sum();
        return Accounts.filtered(sum, Math.max(0, sum.delivered() - counted - sum.entriesLost()));
    }

    @Override
    public String what() {
        return Accounts.what(
                target, probes.stream().mapToInt(probe -> probe.places().size()).sum());
    }

    @Override
    public void close() {
        remove();
        counts.close();
    }
}
