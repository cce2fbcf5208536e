package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.TaskLocal;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/**
 * The planted probes of {@code kprobe stacks}: count in the kernel by the stack on which the target was reached, and by keys. One map gives
 * each stack a number, another counts by the keys and that number: so keys of any shape go with any stacks, and a call's return finds again
 * what its entry saw.
 *
 * @param <S> the stacks
 * @param <K> the keys
 */
abstract sealed class StackProbe<S, K> implements AutoCloseable {
    /** NR_CPUS is at most 8192. */
    private static final int CPU_BITS = 13;

    /** The number of hits whose stack found no room; they are counted among the entries lost. */
    private static final long NO_ROOM = 0;

    /** What was found for a key: how many hits, and of calls their times in nanoseconds. */
    record Weight(long hits, long timeNs, long maxNs) {
        /** Of two keys that are told apart in the kernel only. */
        Weight plus(Weight other) {
            return new Weight(hits + other.hits, timeNs + other.timeNs, Math.max(maxNs, other.maxNs));
        }
    }

    /** What is done with a key, the stacks that belong to it, and what it weighs. */
    interface Visitor {
        /** One of them. */
        void visit(Object key, Stacks.Parts stacks, Weight weight);
    }

    private final Stacks<S> stacks;
    private final KernelMap<S, Long> numbers;

    private StackProbe(Stacks<S> stacks, int maxStacks) {
        this.stacks = stacks;
        this.numbers = KernelMap.of(stacks.type(), Long.class, maxStacks);
    }

    /**
     * Makes the maps; {@link #plant} plants.
     *
     * @param stacks which stacks are told apart
     * @param first the shape of the keys
     * @param atReturn whether something is known when the calls return only, as their times
     * @param maxStacks how many stacks, and how many keys, there is room for
     */
    static <S, K> StackProbe<S, K> open(Stacks<S> stacks, KeyShape<K> first, boolean atReturn, int maxStacks) {
        return atReturn ? new OfCalls<>(stacks, first, maxStacks) : new OfHits<>(stacks, first, maxStacks);
    }

    /** Plants a probe for some functions; where it is planted. */
    abstract List<ProbePlace> plant(String target, Scope scope, Condition condition, KeyShape<K> shape);

    abstract Map<K, Weight> weights(boolean take);

    abstract ProbeAccount account();

    /** Removes the probes; what was counted can still be read. */
    abstract void remove();

    @Override
    public void close() {
        remove();
        numbers.close();
    }

    /** Calls an action for each key; {@code take} removes them from the kernel. */
    final void forEach(boolean take, Visitor visitor) {
        Map<K, Weight> weights = weights(take);
        var byNumber = new HashMap<Long, S>();
        numbers.forEach((stack, number) -> byNumber.put(number, stack));
        weights.forEach((key, weight) -> {
            S stack = byNumber.get(KeyShape.own(key));
            if (stack != null) {
                visitor.visit(key, stacks.parts(stack), weight);
            }
        });
    }

    /** The number of the stack on which the handler is. */
    private static <S> long number(Stacks<S> stacks, KernelMap<S, Long> numbers) {
        S here = stacks.here();
        Long known = numbers.get(here);
        if (known != null) {
            return known;
        }
        // No other stack gets it: a CPU is in one handler at a time, and its clock goes on.
        long fresh = Kernel.ktimeNs() << CPU_BITS | Kernel.cpu();
        return numbers.putIfAbsent(here, fresh) ? fresh : numbers.getOrDefault(here, NO_ROOM);
    }

    /** Hits of places. */
    private static final class OfHits<S, K> extends StackProbe<S, K> {
        private final KernelMap<K, Long> counts;
        private final List<Kprobe> probes = new ArrayList<>();

        OfHits(Stacks<S> stacks, KeyShape<K> first, int maxStacks) {
            super(stacks, maxStacks);
            counts = KernelMap.of(first.type(), Long.class, maxStacks);
        }

        @Override
        List<ProbePlace> plant(String target, Scope scope, Condition condition, KeyShape<K> shape) {
            var wanted = new Wanted(scope, condition.atEntry());
            probes.add(Kprobe.at(target)
                    .preHandler(handler(super.stacks, super.numbers, wanted, shape, counts))
                    .register());
            return probes.getLast().places();
        }

        private static <S, K> PreHandler handler(
                Stacks<S> stacks,
                KernelMap<S, Long> numbers,
                Wanted wanted,
                KeyShape<K> shape,
                KernelMap<K, Long> counts) {
            return (p, regs) -> {
                var moment = new Moment.AtPlace(p, regs);
                if (wanted.is(moment)) {
                    long stack = number(stacks, numbers);
                    if (stack != NO_ROOM) {
                        counts.add(shape.key(moment, stack), 1);
                    }
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
            return probes.stream()
                    .map(Kprobe::account)
                    .reduce(ProbeAccount::plus)
                    .orElseThrow();
        }

        @Override
        void remove() {
            probes.forEach(Kprobe::close);
        }

        @Override
        public void close() {
            super.close();
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

    /** Calls of functions. The stack is taken at the entry: at the return older kernels do not find the caller. */
    private static final class OfCalls<S, K> extends StackProbe<S, K> {
        private final SummaryMap<K> times;
        private final List<Kretprobe> probes = new ArrayList<>();

        /** Where the return probes' own entry handlers do not see the caller: these see it first. */
        private final List<Kprobe> first = new ArrayList<>();

        private final @Nullable TaskLocal<Long> reached;

        OfCalls(Stacks<S> stacks, KeyShape<K> shape, int maxStacks) {
            super(stacks, maxStacks);
            times = SummaryMap.of(shape.type(), maxStacks);
            reached = Unwinding.passesReturnProbes() ? null : TaskLocal.of(Long.class);
        }

        @Override
        List<ProbePlace> plant(String target, Scope scope, Condition condition, KeyShape<K> shape) {
            var wanted = new Wanted(scope, condition.atEntry());
            probes.add(Kretprobe.at(target, Call.class)
                    .entryHandler(reached == null ? entry(super.stacks, super.numbers, wanted) : after(wanted, reached))
                    .handler(back(condition.atReturn(), shape, times))
                    .register());
            if (reached != null) {
                first.add(Kprobe.at(target)
                        .preHandler(before(super.stacks, super.numbers, wanted, reached))
                        .register());
            }
            return probes.getLast().places();
        }

        /**
         * Before 5.16 the unwinder ends at the trampoline that a return probe has put in the place of the return address by the time its
         * own entry handler runs. A probe of the same place that is planted later runs before that.
         */
        private static <S> PreHandler before(
                Stacks<S> stacks, KernelMap<S, Long> numbers, Wanted wanted, TaskLocal<Long> reached) {
            return (p, regs) -> {
                if (wanted.is(new Moment.AtPlace(p, regs))) {
                    reached.set(number(stacks, numbers));
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

        private static <S> EntryHandler<Call> entry(Stacks<S> stacks, KernelMap<S, Long> numbers, Wanted wanted) {
            return (ri, regs) -> {
                if (!wanted.is(new Moment.InCall(ri, regs, 0))) {
                    return 1;
                }
                ri.data().stack = number(stacks, numbers);
                ri.data().start = Kernel.ktimeNs();
                return 0;
            };
        }

        private static <K> ReturnHandler<Call> back(Value wanted, KeyShape<K> shape, SummaryMap<K> times) {
            return (ri, regs) -> {
                long time = Kernel.ktimeNs() - ri.data().start;
                var moment = new Moment.InCall(ri, regs, time);
                if (ri.data().stack != NO_ROOM && wanted.value(moment) != 0) {
                    times.record(shape.key(moment, ri.data().stack), time);
                }
                return 0;
            };
        }

        @Override
        Map<K, Weight> weights(boolean take) {
            Map<K, LongSummaryStatistics> found = take ? times.takeAll() : times.entries();
            var weights = new HashMap<K, Weight>();
            found.forEach((key, time) -> weights.put(key, new Weight(time.getCount(), time.getSum(), time.getMax())));
            return weights;
        }

        @Override
        ProbeAccount account() {
            ProbeAccount calls = Accounts.sum(probes);
            for (Kprobe one : first) {
                calls = Accounts.withLost(calls, one.account());
            }
            return calls;
        }

        @Override
        void remove() {
            first.forEach(Kprobe::close);
            probes.forEach(Kretprobe::close);
        }

        @Override
        public void close() {
            super.close();
            if (reached != null) {
                reached.close();
            }
            times.close();
        }
    }
}
