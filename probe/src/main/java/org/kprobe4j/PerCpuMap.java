package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.EntryReader;
import org.kprobe4j.internal.Largest;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Sums;

/**
 * A hash map in the kernel that has, for each key, a value for each CPU: {@code bytes.add(Kernel.pid(), n)} in a handler changes
 * this CPU's value, without the cost of an atomic addition to memory that all CPUs write to; {@code bytes.sums()} outside adds up
 * what all CPUs have. Keys and values are those of a {@link KernelMap}.
 *
 * <p>A key is there for all CPUs or for none: one that another CPU has put has the value zero on this CPU, and {@code remove} removes
 * it everywhere. Handlers of kprobes and kretprobes do not nest on a CPU, so nothing comes between the reading and the writing of an
 * {@code add}, and the sums are exact; programs of other tools that were given this map could come between.
 *
 * <p>Since kernel: 4.6. Source: kernel/bpf/hashtab.c; trace_call_bpf() in kernel/trace/bpf_trace.c. Thread-safe.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
public final class PerCpuMap<K, V> implements AutoCloseable {
    private static final int DEFAULT_ENTRIES = 10_240;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final KeyedEntries<K, V> map;
    private final Class<V> valueType;

    private PerCpuMap(Class<K> key, Class<V> value, MapType type, int maxEntries) {
        this.map =
                new KeyedEntries<>("PerCpuMap", "percpumap" + NUMBER.incrementAndGet(), key, value, type, maxEntries);
        this.valueType = value;
    }

    /**
     * A map for 10 240 keys.
     *
     * @param key class of the keys
     * @param value class of the values
     * @param <K> type of the keys
     * @param <V> type of the values
     * @return the map, open
     * @throws UsageException if a type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K, V> PerCpuMap<K, V> of(Class<K> key, Class<V> value) {
        return of(key, value, DEFAULT_ENTRIES);
    }

    /**
     * A map.
     *
     * @param key class of the keys
     * @param value class of the values
     * @param maxEntries how many keys it can hold; the memory for all, on all CPUs, is taken at once
     * @param <K> type of the keys
     * @param <V> type of the values
     * @return the map, open
     * @throws UsageException if a type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K, V> PerCpuMap<K, V> of(Class<K> key, Class<V> value, int maxEntries) {
        return of(key, value, MapType.PERCPU_HASH, maxEntries);
    }

    /**
     * A map that is never full, as {@link KernelMap#lru} is; what the kernel drops nobody counts. Since kernel: 4.10.
     *
     * @param key class of the keys
     * @param value class of the values
     * @param maxEntries how many keys it can hold; the memory for all, on all CPUs, is taken at once
     * @param <K> type of the keys
     * @param <V> type of the values
     * @return the map, open
     * @throws UsageException if a type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K, V> PerCpuMap<K, V> lru(Class<K> key, Class<V> value, int maxEntries) {
        return of(key, value, MapType.LRU_PERCPU_HASH, maxEntries);
    }

    private static <K, V> PerCpuMap<K, V> of(Class<K> key, Class<V> value, MapType type, int maxEntries) {
        return UsageException.checked(() -> new PerCpuMap<>(key, value, type, maxEntries));
    }

    // ---- in a handler ----

    /**
     * A key's value on this CPU; inside a handler only.
     *
     * @param key not null
     * @return a copy of the value, null if no CPU has put the key
     */
    public @Nullable V get(K key) {
        return found(SimulatedCpu.current("get(%s)".formatted(key)), key);
    }

    private @Nullable V found(int cpu, K key) {
        byte[] all = map.lookup(key);
        return all == null
                ? null
                : map.reader().ofAllCpus(MemorySegment.ofArray(all)).get(cpu);
    }

    /**
     * A key's value on this CPU, or another one if no CPU has put the key; inside a handler only.
     *
     * @param key not null
     * @param other what to return then
     * @return a copy of the value
     */
    public V getOrDefault(K key, V other) {
        V found = found(SimulatedCpu.current("getOrDefault(%s, %s)".formatted(key, other)), key);
        return found == null ? other : found;
    }

    /**
     * Sets a key's value on this CPU; inside a handler only. A key that is new has the value zero on the others.
     *
     * @param key not null
     * @param value not null
     */
    public void put(K key, V value) {
        update(SimulatedCpu.current("put(%s, %s)".formatted(key, value)), key, value, false);
    }

    /**
     * Sets a key's value on this CPU if no CPU has put the key; inside a handler only.
     *
     * @param key not null
     * @param value not null
     * @return true if it was set; false if the key was there, or the map is full
     */
    public boolean putIfAbsent(K key, V value) {
        return update(SimulatedCpu.current("putIfAbsent(%s, %s)".formatted(key, value)), key, value, true);
    }

    /**
     * Adds to a key's value on this CPU, a Long or an Integer; inside a handler only. A key that is new begins at zero.
     *
     * @param key not null
     * @param delta any; the value wraps around as Java's does
     */
    public void add(K key, long delta) {
        int cpu = SimulatedCpu.current("add(%s, %d)".formatted(key, delta));
        map.requireNumbers();
        long before = found(cpu, key) instanceof Number old ? old.longValue() : 0;
        update(cpu, key, map.values().number(before + delta), false);
    }

    private boolean update(int cpu, K key, V value, boolean isNew) {
        byte[] content = map.values().bytes(Objects.requireNonNull(value, "value"));
        byte[] before = map.lookup(key);
        byte[] all = before == null ? new byte[map.valueBytes()] : before;
        System.arraycopy(content, 0, all, cpu * EntryReader.stride(content.length), content.length);
        return map.update(map.bytes(key), all, isNew);
    }

    // ---- in a handler and outside ----

    /**
     * Whether a CPU has put a key.
     *
     * @param key not null
     * @return true if so
     */
    public boolean containsKey(K key) {
        return map.lookup(key) != null;
    }

    /**
     * Removes a key with the values of all CPUs.
     *
     * @param key not null
     * @return whether there was one
     */
    public boolean remove(K key) {
        return map.delete(key);
    }

    // ---- outside only ----

    /**
     * A key's values on all CPUs.
     *
     * @param key not null
     * @return copies, one for each CPU that could ever be, in the order of their numbers; empty if no CPU has put the key
     */
    public List<V> values(K key) {
        byte[] all = map.lookup(key);
        return all == null ? List.of() : map.reader().ofAllCpus(MemorySegment.ofArray(all));
    }

    /**
     * The sum of a key's values on all CPUs, which wraps around as Java's does.
     *
     * @param key not null
     * @return the sum, zero if no CPU has put the key
     * @throws UsageException if the values are no numbers
     */
    public long sum(K key) {
        return sum(values(key));
    }

    private long sum(List<V> all) {
        return UsageException.checked(() -> Sums.of(all, valueType));
    }

    /**
     * All keys with the values of all CPUs, in no particular order. What handlers change meanwhile may be among them or not; each
     * key is there once.
     *
     * @return a copy
     */
    public Map<K, List<V>> entries() {
        return map.all(false, map.reader()::eachOfAllCpus);
    }

    /**
     * Calls an action for each key of {@link #entries()}, many of them with each system call (since kernel 5.6).
     *
     * @param action takes a key and the values of all CPUs
     */
    public void forEach(BiConsumer<? super K, ? super List<V>> action) {
        map.forEach(map.reader().eachOfAllCpus(action));
    }

    /**
     * All keys with the sums of their values.
     *
     * @return a copy
     * @throws UsageException if the values are no numbers
     */
    public Map<K, Long> sums() {
        var found = new LinkedHashMap<K, Long>();
        forEach((key, all) -> found.put(key, sum(all)));
        return Collections.unmodifiableMap(found);
    }

    /**
     * The keys with the largest sums.
     *
     * @param count how many at most
     * @return copies, the largest first
     * @throws UsageException if the values are no numbers
     */
    public List<Map.Entry<K, Long>> top(int count) {
        var largest = UsageException.checked(() -> new Largest<K, Long>(count, Comparator.naturalOrder()));
        forEach((key, all) -> largest.add(key, sum(all)));
        return largest.toList();
    }

    /**
     * Removes all keys and gives them with the values of all CPUs, for output at intervals. What a handler adds at the very moment at
     * which a key is taken is lost.
     *
     * @return a copy
     */
    public Map<K, List<V>> takeAll() {
        return map.all(true, map.reader()::eachOfAllCpus);
    }

    /**
     * How many keys there are: the kernel keeps no count, so they are counted.
     *
     * @return the number
     */
    public int size() {
        return map.size();
    }

    /**
     * Whether there is no key.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return map.isEmpty();
    }

    /** Removes all keys that are there now. */
    public void clear() {
        map.clear();
    }

    /** The entries, as {@link Map} shows them. */
    @Override
    public String toString() {
        return entries().toString();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return map.captured(new KernelObject.PerCpuHash(
                map.name(), map.keys().layout(), map.values().layout()));
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        map.close();
    }
}
