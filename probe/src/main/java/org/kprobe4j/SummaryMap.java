package org.kprobe4j;

import java.util.Comparator;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.SummaryRow;
import org.kprobe4j.internal.Programs;

/**
 * For each key how many values there were, their sum, the smallest and the largest: {@code sizes.record(Kernel.pid(), bytes)} in a
 * handler, {@code sizes.entries()} outside. Keys are what a {@link KernelMap} takes. All handlers that capture it share it.
 *
 * <p>In the kernel it is a hash map with the four numbers of each CPU, which updates its own with plain instructions, as {@link
 * Summary} says: no record is lost between CPUs. A key's first record makes its entry; one that finds the map full is lost and
 * counted in the probe's {@link ProbeAccount}. What is recorded for a key at the moment at which it is taken out may be lost with it,
 * or be recorded for the next key that gets its memory. Since kernel: 5.10, before which another CPU's numbers of a key that was
 * removed could come back. Source: kernel/bpf/hashtab.c, pcpu_init_value(). Thread-safe.
 *
 * @param <K> type of the keys
 */
public final class SummaryMap<K> implements AutoCloseable {
    private static final int DEFAULT_ENTRIES = 10_240;
    private static final int NUMBERS = SummaryRow.BYTES / Long.BYTES;

    private final KeyedNumbers<K, LongSummaryStatistics> rows;

    private SummaryMap(Class<K> key, int maxEntries) {
        var shape = new KeyedNumbers.Shape<>("summaries", MapType.PERCPU_HASH, NUMBERS, SummaryMap::read);
        this.rows = KeyedNumbers.of("SummaryMap", key, shape, maxEntries);
    }

    /** The rows of all CPUs lie side by side. */
    private static @Nullable LongSummaryStatistics read(long[] all) {
        var sum = new LongSummaryStatistics();
        for (int row = 0; row < all.length; row += NUMBERS) {
            sum.combine(Summary.statistics(
                    number(all, row, SummaryRow.COUNT),
                    number(all, row, SummaryRow.SUM),
                    number(all, row, SummaryRow.MIN),
                    number(all, row, SummaryRow.MAX)));
        }
        return sum.getCount() == 0 ? null : sum;
    }

    private static long number(long[] all, int row, int offset) {
        return all[row + offset / Long.BYTES];
    }

    /**
     * A map for 10 240 keys.
     *
     * @param key class of the keys
     * @param <K> type of the keys
     * @return the map, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K> SummaryMap<K> of(Class<K> key) {
        return of(key, DEFAULT_ENTRIES);
    }

    /**
     * A map.
     *
     * @param key class of the keys
     * @param maxEntries how many keys it can hold; the memory for all is taken at once, 32 bytes for each key and CPU
     * @param <K> type of the keys
     * @return the map, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K> SummaryMap<K> of(Class<K> key, int maxEntries) {
        return new SummaryMap<>(key, maxEntries);
    }

    /**
     * Records a value for a key; inside a handler only.
     *
     * @param key not null
     * @param value any; the sum wraps around as Java's does
     */
    public void record(K key, long value) {
        rows.change(key, "record(%s, %d)".formatted(key, value), row -> {
            LongSummaryStatistics before = read(row);
            LongSummaryStatistics all = before == null ? new LongSummaryStatistics() : before;
            all.accept(value);
            row[SummaryRow.COUNT / Long.BYTES] = all.getCount();
            row[SummaryRow.SUM / Long.BYTES] = all.getSum();
            row[SummaryRow.MIN / Long.BYTES] = all.getMin();
            row[SummaryRow.MAX / Long.BYTES] = all.getMax();
        });
    }

    // ---- outside only ----

    /**
     * What was recorded for a key up to now, on all CPUs.
     *
     * @param key not null
     * @return a copy; null if nothing was
     * @throws IllegalStateException if the map is closed
     */
    public @Nullable LongSummaryStatistics get(K key) {
        return rows.get(key);
    }

    /**
     * All keys with what was recorded for them, in no particular order. What handlers record meanwhile may be among it or not.
     *
     * @return a copy
     * @throws IllegalStateException if the map is closed
     */
    public Map<K, LongSummaryStatistics> entries() {
        return rows.entries(false);
    }

    /**
     * Calls an action for each entry of {@link #entries()}.
     *
     * @param action takes a key and its statistics
     * @throws IllegalStateException if the map is closed
     */
    public void forEach(BiConsumer<? super K, ? super LongSummaryStatistics> action) {
        entries().forEach(action);
    }

    /**
     * The keys with the largest sums.
     *
     * @param count how many at most
     * @return copies, the largest sum first
     * @throws IllegalStateException if the map is closed
     */
    public List<Map.Entry<K, LongSummaryStatistics>> top(int count) {
        return top(count, Comparator.comparingLong(LongSummaryStatistics::getSum));
    }

    /**
     * The keys that are largest in an order.
     *
     * @param count how many at most
     * @param order says which of two is larger, for example {@code Comparator.comparingLong(LongSummaryStatistics::getMax)}
     * @return copies, the largest first
     * @throws IllegalStateException if the map is closed
     */
    public List<Map.Entry<K, LongSummaryStatistics>> top(int count, Comparator<? super LongSummaryStatistics> order) {
        return rows.top(count, order);
    }

    /**
     * How many keys there are: the kernel keeps no count, so they are counted.
     *
     * @return the number
     * @throws IllegalStateException if the map is closed
     */
    public int size() {
        return entries().size();
    }

    /**
     * Takes all entries out; what handlers record afterwards makes new ones.
     *
     * @return the entries
     * @throws IllegalStateException if the map is closed
     */
    public Map<K, LongSummaryStatistics> takeAll() {
        return rows.entries(true);
    }

    /**
     * Removes all entries that are there now.
     *
     * @throws IllegalStateException if the map is closed
     */
    public void clear() {
        takeAll();
    }

    /** A line for each key, such as {@code 42: 3 values, sum 12, min 1, average 4.0, max 9}. */
    @Override
    public String toString() {
        Map<K, LongSummaryStatistics> all = entries();
        return all.isEmpty()
                ? "nothing recorded"
                : all.entrySet().stream()
                        .map(entry -> entry.getKey() + ": " + Summary.line(entry.getValue()))
                        .collect(Collectors.joining("\n"));
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "SummaryMap", new KernelObject.SummaryMap(rows.name(), rows.keyLayout()), rows::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        rows.close();
    }
}
