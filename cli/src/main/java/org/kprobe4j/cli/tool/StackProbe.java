package org.kprobe4j.cli.tool;

import java.util.HashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/**
 * The planted probe of {@code kprobe stacks}: counts in the kernel by the stack on which the target was reached.
 *
 * @param <K> the keys
 */
abstract sealed class StackProbe<K> implements AutoCloseable {
    /** What was found for a key: how many hits, and of calls their times in nanoseconds. */
    record Weight(long hits, long timeNs, long maxNs) {
        /** Of two keys that are told apart in the kernel only. */
        Weight plus(Weight other) {
            return new Weight(hits + other.hits, timeNs + other.timeNs, Math.max(maxNs, other.maxNs));
        }
    }

    private final StackKeys<K> keys;

    private StackProbe(StackKeys<K> keys) {
        this.keys = keys;
    }

    /**
     * Plants it.
     *
     * @param target a function, a place, or several
     * @param keys by what hits are told apart
     * @param scope whose hits count
     * @param condition what a hit must fulfil besides
     * @param times whether the calls' times are taken; if not, and the condition is decided at the entry, no return is looked at
     * @param maxStacks how many keys there is room for
     */
    static <K> StackProbe<K> plant(
            String target, StackKeys<K> keys, Scope scope, Condition condition, boolean times, int maxStacks) {
        return times || condition.needsReturn()
                ? new OfCalls<>(target, keys, scope, condition, maxStacks)
                : new OfHits<>(target, keys, new Wanted(scope, condition.atEntry()), maxStacks);
    }

    /** Calls an action for each key; {@code take} removes them from the kernel. */
    final void forEach(boolean take, BiConsumer<StackKeys.Parts, Weight> action) {
        weights(take).forEach((key, weight) -> action.accept(keys.parts(key), weight));
    }

    abstract Map<K, Weight> weights(boolean take);

    abstract ProbeAccount account();

    /** At how many places it is planted. */
    abstract int places();

    /** Removes the probe; what was counted can still be read. */
    abstract void remove();

    /** Hits of a place, counted by one addition in a map. */
    private static final class OfHits<K> extends StackProbe<K> {
        private final KernelMap<K, Long> counts;
        private final Kprobe probe;

        OfHits(String target, StackKeys<K> keys, Wanted wanted, int maxStacks) {
            super(keys);
            counts = KernelMap.of(keys.type(), Long.class, maxStacks);
            probe = closingOnFailure(
                    counts::close,
                    () -> Kprobe.at(target)
                            .preHandler(handler(keys, wanted, counts))
                            .register());
        }

        private static <K> PreHandler handler(StackKeys<K> keys, Wanted wanted, KernelMap<K, Long> counts) {
            return (p, regs) -> {
                if (wanted.is(new Moment.AtPlace(p, regs))) {
                    counts.add(keys.key(), 1);
                }
                return 0;
            };
        }

        @Override
        Map<K, Weight> weights(boolean take) {
            Map<K, Long> all = take ? counts.takeAll() : counts.entries();
            var weights = new HashMap<K, Weight>();
            all.forEach((key, hits) -> weights.put(key, new Weight(hits, 0, 0)));
            return weights;
        }

        @Override
        ProbeAccount account() {
            return probe.account();
        }

        @Override
        int places() {
            return probe.places().size();
        }

        @Override
        void remove() {
            probe.close();
        }

        @Override
        public void close() {
            remove();
            counts.close();
        }
    }

    /** A call that is followed. */
    static final class Call {
        /** Nanoseconds of the monotonic clock. */
        long start;

        /** The number of the stack on which it was entered. */
        long stack;
    }

    /**
     * Calls of a function. The stack is taken at the entry: at the return older kernels do not find the caller. A map gives each stack a
     * number, so that the return finds again what the entry saw.
     */
    private static final class OfCalls<K> extends StackProbe<K> {
        private final KernelMap<K, Long> numbers;
        private final SummaryMap<Long> times;
        private final Kretprobe probe;

        OfCalls(String target, StackKeys<K> keys, Scope scope, Condition condition, int maxStacks) {
            super(keys);
            numbers = KernelMap.of(keys.type(), Long.class, maxStacks);
            times = closingOnFailure(numbers::close, () -> SummaryMap.of(Long.class, maxStacks));
            probe = closingOnFailure(
                    numbers::close,
                    () -> closingOnFailure(
                            times::close,
                            () -> Kretprobe.at(target, Call.class)
                                    .entryHandler(entry(keys, new Wanted(scope, condition.atEntry()), numbers))
                                    .handler(back(condition.atReturn(), times))
                                    .register()));
        }

        private static <K> EntryHandler<Call> entry(StackKeys<K> keys, Wanted wanted, KernelMap<K, Long> numbers) {
            return (ri, regs) -> {
                if (!wanted.is(new Moment.InCall(ri, regs, 0))) {
                    return 1;
                }
                K key = keys.key();
                Long known = numbers.get(key);
                if (known != null) {
                    ri.data().stack = known;
                } else {
                    // No other stack gets it: a CPU is in one handler at a time, and its clock goes on.
                    long fresh = Kernel.ktimeNs() << CPU_BITS | Kernel.cpu();
                    ri.data().stack = numbers.putIfAbsent(key, fresh) ? fresh : numbers.getOrDefault(key, NO_ROOM);
                }
                ri.data().start = Kernel.ktimeNs();
                return 0;
            };
        }

        private static ReturnHandler<Call> back(Value wanted, SummaryMap<Long> times) {
            return (ri, regs) -> {
                long time = Kernel.ktimeNs() - ri.data().start;
                if (wanted.value(new Moment.InCall(ri, regs, time)) != 0) {
                    times.record(ri.data().stack, time);
                }
                return 0;
            };
        }

        @Override
        Map<K, Weight> weights(boolean take) {
            Map<Long, LongSummaryStatistics> found = take ? times.takeAll() : times.entries();
            var weights = new HashMap<K, Weight>();
            numbers.forEach((key, number) -> {
                LongSummaryStatistics time = found.get(number);
                if (time != null) {
                    weights.put(key, new Weight(time.getCount(), time.getSum(), time.getMax()));
                }
            });
            return weights;
        }

        @Override
        ProbeAccount account() {
            return probe.account();
        }

        @Override
        int places() {
            return probe.places().size();
        }

        @Override
        void remove() {
            probe.close();
        }

        @Override
        public void close() {
            remove();
            times.close();
            numbers.close();
        }
    }

    private static <T> T closingOnFailure(Runnable close, Supplier<T> next) {
        try {
            return next.get();
        } catch (RuntimeException e) {
            close.run();
            throw e;
        }
    }

    /** NR_CPUS is at most 8192. */
    private static final int CPU_BITS = 13;

    /** The number of calls whose stack found no room; they are counted among the entries lost. */
    private static final long NO_ROOM = 0;

    @Override
    public abstract void close();
}
