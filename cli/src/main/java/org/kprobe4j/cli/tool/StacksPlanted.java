package org.kprobe4j.cli.tool;

import java.util.List;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ProbePlace;

/** Shows stacks: those that came in an interval, or all at the end. */
final class StacksPlanted implements Planted {
    private final String target;
    private final StackProbe<?, ?> probe;
    private final List<KeyColumn> columns;
    private final KeyCells cells;
    private final StacksShown shown;
    private final boolean byTime;
    private final int room;
    private int places;
    private long counted;

    StacksPlanted(
            String target,
            StackProbe<?, ?> probe,
            List<KeyColumn> columns,
            StacksShown shown,
            boolean byTime,
            int room) {
        this.target = target;
        this.probe = probe;
        this.columns = List.copyOf(columns);
        this.cells = new KeyCells(columns);
        this.shown = shown;
        this.byTime = byTime;
        this.room = room;
    }

    /** A probe was planted. */
    void know(List<ProbePlace> found) {
        cells.know(target, found);
        places += found.size();
    }

    @Override
    public void interval(boolean isLast) {
        var table = new StackTable(byTime);
        probe.forEach(true, (key, stacks, weight) -> table.add(Stack.of(stacks, columns, cells.of(key)), weight));
        counted += table.total().hits();
        shown.show(table, isLast);
        if (isLast) {
            Room.remark(probe.account(), "--max-stacks", room);
        }
    }

    @Override
    public void remove() {
        probe.remove();
    }

    /** What was not wanted is a part of its own: the program ran for it. */
    @Override
    public ProbeAccount account() {
        ProbeAccount all = probe.account();
        return Accounts.filtered(all, Math.max(0, all.delivered() - counted - all.entriesLost()));
    }

    @Override
    public String what() {
        return Accounts.what(target, places);
    }

    @Override
    public void close() {
        probe.close();
    }
}
