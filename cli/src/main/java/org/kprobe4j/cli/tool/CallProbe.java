package org.kprobe4j.cli.tool;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.SkippedPlace;
import org.kprobe4j.TaskLocal;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/** The planted probes of {@code kprobe calls}: one at the function, one at all that may be called below it. */
final class CallProbe implements AutoCloseable {
    private static final int RING_BYTES = 1 << 22;

    /** What a task is inside of; {@code top} is 0 outside of the function, else the stack pointer at its entry. */
    record Inside(long top, long root, int calls, int depth) {}

    /**
     * A call that returned. Those below the function's call come before it.
     *
     * @param root which call of the function it belongs to: when that was entered, nanoseconds of the monotonic clock
     * @param number in the order of the entries, 0 for the function's own call
     * @param depth how many followed calls it is below it
     * @param calls how many calls were entered up to now
     * @param wanted whether the function's call is; true for those below
     */
    record Returned(
            long root,
            int tid,
            int pid,
            int number,
            int depth,
            int calls,
            boolean wanted,
            String comm,
            long place,
            long start,
            long end,
            long value) {}

    /** A call that is followed. */
    static final class Call {
        /** Nanoseconds of the monotonic clock. */
        long start;

        /** Which one of the tree's. */
        int number;

        /** Where in the tree. */
        int depth;
    }

    private final TaskLocal<Inside> inside = TaskLocal.of(Inside.class);
    private final RingBuffer<Returned> ring = RingBuffer.of(Returned.class, RING_BYTES);
    private final @Nullable Kretprobe below;
    private final Kretprobe top;
    private final String function;
    private final String belowTarget;

    /** {@code below}: names of functions; {@code reader} gets all that returns, on a thread of its own. */
    CallProbe(String function, List<String> below, Scope scope, Condition condition, Consumer<Returned> reader) {
        @Nullable Kretprobe planted = null;
        this.function = function;
        this.belowTarget = expression(below);
        try {
            ring.forEach(reader);
            planted = below.isEmpty() ? null : below(belowTarget, inside, ring);
            this.below = planted;
            // Last, so that no call begins a tree before all probes are there.
            this.top = top(function, scope, condition, inside, ring);
        } catch (RuntimeException e) {
            if (planted != null) {
                planted.close();
            }
            ring.close();
            inside.close();
            String why = String.valueOf(e.getMessage());
            throw why.contains(belowTarget) ? new KprobeException(shortened(why)) : e;
        }
    }

    /** What is said of the probe below the function names hundreds. */
    String shortened(String text) {
        return text.replace(belowTarget, "the functions below " + function);
    }

    /** A pattern: what of it cannot be probed is left out and named. */
    static String expression(List<String> names) {
        return names.stream().map(name -> name.replace(".", "\\.")).collect(Collectors.joining("|", "/^(", ")$/"));
    }

    private static Kretprobe top(
            String function, Scope scope, Condition condition, TaskLocal<Inside> inside, RingBuffer<Returned> ring) {
        Value atEntry = condition.atEntry();
        Value atReturn = condition.atReturn();
        EntryHandler<Call> entry = (ri, regs) -> {
            Inside now = inside.get();
            // A call that was left without a return stands at a lower address than this one: it is over.
            if (now != null && now.top() != 0 && Long.compareUnsigned(regs.sp(), now.top()) < 0) {
                ri.data().number = now.calls() + 1;
                ri.data().depth = now.depth() + 1;
                inside.set(new Inside(now.top(), now.root(), now.calls() + 1, now.depth() + 1));
                ri.data().start = Kernel.ktimeNs();
                return 0;
            }
            if (!scope.covers() || atEntry.value(new Moment.InCall(ri, regs, 0)) == 0) {
                return 1;
            }
            long start = Kernel.ktimeNs();
            inside.set(new Inside(regs.sp(), start, 0, 0));
            ri.data().start = start;
            return 0;
        };
        ReturnHandler<Call> back = (ri, regs) -> {
            long end = Kernel.ktimeNs();
            Inside now = inside.get();
            if (now != null && now.top() != 0) {
                int depth = ri.data().depth;
                boolean wanted = depth != 0 || atReturn.value(new Moment.InCall(ri, regs, end - ri.data().start)) != 0;
                ring.emit(new Returned(
                        now.root(),
                        Kernel.tid(),
                        Kernel.pid(),
                        ri.data().number,
                        depth,
                        now.calls(),
                        wanted,
                        Kernel.comm(),
                        ri.addr(),
                        ri.data().start,
                        end,
                        regs.returnValue()));
                inside.set(
                        depth == 0
                                ? new Inside(0, 0, 0, 0)
                                : new Inside(now.top(), now.root(), now.calls(), depth - 1));
            }
            return 0;
        };
        return Kretprobe.at(function, Call.class)
                .maxactive(Kretprobe.MAXACTIVE_MAX / 4)
                .entryHandler(entry)
                .handler(back)
                .register();
    }

    private static Kretprobe below(String target, TaskLocal<Inside> inside, RingBuffer<Returned> ring) {
        EntryHandler<Call> entry = (ri, regs) -> {
            Inside now = inside.get();
            if (now == null || now.top() == 0) {
                return 1;
            }
            ri.data().number = now.calls() + 1;
            ri.data().depth = now.depth() + 1;
            inside.set(new Inside(now.top(), now.root(), now.calls() + 1, now.depth() + 1));
            ri.data().start = Kernel.ktimeNs();
            return 0;
        };
        ReturnHandler<Call> back = (ri, regs) -> {
            long end = Kernel.ktimeNs();
            Inside now = inside.get();
            if (now != null && now.top() != 0) {
                ring.emit(new Returned(
                        now.root(),
                        Kernel.tid(),
                        Kernel.pid(),
                        ri.data().number,
                        ri.data().depth,
                        now.calls(),
                        true,
                        "",
                        ri.addr(),
                        ri.data().start,
                        end,
                        regs.returnValue()));
                inside.set(new Inside(now.top(), now.root(), now.calls(), ri.data().depth - 1));
            }
            return 0;
        };
        return Kretprobe.at(target, Call.class)
                .entryHandler(entry)
                .handler(back)
                .register();
    }

    /** The names of the places, by address. */
    Map<Long, String> names() {
        var names = new HashMap<Long, String>();
        Stream.of(top, below)
                .filter(Objects::nonNull)
                .flatMap(probe -> probe.places().stream())
                .forEach(place -> names.put(place.addr(), place.symbolName()));
        return names;
    }

    List<SkippedPlace> skipped() {
        return below == null ? List.of() : below.skipped();
    }

    ProbeAccount account() {
        return below == null ? top.account() : top.account().plus(below.account());
    }

    int places() {
        return 1 + (below == null ? 0 : below.places().size());
    }

    /** Removes the probes; the reader has got all when this returns. */
    void remove() {
        top.close();
        if (below != null) {
            below.close();
        }
        ring.close();
    }

    @Override
    public void close() {
        remove();
        inside.close();
    }
}
