package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The order in which people read calls: a call, then those that it made, by the time of their beginning. Calls come when they return, the
 * innermost first; so those inside another traced call are held until the outermost one of their task returns, a second at most.
 */
final class ReadingOrder {
    private static final long PATIENCE_NANOS = 1_000_000_000;
    private static final int MOST = 10_000;
    private static final Comparator<Seen> BY_BEGINNING = Comparator.comparingLong(
                    (Seen seen) -> seen.call().start())
            .thenComparingInt(seen -> seen.call().depth());

    private final Consumer<Seen> next;
    private final Map<Long, Held> held = new HashMap<>();

    /** The calls of a task. */
    private record Held(long since, List<Seen> calls) {}

    ReadingOrder(Consumer<Seen> next) {
        this.next = next;
    }

    void accept(Seen seen, long now) {
        long task = Seen.task(seen.call().tid(), seen.call().cpu());
        if (seen.call().depth() > 0) {
            Held calls = held.computeIfAbsent(task, _ -> new Held(now, new ArrayList<>()));
            calls.calls.add(seen);
            if (calls.calls.size() >= MOST) {
                release(calls);
                held.remove(task);
            }
            return;
        }
        Held inside = held.remove(task);
        if (inside == null) {
            next.accept(seen);
            return;
        }
        inside.calls.add(seen);
        release(inside);
    }

    private void release(Held calls) {
        calls.calls.sort(BY_BEGINNING);
        calls.calls.forEach(next);
    }

    /** Lets those go whose outermost call takes too long. */
    void tick(long now) {
        for (Iterator<Held> all = held.values().iterator(); all.hasNext(); ) {
            Held calls = all.next();
            if (now - calls.since >= PATIENCE_NANOS) {
                all.remove();
                release(calls);
            }
        }
    }

    /** No more come. */
    void end() {
        held.values().forEach(this::release);
        held.clear();
    }
}
