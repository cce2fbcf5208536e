package org.kprobe4j;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Cells;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Shutdown;

/**
 * Counts values by their size: {@code latency.record(nanos)} in a handler that captured it, {@code IO.println(latency)} outside.
 * All handlers that capture it share it.
 *
 * <p>In the kernel the bucket is found by a few comparisons and gets one atomic addition in memory that this process maps; no
 * helper is called. Since kernel: 5.5. Source: kernel/bpf/arraymap.c. Thread-safe.
 */
public final class Histogram implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final int BAR = 40;

    private final String name = "histogram" + NUMBER.incrementAndGet();
    private final Buckets buckets;
    private final Cells cells;

    /**
     * Values that are counted together.
     *
     * @param from the smallest, {@link Long#MIN_VALUE} if there is no such bound
     * @param to the largest, {@link Long#MAX_VALUE} if there is no such bound
     * @param count how many were recorded
     */
    public record Bucket(long from, long to, long count) {}

    private Histogram(Buckets buckets) {
        this.buckets = buckets;
        this.cells = SimulatedKernel.cells(name, buckets.room());
        if (!cells.isOnTheHeap()) {
            Shutdown.opened(this);
        }
    }

    private static Histogram of(Buckets buckets) {
        try {
            return new Histogram(buckets);
        } catch (BpfException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * A histogram by powers of two: a bucket for 0, one each for 1, 2 to 3, 4 to 7 and so on, one for all negative values.
     *
     * @return the histogram, open
     * @throws UsageException if the kernel refuses it
     */
    public static Histogram log2() {
        return of(new Buckets.Log2());
    }

    /**
     * A histogram in steps of one width, with a bucket for what is below and one for what is above.
     *
     * @param min the first step's smallest value
     * @param max end of the last step: the first value that is above
     * @param step width of a step, at least 1; there may be 4094 steps
     * @return the histogram, open
     * @throws UsageException if there is no step or there are too many, or if the kernel refuses it
     */
    public static Histogram linear(long min, long max, long step) {
        try {
            return of(new Buckets.Linear(min, max, step));
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Counts a value; inside a handler only.
     *
     * @param value any
     */
    public void record(long value) {
        SimulatedKernel.add(cells, buckets.slotOf(value), 1, "record(%d)".formatted(value));
    }

    /**
     * The buckets from the first to the last that counted something, in the order of their values.
     *
     * @return those in between too; empty if nothing was recorded
     * @throws IllegalStateException if the histogram is closed
     */
    public List<Bucket> buckets() {
        var all = new ArrayList<Bucket>();
        for (int slot = 0; slot < buckets.slots(); slot++) {
            all.add(new Bucket(buckets.from(slot), buckets.to(slot), cells.get(slot)));
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
     * @throws IllegalStateException if the histogram is closed
     */
    public long count() {
        return buckets().stream().mapToLong(Bucket::count).sum();
    }

    /**
     * Empties all buckets. What a handler records at that moment counts before or after.
     *
     * @throws IllegalStateException if the histogram is closed
     */
    public void reset() {
        for (int slot = 0; slot < buckets.slots(); slot++) {
            cells.clear(slot);
        }
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
        return table(buckets());
    }

    static String table(List<Bucket> shown) {
        if (shown.isEmpty()) {
            return "nothing recorded";
        }
        long most = shown.stream().mapToLong(Bucket::count).max().orElse(1);
        List<String> ranges = shown.stream().map(Histogram::range).toList();
        int rangeWidth =
                Math.max(5, ranges.stream().mapToInt(String::length).max().orElse(0));
        int countWidth = Math.max(5, Long.toString(most).length());
        var out = new StringBuilder(pad("value", rangeWidth)).append("  ").append(pad("count", countWidth));
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

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "Histogram", new KernelObject.Histogram(name, buckets), () -> SimulatedKernel.fd(cells, "histogram"));
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        cells.close();
        if (!cells.isOnTheHeap()) {
            Shutdown.closed(this);
        }
    }
}
