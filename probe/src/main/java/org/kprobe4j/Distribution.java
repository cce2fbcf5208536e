package org.kprobe4j;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.Buckets;

/**
 * How often values of each size were recorded: what a {@link Histogram}, or a {@link HistogramMap} for a key, held when it was
 * read. It does not change. Two are equal if they have the same buckets and counts.
 */
public final class Distribution {
    private static final int BAR = 40;
    private static final int FULL = 100;

    private final Buckets buckets;
    private final long[] counts;

    /**
     * Values that are counted together.
     *
     * @param from the smallest, {@link Long#MIN_VALUE} if there is no such bound
     * @param to the largest, {@link Long#MAX_VALUE} if there is no such bound
     * @param count how many were recorded
     */
    public record Bucket(long from, long to, long count) {}

    /** The counts come in the order of the slots; what lies behind the last slot is left out. */
    Distribution(Buckets buckets, long[] counts) {
        this.buckets = buckets;
        this.counts = Arrays.copyOf(counts, buckets.slots());
    }

    /**
     * Counts values by powers of two, as {@link Histogram#log2()} does.
     *
     * @param values any
     * @return their distribution
     */
    public static Distribution log2(long... values) {
        return of(new Buckets.Log2(), values);
    }

    /**
     * Counts values in steps of one width, as {@link Histogram#linear} does.
     *
     * @param min the first step's smallest value
     * @param max end of the last step: the first value that is above
     * @param step width of a step, at least 1; there may be 4094 steps
     * @param values any
     * @return their distribution
     * @throws UsageException if there is no step or there are too many
     */
    public static Distribution linear(long min, long max, long step, long... values) {
        return of(Histogram.steps(min, max, step), values);
    }

    private static Distribution of(Buckets buckets, long[] values) {
        var counts = new long[buckets.slots()];
        for (long value : values) {
            counts[buckets.slotOf(value)]++;
        }
        return new Distribution(buckets, counts);
    }

    /**
     * The buckets from the first to the last that counted something, in the order of their values.
     *
     * @return those in between too; empty if nothing was recorded
     */
    public List<Bucket> buckets() {
        var all = new ArrayList<Bucket>();
        for (int slot = 0; slot < counts.length; slot++) {
            all.add(new Bucket(buckets.from(slot), buckets.to(slot), counts[slot]));
        }
        all.sort((a, b) -> Long.compare(a.from(), b.from()));
        while (!all.isEmpty() && all.getLast().count() == 0) {
            all.removeLast();
        }
        int first = 0;
        while (first < all.size() && all.get(first).count() == 0) {
            first++;
        }
        return List.copyOf(all.subList(first, all.size()));
    }

    /**
     * How many values were recorded.
     *
     * @return all buckets together
     */
    public long count() {
        return LongStream.of(counts).sum();
    }

    /**
     * Whether nothing was recorded.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return count() == 0;
    }

    /**
     * A value that so many of a hundred do not exceed: the upper bound of the bucket in which that value lies, as no more is known of
     * it than its bucket.
     *
     * @param percent from 0, which asks for the smallest value's bucket, to 100
     * @return the bucket's largest value; {@link Long#MAX_VALUE} if it has no upper bound
     * @throws IllegalArgumentException if percent is not from 0 to 100
     * @throws NoSuchElementException if nothing was recorded
     */
    public long percentile(double percent) {
        if (!(percent >= 0 && percent <= FULL)) {
            throw new IllegalArgumentException("percentile(%s): it must be from 0 to 100".formatted(percent));
        }
        long rank = (long) Math.ceil(count() * percent / FULL);
        for (Bucket bucket : buckets()) {
            rank -= bucket.count();
            if (rank <= 0 && bucket.count() > 0) {
                return bucket.to();
            }
        }
        throw new NoSuchElementException(
                "percentile(%s): nothing was recorded; ask isEmpty() before".formatted(percent));
    }

    /**
     * Both together.
     *
     * @param other one with the same buckets
     * @return a distribution that counts what either counts
     * @throws IllegalArgumentException if the other one has other buckets
     */
    public Distribution plus(Distribution other) {
        if (!buckets.equals(other.buckets)) {
            throw new IllegalArgumentException(
                    "a distribution %s and one %s cannot be added: record both with the same buckets"
                            .formatted(shape(), other.shape()));
        }
        var sums = new long[counts.length];
        Arrays.setAll(sums, slot -> counts[slot] + other.counts[slot]);
        return new Distribution(buckets, sums);
    }

    private String shape() {
        return switch (buckets) {
            case Buckets.Log2() -> "by powers of two";
            case Buckets.Linear(long min, long max, long step) ->
                "from %d to %d in steps of %d".formatted(min, max, step);
        };
    }

    /**
     * A line for each bucket from the first to the last that counted something, with a bar as long as its share of the largest.
     *
     * <pre>
     *       value  count
     * 1024 – 2047     12 |████████                                |
     * 2048 – 4095     60 |████████████████████████████████████████|
     * </pre>
     */
    @Override
    public String toString() {
        return toString("value");
    }

    /**
     * The same with another heading above the values.
     *
     * @param heading for example the unit: {@code ns}
     * @return the lines
     */
    public String toString(String heading) {
        List<Bucket> shown = buckets();
        if (shown.isEmpty()) {
            return "nothing recorded";
        }
        long most = shown.stream().mapToLong(Bucket::count).max().orElse(1);
        List<String> ranges = shown.stream().map(Distribution::range).toList();
        int rangeWidth = Math.max(
                heading.length(), ranges.stream().mapToInt(String::length).max().orElse(0));
        int countWidth = Math.max("count".length(), Long.toString(most).length());
        var out = new StringBuilder(pad(heading, rangeWidth)).append("  ").append(pad("count", countWidth));
        for (int i = 0; i < shown.size(); i++) {
            long count = shown.get(i).count();
            int bar = (int) Math.ceil((double) count / most * BAR);
            out.append('\n')
                    .append(pad(ranges.get(i), rangeWidth))
                    .append("  ")
                    .append(pad(Long.toString(count), countWidth))
                    .append(" |")
                    .append("█".repeat(bar))
                    .append(" ".repeat(BAR - bar))
                    .append('|');
        }
        return out.toString();
    }

    private static String range(Bucket bucket) {
        if (bucket.from() == bucket.to()) {
            return Long.toString(bucket.from());
        } else if (bucket.from() == Long.MIN_VALUE) {
            return "below " + (bucket.to() + 1);
        } else if (bucket.to() == Long.MAX_VALUE) {
            return bucket.from() + " and more";
        }
        return bucket.from() + " – " + bucket.to();
    }

    private static String pad(String text, int width) {
        return " ".repeat(width - text.length()) + text;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Distribution that && buckets.equals(that.buckets) && Arrays.equals(counts, that.counts);
    }

    @Override
    public int hashCode() {
        return 31 * buckets.hashCode() + Arrays.hashCode(counts);
    }
}
