package org.kprobe4j;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Programs;

/**
 * A histogram for each key: {@code latency.record(Kernel.pid(), nanos)} in a handler, {@code latency.entries()} outside. Keys are
 * what a {@link KernelMap} takes. All handlers that capture it share it.
 *
 * <p>In the kernel it is a hash map whose values are rows of counters: one lookup, a few comparisons and one atomic addition, so no
 * record is lost between CPUs. A key's first record makes its entry; one that finds the map full is lost and counted in the probe's
 * {@link ProbeAccount}. What is recorded for a key at the moment at which it is taken out may be lost with it, or be counted for the
 * next key that gets its memory. Since kernel: 5.2. Source: Documentation/bpf/map_hash.rst. Thread-safe.
 *
 * @param <K> type of the keys
 */
public final class HistogramMap<K> implements AutoCloseable {
    private static final int DEFAULT_ENTRIES = 1024;

    private final Buckets buckets;
    private final KeyedNumbers<K, Distribution> rows;

    private HistogramMap(Class<K> key, Buckets buckets, int maxEntries) {
        this.buckets = buckets;
        var shape = new KeyedNumbers.Shape<>("histograms", MapType.HASH, buckets.room(), this::read);
        this.rows = KeyedNumbers.of("HistogramMap", key, shape, maxEntries);
    }

    private @Nullable Distribution read(long[] row) {
        var read = new Distribution(buckets, row);
        return read.isEmpty() ? null : read;
    }

    /**
     * Histograms by powers of two, as {@link Histogram#log2()} makes one, for 1024 keys.
     *
     * @param key class of the keys
     * @param <K> type of the keys
     * @return the map, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K> HistogramMap<K> log2(Class<K> key) {
        return log2(key, DEFAULT_ENTRIES);
    }

    /**
     * Histograms by powers of two, as {@link Histogram#log2()} makes one.
     *
     * @param key class of the keys
     * @param maxEntries how many keys it can hold; the memory for all is taken at once, one KiB for each
     * @param <K> type of the keys
     * @return the map, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K> HistogramMap<K> log2(Class<K> key, int maxEntries) {
        return new HistogramMap<>(key, new Buckets.Log2(), maxEntries);
    }

    /**
     * Histograms in steps of one width, as {@link Histogram#linear} makes one, for 1024 keys.
     *
     * @param key class of the keys
     * @param min the first step's smallest value
     * @param max end of the last step: the first value that is above
     * @param step width of a step, at least 1; there may be 4094 steps
     * @param <K> type of the keys
     * @return the map, open
     * @throws UsageException if the type cannot be laid out in the kernel, if there is no step or there are too many, or if the
     *     kernel refuses the map
     */
    public static <K> HistogramMap<K> linear(Class<K> key, long min, long max, long step) {
        return linear(key, min, max, step, DEFAULT_ENTRIES);
    }

    /**
     * Histograms in steps of one width, as {@link Histogram#linear} makes one.
     *
     * @param key class of the keys
     * @param min the first step's smallest value
     * @param max end of the last step: the first value that is above
     * @param step width of a step, at least 1; there may be 4094 steps
     * @param maxEntries how many keys it can hold; the memory for all is taken at once, 8 to 16 bytes for each key and step
     * @param <K> type of the keys
     * @return the map, open
     * @throws UsageException if the type cannot be laid out in the kernel, if there is no step or there are too many, or if the
     *     kernel refuses the map
     */
    public static <K> HistogramMap<K> linear(Class<K> key, long min, long max, long step, int maxEntries) {
        return new HistogramMap<>(key, Histogram.steps(min, max, step), maxEntries);
    }

    /**
     * Counts a value for a key; inside a handler only.
     *
     * @param key not null
     * @param value any
     */
    public void record(K key, long value) {
        rows.change(key, "record(%s, %d)".formatted(key, value), row -> row[buckets.slotOf(value)]++);
    }

    // ---- outside only ----

    /**
     * What was recorded for a key up to now.
     *
     * @param key not null
     * @return a copy; null if nothing was
     * @throws IllegalStateException if the map is closed
     */
    public @Nullable Distribution get(K key) {
        return rows.get(key);
    }

    /**
     * All keys with what was recorded for them, in no particular order. What handlers record meanwhile may be among it or not.
     *
     * @return a copy
     * @throws IllegalStateException if the map is closed
     */
    public Map<K, Distribution> entries() {
        return rows.entries(false);
    }

    /**
     * Calls an action for each entry of {@link #entries()}.
     *
     * @param action takes a key and its distribution
     * @throws IllegalStateException if the map is closed
     */
    public void forEach(BiConsumer<? super K, ? super Distribution> action) {
        entries().forEach(action);
    }

    /**
     * The keys for which most was recorded.
     *
     * @param count how many at most
     * @return copies, the largest count first
     * @throws IllegalStateException if the map is closed
     */
    public List<Map.Entry<K, Distribution>> top(int count) {
        return top(count, Comparator.comparingLong(Distribution::count));
    }

    /**
     * The keys that are largest in an order.
     *
     * @param count how many at most
     * @param order says which of two distributions is larger
     * @return copies, the largest first
     * @throws IllegalStateException if the map is closed
     */
    public List<Map.Entry<K, Distribution>> top(int count, Comparator<? super Distribution> order) {
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
    public Map<K, Distribution> takeAll() {
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

    /** Each key with the table of {@link Distribution#toString()} below it. */
    @Override
    public String toString() {
        Map<K, Distribution> all = entries();
        return all.isEmpty()
                ? "nothing recorded"
                : all.entrySet().stream()
                        .map(entry -> entry.getKey() + "\n" + entry.getValue())
                        .collect(Collectors.joining("\n\n"));
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "HistogramMap",
                new KernelObject.HistogramMap(rows.name(), rows.zerosName(), rows.keyLayout(), buckets),
                rows::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        rows.close();
    }
}
