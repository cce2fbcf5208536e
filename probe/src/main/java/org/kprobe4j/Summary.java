package org.kprobe4j;

import java.util.Locale;
import java.util.LongSummaryStatistics;
import java.util.concurrent.atomic.AtomicInteger;
import org.kprobe4j.bpf.PossibleCpus;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.SummaryRow;
import org.kprobe4j.internal.Cells;
import org.kprobe4j.internal.Programs;

/**
 * How many values there were, their sum, the smallest and the largest: {@code sizes.record(bytes)} in a handler that captured it,
 * {@code sizes.statistics()} outside. All handlers that capture it share it.
 *
 * <p>In the kernel each CPU has the four numbers in a cache line of its own, in memory that this process maps, and updates them with
 * plain instructions: programs of probes run with preemption off, and one does not interrupt another on its CPU. So no record is lost.
 * What is read while a handler runs may have a record in some of the four numbers only; once it has run they agree. Since kernel:
 * 5.5. Source: kernel/bpf/arraymap.c, trace_call_bpf() in kernel/trace/bpf_trace.c. Thread-safe.
 */
public final class Summary implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final int CELLS_PER_ROW = SummaryRow.STRIDE / Long.BYTES;

    private final String name = "summary" + NUMBER.incrementAndGet();
    private final int rows =
            SimulatedKernel.current() == null ? PossibleCpus.running().rows() : 1;
    private final Cells cells = SimulatedKernel.cells(name, rows * CELLS_PER_ROW);
    private long resets;

    private Summary() {
        reset();
    }

    /**
     * A summary of nothing yet.
     *
     * @return the summary, open
     * @throws UsageException if the kernel refuses it
     */
    public static Summary of() {
        return new Summary();
    }

    /**
     * Records a value; inside a handler only.
     *
     * @param value any; the sum wraps around as Java's does
     */
    public void record(long value) {
        SimulatedKernel.opened(cells.isOnTheHeap(), "record(%d)".formatted(value));
        LongSummaryStatistics all = statistics();
        all.accept(value);
        set(SummaryRow.COUNT, all.getCount());
        set(SummaryRow.SUM, all.getSum());
        set(SummaryRow.MIN, all.getMin());
        set(SummaryRow.MAX, all.getMax());
        set(SummaryRow.BEGUN, resets);
    }

    private void set(int offset, long value) {
        cells.set(offset / Long.BYTES, value);
    }

    private long get(int row, int offset) {
        return cells.get(row * CELLS_PER_ROW + offset / Long.BYTES);
    }

    /**
     * What was recorded up to now, on all CPUs.
     *
     * @return a copy
     * @throws IllegalStateException if the summary is closed
     */
    public synchronized LongSummaryStatistics statistics() {
        var all = new LongSummaryStatistics();
        for (int row = 0; row < rows; row++) {
            if (get(row, SummaryRow.BEGUN) == resets) {
                all.combine(statistics(
                        get(row, SummaryRow.COUNT),
                        get(row, SummaryRow.SUM),
                        get(row, SummaryRow.MIN),
                        get(row, SummaryRow.MAX)));
            }
        }
        return all;
    }

    /** What a CPU recorded. A row that is just being begun counts as empty. */
    static LongSummaryStatistics statistics(long count, long sum, long min, long max) {
        return count <= 0 || min > max ? new LongSummaryStatistics() : new LongSummaryStatistics(count, min, max, sum);
    }

    /**
     * How many values were recorded.
     *
     * @return the number
     * @throws IllegalStateException if the summary is closed
     */
    public long count() {
        return statistics().getCount();
    }

    /**
     * The sum of all values, which wraps around as Java's does.
     *
     * @return 0 if nothing was recorded
     * @throws IllegalStateException if the summary is closed
     */
    public long sum() {
        return statistics().getSum();
    }

    /**
     * The smallest value.
     *
     * @return {@link Long#MAX_VALUE} if nothing was recorded
     * @throws IllegalStateException if the summary is closed
     */
    public long min() {
        return statistics().getMin();
    }

    /**
     * The largest value.
     *
     * @return {@link Long#MIN_VALUE} if nothing was recorded
     * @throws IllegalStateException if the summary is closed
     */
    public long max() {
        return statistics().getMax();
    }

    /**
     * The mean of all values.
     *
     * @return 0 if nothing was recorded
     * @throws IllegalStateException if the summary is closed
     */
    public double average() {
        return statistics().getAverage();
    }

    /**
     * Begins anew. What a handler records at that moment counts before or after.
     *
     * @throws IllegalStateException if the summary is closed
     */
    public synchronized void reset() {
        // Handlers write the other numbers, Java this one alone: so neither overwrites the other's.
        resets++;
        for (int row = 0; row < rows; row++) {
            cells.set(row * CELLS_PER_ROW + SummaryRow.WANTED / Long.BYTES, resets);
        }
    }

    /** A line such as {@code 3 values, sum 12, min 1, average 4.0, max 9}. */
    @Override
    public String toString() {
        return line(statistics());
    }

    static String line(LongSummaryStatistics all) {
        return all.getCount() == 0
                ? "nothing recorded"
                : String.format(
                        Locale.ROOT,
                        "%d values, sum %d, min %d, average %.1f, max %d",
                        all.getCount(),
                        all.getSum(),
                        all.getMin(),
                        all.getAverage(),
                        all.getMax());
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured("Summary", new KernelObject.Summary(name, rows), "use a summary", cells::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        cells.close();
    }
}
