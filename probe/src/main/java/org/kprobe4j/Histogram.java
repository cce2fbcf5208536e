package org.kprobe4j;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Cells;
import org.kprobe4j.internal.Programs;

/**
 * Counts values by their size: {@code latency.record(nanos)} in a handler that captured it, {@code IO.println(latency)} outside.
 * All handlers that capture it share it.
 *
 * <p>In the kernel the bucket is found by a few comparisons and gets one atomic addition in memory that this process maps; no
 * helper is called. Since kernel: 5.5. Source: kernel/bpf/arraymap.c. Thread-safe.
 */
public final class Histogram implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "histogram" + NUMBER.incrementAndGet();
    private final Buckets buckets;
    private final Cells cells;

    private Histogram(Buckets buckets) {
        this.buckets = buckets;
        this.cells = SimulatedKernel.cells(name, buckets.room());
    }

    private static Histogram of(Buckets buckets) {
        return new Histogram(buckets);
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
        return of(steps(min, max, step));
    }

    static Buckets steps(long min, long max, long step) {
        return UsageException.checked(() -> new Buckets.Linear(min, max, step));
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
     * What was recorded up to now.
     *
     * @return a copy, which does not change
     * @throws IllegalStateException if the histogram is closed
     */
    public Distribution snapshot() {
        var counts = new long[buckets.slots()];
        for (int slot = 0; slot < counts.length; slot++) {
            counts[slot] = cells.get(slot);
        }
        return new Distribution(buckets, counts);
    }

    /**
     * What was recorded since the last time, for figures per interval. Each bucket begins at zero again in the same step, so that
     * nothing that a handler records is lost or counted twice.
     *
     * @return a copy, which does not change
     * @throws IllegalStateException if the histogram is closed
     */
    public Distribution take() {
        var counts = new long[buckets.slots()];
        for (int slot = 0; slot < counts.length; slot++) {
            counts[slot] = cells.take(slot);
        }
        return new Distribution(buckets, counts);
    }

    /**
     * The buckets from the first to the last that counted something, in the order of their values.
     *
     * @return those in between too; empty if nothing was recorded
     * @throws IllegalStateException if the histogram is closed
     */
    public List<Distribution.Bucket> buckets() {
        return snapshot().buckets();
    }

    /**
     * How many values were recorded.
     *
     * @return all buckets together
     * @throws IllegalStateException if the histogram is closed
     */
    public long count() {
        return snapshot().count();
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
     * The table of {@link Distribution#toString()}.
     *
     * @throws IllegalStateException if the histogram is closed
     */
    @Override
    public String toString() {
        return snapshot().toString();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "Histogram", new KernelObject.Histogram(name, buckets), "use a histogram", cells::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        cells.close();
    }
}
