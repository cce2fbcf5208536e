package org.kprobe4j;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Largest;
import org.kprobe4j.internal.Programs;

/**
 * A hash map in the kernel that handlers and Java share: {@code starts.put(Kernel.tid(), Kernel.ktimeNs())} in one handler, {@code
 * starts.get(Kernel.tid())} in another, {@code starts.entries()} outside. Keys and values are Long, Integer, Short, Byte,
 * Character, Boolean, or a record of numbers, Strings, enums, addresses and such records; two keys are equal if all their parts
 * are. A String has {@link MaxBytes} bytes, 16 if nothing is said; a key has at most 512 bytes in all.
 *
 * <p>A handler puts strings of any kind into a record, and gets back those of up to 64 bytes, numbers, records in the record and
 * {@code Inet4Address}; it cannot read a longer string, an enum or another address that it got.
 *
 * <p>A key may be a {@link KernelStack} or a {@link UserStack}, or have such components: in the kernel it holds the stack's number in
 * a map of stacks (bpf_get_stackid), which is made and closed with this one and has room for {@code maxEntries} stacks, rounded up to a
 * power of two and at most 131 072, of a kibibyte each. A stack that finds its place there taken by another one, as its hash may say, or no room, is lost: it is counted
 * in the probe's account at the handler's line, and the entry has a key that {@link KernelStack#isLost() says so}, so that sums stay
 * right. Stacks keep their places when entries are removed. Two CPUs that put different stacks into one free place at the same
 * moment may get one stack for both: the kernel does not tell. Values hold no stacks.
 *
 * <p>{@code get} gives a copy, which later changes of the entry do not reach. The kernel makes room for all entries at once and
 * uses that of a removed entry for the next: what reads an entry or adds to it at the moment at which another CPU removes it may
 * meet the next one. A handler's {@code put} that finds the map full is lost and counted in the probe's {@link ProbeAccount}.
 *
 * <p>Since kernel: 3.19. Source: Documentation/bpf/map_hash.rst. Thread-safe.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
public final class KernelMap<K, V> implements AutoCloseable {
    private static final int DEFAULT_ENTRIES = 10_240;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final KeyedEntries<K, V> map;
    private final Class<V> valueType;

    private KernelMap(Class<K> key, Class<V> value, MapType type, int maxEntries) {
        this.map = new KeyedEntries<>("KernelMap", "map" + NUMBER.incrementAndGet(), key, value, type, maxEntries);
        this.valueType = value;
    }

    /**
     * A map for 10 240 entries.
     *
     * @param key class of the keys
     * @param value class of the values
     * @param <K> type of the keys
     * @param <V> type of the values
     * @return the map, open
     * @throws UsageException if a type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K, V> KernelMap<K, V> of(Class<K> key, Class<V> value) {
        return of(key, value, DEFAULT_ENTRIES);
    }

    /**
     * A map.
     *
     * @param key class of the keys
     * @param value class of the values
     * @param maxEntries how many entries it can hold; the memory for all is taken at once
     * @param <K> type of the keys
     * @param <V> type of the values
     * @return the map, open
     * @throws UsageException if a type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K, V> KernelMap<K, V> of(Class<K> key, Class<V> value, int maxEntries) {
        return of(key, value, MapType.HASH, maxEntries);
    }

    /**
     * A map that is never full: where there is no room for a new key, the kernel drops a key that was not used for long, with its
     * value. Which one is the kernel's estimate, made for each CPU by itself: a map for few entries may drop one before it is full.
     * The kernel does not count what it drops, and neither does the probe's {@link ProbeAccount}. Since kernel: 4.10. Source:
     * kernel/bpf/bpf_lru_list.c.
     *
     * @param key class of the keys
     * @param value class of the values
     * @param maxEntries how many entries it can hold; the memory for all is taken at once
     * @param <K> type of the keys
     * @param <V> type of the values
     * @return the map, open
     * @throws UsageException if a type cannot be laid out in the kernel or the kernel refuses the map
     */
    public static <K, V> KernelMap<K, V> lru(Class<K> key, Class<V> value, int maxEntries) {
        return of(key, value, MapType.LRU_HASH, maxEntries);
    }

    private static <K, V> KernelMap<K, V> of(Class<K> key, Class<V> value, MapType type, int maxEntries) {
        return UsageException.checked(() -> new KernelMap<>(key, value, type, maxEntries));
    }

    // ---- in a handler and outside ----

    /**
     * A key's value: helper bpf_map_lookup_elem.
     *
     * @param key not null
     * @return a copy of the value, null if there is none
     */
    public @Nullable V get(K key) {
        byte[] found = map.lookup(key);
        return found == null ? null : map.values().object(found);
    }

    /**
     * Sets a key's value: helper bpf_map_update_elem.
     *
     * @param key not null
     * @param value not null
     * @throws IllegalStateException outside a handler, if the map is full
     */
    public void put(K key, V value) {
        update(key, value, false);
    }

    /**
     * Sets a key's value if it has none, in one step.
     *
     * @param key not null
     * @param value not null
     * @return true if it was set; false if the key had a value, and in a handler if the map is full
     * @throws IllegalStateException outside a handler, if the map is full
     */
    public boolean putIfAbsent(K key, V value) {
        return update(key, value, true);
    }

    /**
     * Removes a key with its value: helper bpf_map_delete_elem.
     *
     * @param key not null
     * @return whether there was one
     */
    public boolean remove(K key) {
        return map.delete(key);
    }

    /**
     * Whether a key has a value.
     *
     * @param key not null
     * @return true if so
     */
    public boolean containsKey(K key) {
        return map.lookup(key) != null;
    }

    /**
     * A key's value, or another one if it has none.
     *
     * @param key not null
     * @param other what to return then
     * @return a copy of the value
     */
    public V getOrDefault(K key, V other) {
        V found = get(key);
        return found == null ? other : found;
    }

    /**
     * Adds to a key's value, a Long or an Integer, atomically; a key without one begins at zero. Inside a handler only.
     *
     * @param key not null
     * @param delta any; the value wraps around as Java's does
     */
    public void add(K key, long delta) {
        SimulatedKernel kernel = SimulatedKernel.inHandler();
        if (kernel == null || !map.isOnTheHeap()) {
            throw SimulatedKernel.outside("add(%s, %d)".formatted(key, delta));
        }
        map.requireNumbers();
        long before = get(key) instanceof Number old ? old.longValue() : 0;
        update(key, map.values().number(before + delta), false);
    }

    private boolean update(K key, V value, boolean isNew) {
        byte[] content = map.values().bytes(Objects.requireNonNull(value, "value"));
        return map.update(map.written(key), content, isNew);
    }

    // ---- outside only ----

    /**
     * Sets the values of many keys, with one system call: a map that is filled before the probe begins. Since kernel: 5.6; before,
     * one call for each.
     *
     * @param entries keys and values, none null
     * @throws IllegalStateException if the map is full; some of the entries are set then
     */
    public void putAll(Map<? extends K, ? extends V> entries) {
        int keyBytes = map.keys().layout().sizeBytes();
        int valueBytes = map.values().layout().sizeBytes();
        var allKeys = new byte[Math.multiplyExact(entries.size(), keyBytes)];
        var allValues = new byte[Math.multiplyExact(entries.size(), valueBytes)];
        int at = 0;
        for (Map.Entry<? extends K, ? extends V> entry : entries.entrySet()) {
            byte[] value = map.values().bytes(Objects.requireNonNull(entry.getValue(), "value"));
            System.arraycopy(map.written(entry.getKey()), 0, allKeys, at * keyBytes, keyBytes);
            System.arraycopy(value, 0, allValues, at * valueBytes, valueBytes);
            at++;
        }
        map.updateAll(allKeys, allValues);
    }

    /**
     * All entries, in no particular order. What handlers change meanwhile may be among them or not; each entry is there once.
     *
     * @return a copy
     */
    public Map<K, V> entries() {
        return map.all(false, map.reader()::each);
    }

    /**
     * Calls an action for each entry of {@link #entries()}, some thousand of them with each system call (since kernel 5.6; before,
     * two calls for each entry). The action may use the map.
     *
     * @param action takes a key and its value
     */
    public void forEach(BiConsumer<? super K, ? super V> action) {
        map.forEach(map.reader().each(action));
    }

    /**
     * The entries that {@link #entries()} gives.
     *
     * @return a stream of copies
     */
    public Stream<Map.Entry<K, V>> stream() {
        var found = new ArrayList<Map.Entry<K, V>>();
        forEach((key, value) -> found.add(Map.entry(key, value)));
        return found.stream();
    }

    /**
     * The entries with the largest values.
     *
     * @param count how many at most
     * @return copies, the largest first
     * @throws UsageException if the values are no numbers and no records with an order of their own
     */
    public List<Map.Entry<K, V>> top(int count) {
        return UsageException.checked(() -> top(count, Largest.naturalOrder(valueType)));
    }

    /**
     * The entries with the largest values.
     *
     * @param count how many at most
     * @param order says which of two values is larger
     * @return copies, the largest first
     */
    public List<Map.Entry<K, V>> top(int count, Comparator<? super V> order) {
        return UsageException.checked(() -> {
            var largest = new Largest<K, V>(count, order);
            forEach(largest::add);
            return largest.toList();
        });
    }

    /**
     * Removes all entries and gives them, for output at intervals: what handlers put later makes new entries. What a handler adds to
     * an entry at the very moment at which it is taken is lost. Since kernel: 5.6; before, key by key, and so is what a handler
     * writes between the reading of an entry and its removal.
     *
     * @return a copy
     */
    public Map<K, V> takeAll() {
        return map.all(true, map.reader()::each);
    }

    /**
     * How many entries there are: the kernel keeps no count, so they are counted.
     *
     * @return the number
     */
    public int size() {
        return map.size();
    }

    /**
     * Whether there is no entry.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return map.isEmpty();
    }

    /** Removes all entries that are there now. */
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
        return map.captured(new KernelObject.Hash(
                map.name(), map.keys().layout(), map.values().layout()));
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        map.close();
    }
}
