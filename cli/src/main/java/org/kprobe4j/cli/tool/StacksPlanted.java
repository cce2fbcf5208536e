package org.kprobe4j.cli.tool;

import org.kprobe4j.ProbeAccount;

/** Shows stacks: those that came in an interval, or all at the end. */
final class StacksPlanted implements Planted {
    private final String target;
    private final StackProbe<?> probe;
    private final StacksShown shown;
    private final boolean byTime;
    private long counted;

    StacksPlanted(String target, StackProbe<?> probe, StacksShown shown, boolean byTime) {
        this.target = target;
        this.probe = probe;
        this.shown = shown;
        this.byTime = byTime;
    }

    @Override
    public void interval(boolean isLast) {
        var table = new StackTable(byTime);
        probe.forEach(true, (parts, weight) -> table.add(Stack.of(parts), weight));
        counted += table.total().hits();
        shown.show(table, isLast);
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
        return Accounts.what(target, probe.places());
    }

    @Override
    public void close() {
        probe.close();
    }
}
