package org.kprobe4j.cli.trace;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts the records of a call together, and knows what of it was lost. A task's calls begin and end like brackets: when something comes of
 * one that began later and is not inside it, a call is over; if its record has not come, it was lost or the call was not wanted.
 */
final class Assembly {
    /** Of so many tasks parts may wait for their calls: those that ended inside of one leave theirs. */
    private static final int MOST_TASKS = 1 << 16;

    private final Map<Long, Place> places = new HashMap<>();
    private final Consumer<Seen> next;
    private final Map<Long, Deque<Begun>> open = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Deque<Begun>> eldest) {
            return size() > MOST_TASKS;
        }
    };
    private @Nullable Place last;
    private long calls;
    private long partial;
    private long withoutReturn;

    private record Place(long address, String name, FunctionView view, boolean isDecidedAtEntry) {}

    /** A call of which parts came. */
    private static final class Begun {
        final TraceEvent.Origin origin;
        final Seen.Extras extras = new Seen.Extras();
        int received;

        Begun(TraceEvent.Origin origin) {
            this.origin = origin;
        }
    }

    Assembly(Consumer<Seen> next) {
        this.next = next;
    }

    /**
     * Calls of a place are shown so; where addresses are hidden, which are 0 then, there is one place only.
     *
     * @param isDecidedAtEntry whether a call of which anything comes is wanted
     */
    synchronized void place(long address, String name, FunctionView view, boolean isDecidedAtEntry) {
        last = new Place(address, name, view, isDecidedAtEntry);
        places.put(address, last);
    }

    synchronized void accept(TraceEvent event) {
        switch (event) {
            case TraceEvent.Call call -> call(call);
            case TraceEvent.Part part -> part(part);
        }
    }

    /** How many calls came, whole or in part. */
    synchronized long calls() {
        return calls;
    }

    /** How many of them lack something that was lost. */
    synchronized long partial() {
        return partial;
    }

    /** Of how many calls parts came, but not the record of their return. */
    synchronized long withoutReturn() {
        return withoutReturn;
    }

    /**
     * Nothing comes any more.
     *
     * @param allReturned whether all calls have: what waits for the record of its call then has lost it
     */
    synchronized void end(boolean allReturned) {
        if (allReturned) {
            open.values().forEach(begun -> begun.forEach(this::withoutReturn));
        }
        open.clear();
    }

    private void part(TraceEvent.Part part) {
        Begun begun = begun(part.of());
        Seen.Extras extras = begun.extras;
        begun.received |= switch (part) {
            case TraceEvent.Words(var _, int slot, String text) -> text(extras, slot, text);
            case TraceEvent.FileName(var _, int slot, String text) -> text(extras, slot, text);
            case TraceEvent.Frames frames -> {
                extras.stack = frames.stack();
                yield TraceEvent.STACK;
            }
            case TraceEvent.UserFrames frames -> {
                extras.userStack = frames.stack();
                yield TraceEvent.USER_STACK;
            }
            case TraceEvent.Registers registers -> {
                extras.registers = registers.regs();
                yield TraceEvent.REGISTERS;
            }
        };
    }

    private static int text(Seen.Extras extras, int slot, String text) {
        extras.texts[slot] = text;
        return 1 << slot;
    }

    private Begun begun(TraceEvent.Origin of) {
        long task = Seen.task(of.tid(), of.cpu());
        Deque<Begun> all = open.computeIfAbsent(task, _ -> new ArrayDeque<>());
        leave(all, of.start(), of.depth());
        Begun top = all.peekLast();
        if (top != null && top.origin.start() == of.start()) {
            return top;
        }
        var begun = new Begun(of);
        all.addLast(begun);
        return begun;
    }

    /** Calls of the task that are over by now. */
    private void leave(Deque<Begun> all, long start, int depth) {
        for (Begun top = all.peekLast();
                top != null && top.origin.start() != start && top.origin.depth() >= depth;
                top = all.peekLast()) {
            all.removeLast();
            withoutReturn(top);
        }
    }

    private @Nullable Begun take(TraceEvent.Call call) {
        if (open.isEmpty()) {
            return null;
        }
        long task = Seen.task(call.tid(), call.cpu());
        Deque<Begun> all = open.get(task);
        if (all == null) {
            return null;
        }
        leave(all, call.start(), call.depth());
        Begun top = all.peekLast();
        Begun found = top != null && top.origin.start() == call.start() ? all.removeLast() : null;
        if (all.isEmpty()) {
            open.remove(task);
        }
        return found;
    }

    private void call(TraceEvent.Call call) {
        calls++;
        Begun begun = take(call);
        int lost = call.sent() & ~(begun == null ? 0 : begun.received);
        partial += lost == 0 ? 0 : 1;
        Place place = place(call.place());
        if (place != null) {
            next.accept(new Seen(place.view, place.name, call, begun == null ? null : begun.extras, lost));
        }
    }

    private void withoutReturn(Begun begun) {
        Place place = place(begun.origin.place());
        if (place != null && place.isDecidedAtEntry) {
            withoutReturn++;
            next.accept(new Seen(
                    place.view,
                    place.name,
                    TraceEvent.Call.withoutReturn(begun.origin),
                    begun.extras,
                    Seen.LOST_RETURN));
        }
    }

    private @Nullable Place place(long address) {
        Place place = last;
        if (place == null || place.address != address) {
            Place found = places.get(address);
            place = found == null ? place : found;
            last = place;
        }
        return place;
    }
}
