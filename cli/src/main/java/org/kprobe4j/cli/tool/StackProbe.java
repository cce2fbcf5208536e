package org.kprobe4j.cli.tool;

import java.util.HashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.TaskLocal;
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
        /** Where the return probe's own entry handler does not see the caller: these see it first. */
        private final @Nullable Kprobe first;

        private final @Nullable TaskLocal<Long> reached;

        OfCalls(String target, StackKeys<K> keys, Scope scope, Condition condition, int maxStacks) {
            super(keys);
            var wanted = new Wanted(scope, condition.atEntry());
            numbers = KernelMap.of(keys.type(), Long.class, maxStacks);
            @Nullable SummaryMap<Long> sums = null;
            @Nullable TaskLocal<Long> local = null;
            @Nullable Kretprobe planted = null;
            try {
                sums = SummaryMap.of(Long.class, maxStacks);
                local = Unwinding.passesReturnProbes() ? null : TaskLocal.of(Long.class);
                planted = Kretprobe.at(target, Call.class)
                        .entryHandler(local == null ? entry(keys, wanted, numbers) : after(wanted, local))
                        .handler(back(condition.atReturn(), sums))
                        .register();
                first = local == null
                        ? null
                        : Kprobe.at(target)
                                .preHandler(before(keys, wanted, numbers, local))
                                .register();
            } catch (RuntimeException e) {
                Stream.of(planted, local, sums, numbers)
                        .filter(Objects::nonNull)
                        .forEach(OfCalls::close);
                throw e;
            }
            times = sums;
            reached = local;
            probe = planted;
        }

        private static void close(AutoCloseable one) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        /**
         * Before 5.16 the unwinder ends at the trampoline that a return probe has put in the place of the return address by the time its
         * own entry handler runs. A probe of the same place that is planted later runs before that.
         */
        private static <K> PreHandler before(
                StackKeys<K> keys, Wanted wanted, KernelMap<K, Long> numbers, TaskLocal<Long> reached) {
            return (p, regs) -> {
                if (wanted.is(new Moment.AtPlace(p, regs))) {
                    reached.set(number(keys, numbers));
                }
                return 0;
            };
        }

        private static EntryHandler<Call> after(Wanted wanted, TaskLocal<Long> reached) {
            return (ri, regs) -> {
                if (!wanted.is(new Moment.InCall(ri, regs, 0))) {
                    return 1;
                }
                Long known = reached.get();
                if (known != null) {
                    ri.data().stack = known;
                    boolean _ = reached.remove();
                }
                ri.data().start = Kernel.ktimeNs();
                return 0;
            };
        }

        /** The number of the stack on which the handler is. */
        private static <K> long number(StackKeys<K> keys, KernelMap<K, Long> numbers) {
            K key = keys.key();
            Long known = numbers.get(key);
            if (known != null) {
                return known;
            }
            // No other stack gets it: a CPU is in one handler at a time, and its clock goes on.
            long fresh = Kernel.ktimeNs() << CPU_BITS | Kernel.cpu();
            return numbers.putIfAbsent(key, fresh) ? fresh : numbers.getOrDefault(key, NO_ROOM);
        }

        private static <K> EntryHandler<Call> entry(StackKeys<K> keys, Wanted wanted, KernelMap<K, Long> numbers) {
            return (ri, regs) -> {
                if (!wanted.is(new Moment.InCall(ri, regs, 0))) {
                    return 1;
                }
                ri.data().stack = number(keys, numbers);
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
            ProbeAccount calls = probe.account();
            if (first == null) {
                return calls;
            }
            ProbeAccount stacks = first.account();
            return new ProbeAccount(
                    calls.hits(),
                    calls.delivered(),
                    calls.filtered(),
                    calls.inFlight(),
                    calls.endedInside(),
                    calls.missed(),
                    calls.recursion(),
                    calls.mapFull(),
                    calls.faulted(),
                    calls.recordsLost(),
                    calls.recordsContended(),
                    calls.entriesLost() + stacks.entriesLost(),
                    calls.stacksLost() + stacks.stacksLost(),
                    calls.untold());
        }

        @Override
        int places() {
            return probe.places().size();
        }

        @Override
        void remove() {
            if (first != null) {
                first.close();
            }
            probe.close();
        }

        @Override
        public void close() {
            remove();
            if (reached != null) {
                reached.close();
            }
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
