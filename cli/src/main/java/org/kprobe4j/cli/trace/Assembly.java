package org.kprobe4j.cli.trace;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts the records of a call together. What comes of calls that are not shown in the end is dropped after a while. */
final class Assembly {
    /** So many calls may be in flight, or unwanted, with something sent of them. */
    private static final int MOST = 1 << 16;
    /** More than there are processors. */
    private static final long PROCESSORS = 1 << 13;

    private final Map<Long, Place> places = new HashMap<>();
    private final Consumer<Seen> next;
    private final Map<Long, Seen.Extras> waiting = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Seen.Extras> eldest) {
            return size() > MOST;
        }
    };
    private @Nullable Place last;
    private long calls;

    private record Place(long address, String name, FunctionView view) {}

    Assembly(Consumer<Seen> next) {
        this.next = next;
    }

    /** Calls of a place are shown so; where addresses are hidden, which are 0 then, there is one place only. */
    synchronized void place(long address, String name, FunctionView view) {
        last = new Place(address, name, view);
        places.put(address, last);
    }

    synchronized void accept(TraceEvent event) {
        switch (event) {
            case TraceEvent.Call call -> call(call);
            case TraceEvent.Words words -> extras(words).texts[words.slot()] = words.text();
            case TraceEvent.FileName file -> extras(file).texts[file.slot()] = file.text();
            case TraceEvent.Frames frames -> extras(frames).stack = frames.stack();
            case TraceEvent.UserFrames frames -> extras(frames).userStack = frames.stack();
            case TraceEvent.Registers registers -> extras(registers).registers = registers.regs();
        }
    }

    /** How many calls came. */
    synchronized long calls() {
        return calls;
    }

    private static long key(TraceEvent event) {
        return event.start() * PROCESSORS + event.cpu();
    }

    private Seen.Extras extras(TraceEvent event) {
        return waiting.computeIfAbsent(key(event), _ -> new Seen.Extras());
    }

    private void call(TraceEvent.Call call) {
        calls++;
        Seen.Extras extras = waiting.isEmpty() ? null : waiting.remove(key(call));
        Place place = last;
        if (place == null || place.address != call.place()) {
            Place found = places.get(call.place());
            place = found == null ? place : found;
            last = place;
        }
        if (place != null) {
            next.accept(new Seen(place.view, place.name, call, extras));
        }
    }
}
