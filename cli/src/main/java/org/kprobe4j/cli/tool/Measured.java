package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Distribution;
import org.kprobe4j.Distribution.Bucket;

/** Times that were measured: how many there are of each size, by {@link LogLinear}, and sum, least and largest exactly. */
final class Measured {
    private static final double ALL = 100;

    private final long[] slots;
    private final LongSummaryStatistics exact;
    private final @Nullable Distribution steps;

    /** How many there are in each slot; in each step, where steps were asked for. */
    private Measured(long[] slots, LongSummaryStatistics exact, @Nullable Distribution steps) {
        this.slots = slots;
        this.exact = exact;
        this.steps = steps;
    }

    /** Sum, least and largest. */
    LongSummaryStatistics exact() {
        return exact;
    }

    /** How many there are in each slot. */
    long[] slots() {
        return slots.clone();
    }

    /** Of what a handler counted by slots. */
    static Measured of(Distribution bySlot, LongSummaryStatistics exact, @Nullable Distribution steps) {
        var slots = new long[LogLinear.SLOTS];
        for (Bucket bucket : bySlot.buckets()) {
            if (bucket.count() != 0) {
                slots[(int) bucket.from()] += bucket.count();
            }
        }
        return new Measured(slots, exact, steps);
    }

    /** Of numbers. */
    static Measured of(long... numbers) {
        var slots = new long[LogLinear.SLOTS];
        var exact = new LongSummaryStatistics();
        for (long number : numbers) {
            slots[LogLinear.slotOf(number)]++;
            exact.accept(number);
        }
        return new Measured(slots, exact, null);
    }

    /** Both together. */
    Measured plus(Measured other) {
        long[] sums = slots.clone();
        Arrays.setAll(sums, i -> slots[i] + other.slots[i]);
        var both = new LongSummaryStatistics();
        both.combine(exact);
        both.combine(other.exact);
        return new Measured(sums, both, steps == null || other.steps == null ? null : steps.plus(other.steps));
    }

    /** How many. */
    long count() {
        return LongStream.of(slots).sum();
    }

    /**
     * A time that so many of a hundred do not exceed: the largest of the slot in which it lies, of the step, or of all.
     *
     * @param percent above 0, up to 100
     */
    long percentile(double percent) {
        long rank = (long) Math.ceil(count() * percent / ALL);
        long most = Math.min(exact.getMax(), mostInStep(rank));
        for (int slot = 0; slot < slots.length; slot++) {
            rank -= slots[slot];
            if (rank <= 0) {
                return Math.min(LogLinear.to(slot), most);
            }
        }
        throw new IllegalStateException("nothing was measured");
    }

    /** The largest number of the step in which the one of a rank is. */
    private long mostInStep(long rank) {
        long left = rank;
        for (Bucket bucket : steps == null ? List.<Bucket>of() : steps.buckets()) {
            left -= bucket.count();
            if (left <= 0) {
                return bucket.to();
            }
        }
        return Long.MAX_VALUE;
    }

    /** In the steps that were asked for, else by powers of two; from the first that is not empty to the last. */
    List<Bucket> buckets() {
        if (steps != null) {
            return steps.buckets();
        }
        var buckets = new ArrayList<Bucket>();
        long from = 0;
        long to = 0;
        long count = 0;
        for (int slot = 0; slot < slots.length; slot++) {
            if (LogLinear.from(slot) > to) {
                buckets.add(new Bucket(from, to, count));
                from = LogLinear.from(slot);
                to = from * 2 - 1;
                count = 0;
            }
            count += slots[slot];
        }
        buckets.add(new Bucket(from, Long.MAX_VALUE, count));
        return trimmed(buckets);
    }

    private static List<Bucket> trimmed(List<Bucket> buckets) {
        int first = 0;
        int last = buckets.size();
        while (first < last && buckets.get(first).count() == 0) {
            first++;
        }
        while (last > first && buckets.get(last - 1).count() == 0) {
            last--;
        }
        return List.copyOf(buckets.subList(first, last));
    }
}
