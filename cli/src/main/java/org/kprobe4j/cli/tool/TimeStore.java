package org.kprobe4j.cli.tool;

import java.util.HashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Distribution;
import org.kprobe4j.Histogram;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.KernelArray;
import org.kprobe4j.Summary;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.internal.RunningHandlers;

/**
 * Where a handler puts times, for each key: a histogram in fine slots and, beside it, the sum and the largest one exactly. A handler captures
 * it.
 *
 * @param <K> class of the keys
 */
sealed interface TimeStore<K> extends AutoCloseable {
    /** So many keys there is room for if nothing else is said; 8 KiB for each. */
    int KEYS = 1024;

    /** So many steps a histogram may have. */
    int MOST_STEPS = 4094;

    /** Counts a time; in a handler only. */
    void record(K key, long nanos);

    /** Takes out what was counted since the last time. None is lost or counted twice, whatever handlers count meanwhile. */
    Taken take();

    /** In how many maps each time is counted. */
    int maps();

    /**
     * What was counted.
     *
     * @param groups those that are complete, by key
     * @param entries how many times there are in all maps together: where one of them was full, others may have a time that it has not
     */
    record Taken(Map<Object, Measured> groups, long entries) {}

    @Override
    void close();

    /** Steps of one width that times are counted in beside the fine slots. */
    record Steps(long min, long max, long step) {}

    /**
     * How stores are made.
     *
     * @param shape of the keys
     * @param steps beside the fine slots; null for none
     * @param isTakenOften whether what was counted is taken out while handlers count
     * @param room for so many keys
     */
    record Plan<K>(KeyShape<K> shape, @Nullable Steps steps, boolean isTakenOften, int room) {
        /** A new one. */
        TimeStore<K> open() {
            return isTakenOften ? new InTurns<>(KernelArray.of(Integer.class, 1), plain(), plain()) : plain();
        }

        private TimeStore<K> plain() {
            if (shape instanceof KeyShape.OfNothing) {
                return new Single<>(
                        Histogram.linear(0, LogLinear.SLOTS, 1),
                        Summary.of(),
                        steps == null ? null : Histogram.linear(steps.min(), steps.max(), steps.step()));
            }
            return new ByKey<>(
                    HistogramMap.linear(shape.type(), 0, LogLinear.SLOTS, 1, room),
                    SummaryMap.of(shape.type(), room),
                    steps == null
                            ? null
                            : HistogramMap.linear(shape.type(), steps.min(), steps.max(), steps.step(), room));
        }
    }

    /** For one key only, which needs no look-up. */
    record Single<K>(
            Histogram slots, Summary exact, @Nullable Histogram steps) implements TimeStore<K> {
        @Override
        public void record(K key, long nanos) {
            slots.record(LogLinear.slotOf(nanos));
            exact.record(nanos);
            if (steps != null) {
                steps.record(nanos);
            }
        }

        @Override
        public Taken take() {
            Distribution taken = slots.take();
            LongSummaryStatistics sums = exact.statistics();
            exact.reset();
            Distribution bySteps = steps == null ? null : steps.take();
            return taken.isEmpty()
                    ? new Taken(Map.of(), 0)
                    : new Taken(Map.of(0L, Measured.of(taken, sums, bySteps)), maps() * sums.getCount());
        }

        @Override
        public int maps() {
            return steps == null ? 2 : 3;
        }

        @Override
        public void close() {
            slots.close();
            exact.close();
            if (steps != null) {
                steps.close();
            }
        }
    }

    /** For each key. */
    record ByKey<K>(
            HistogramMap<K> slots,
            SummaryMap<K> exact,
            @Nullable HistogramMap<K> steps) implements TimeStore<K> {
        @Override
        public void record(K key, long nanos) {
            slots.record(key, LogLinear.slotOf(nanos));
            exact.record(key, nanos);
            if (steps != null) {
                steps.record(key, nanos);
            }
        }

        @Override
        public Taken take() {
            Map<K, Distribution> bySlot = slots.takeAll();
            Map<K, LongSummaryStatistics> sums = exact.takeAll();
            Map<K, Distribution> bySteps = steps == null ? Map.of() : steps.takeAll();
            var groups = new HashMap<Object, Measured>();
            bySlot.forEach((key, counted) -> {
                LongSummaryStatistics sum = sums.get(key);
                Distribution inSteps = bySteps.get(key);
                if (sum != null && (steps == null || inSteps != null)) {
                    groups.put(key, Measured.of(counted, sum, inSteps));
                }
            });
            long entries = Stream.concat(bySlot.values().stream(), bySteps.values().stream())
                    .mapToLong(Distribution::count)
                    .sum();
            entries += sums.values().stream()
                    .mapToLong(LongSummaryStatistics::getCount)
                    .sum();
            return new Taken(groups, entries);
        }

        @Override
        public int maps() {
            return steps == null ? 2 : 3;
        }

        @Override
        public void close() {
            slots.close();
            exact.close();
            if (steps != null) {
                steps.close();
            }
        }
    }

    /**
     * Two of them: handlers fill one while the other is emptied, so that histogram, sum and largest are of the same calls.
     *
     * @param turn 0 while the first is filled, else 1
     * @param first filled at the beginning
     * @param second filled in turns with it
     */
    record InTurns<K>(KernelArray<Integer> turn, TimeStore<K> first, TimeStore<K> second) implements TimeStore<K> {
        @Override
        public void record(K key, long nanos) {
            if (turn.get(0) == 0) {
                first.record(key, nanos);
            } else {
                second.record(key, nanos);
            }
        }

        @Override
        public int maps() {
            return first.maps();
        }

        @Override
        public Taken take() {
            boolean isFirst = turn.get(0) == 0;
            turn.set(0, isFirst ? 1 : 0);
            RunningHandlers.await();
            return isFirst ? first.take() : second.take();
        }

        @Override
        public void close() {
            turn.close();
            first.close();
            second.close();
        }
    }
}
