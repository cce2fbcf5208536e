package org.kprobe4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.Entries;
import org.kprobe4j.internal.EntryReader;
import org.kprobe4j.internal.HeapEntries;
import org.kprobe4j.internal.KernelEntries;
import org.kprobe4j.internal.Largest;
import org.kprobe4j.internal.MapRefusal;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Shutdown;

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
    /** Source: htab_map_alloc_check() in kernel/bpf/hashtab.c, MAX_BPF_STACK. */
    private static final int MAX_KEY_BYTES = 512;

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "map" + NUMBER.incrementAndGet();
    private final Elements<K> keys;
    private final Elements<V> values;
    private final EntryReader<K, V> reader;
    private final Class<V> valueType;
    private final Entries map;

    private KernelMap(Class<K> key, Class<V> value, MapType type, int maxEntries) {
        this.keys = Elements.ofKeys(key);
        this.values = new Elements<>(value);
        this.valueType = value;
        this.reader = new EntryReader<>(keys, values);
        this.map = entries(type, name, keys, values, maxEntries);
        if (map instanceof KernelEntries) {
            // Reading a key once is what its stacks need.
            keys.stacks().watch(name, this::entries);
            Shutdown.opened(this);
        }
    }

    /** {@code what} is the map's class, for messages. */
    static void requireEntries(String what, Elements<?> keys, int maxEntries) {
        int keyBytes = keys.layout().sizeBytes();
        if (maxEntries < 1) {
            throw new UsageException("a %s for %d entries: it must hold at least one".formatted(what, maxEntries));
        } else if (keyBytes > MAX_KEY_BYTES) {
            throw new UsageException(
                    "a key of type %s has %d bytes, and the kernel takes at most %d: make its strings shorter with @MaxBytes"
                            .formatted(keys.layout().javaName(), keyBytes, MAX_KEY_BYTES));
        }
    }

    /**
     * Entries in the kernel, or on the heap while a {@link SimulatedKernel} is open.
     *
     * @throws UsageException if the kernel refuses the map
     * @throws IllegalArgumentException if a key is too long
     */
    static Entries entries(MapType type, String name, Elements<?> keys, Elements<?> values, int maxEntries) {
        int keyBytes = keys.layout().sizeBytes();
        int valueBytes = values.layout().sizeBytes();
        requireEntries("map", keys, maxEntries);
        SimulatedKernel simulated = SimulatedKernel.current();
        if (simulated != null) {
            keys.stacks().openOnTheHeap(simulated.stackNames());
            boolean lru = type == MapType.LRU_HASH || type == MapType.LRU_PERCPU_HASH;
            int size = type.perCpu() ? SimulatedKernel.POSSIBLE_CPUS * EntryReader.stride(valueBytes) : valueBytes;
            return new HeapEntries(name, size, maxEntries, lru);
        }
        try {
            return keys.stacks()
                    .open(name, maxEntries, () -> new KernelEntries(type, name, keyBytes, valueBytes, maxEntries));
        } catch (BpfException e) {
            throw new UsageException(MapRefusal.ofMap(maxEntries, keyBytes, valueBytes, e));
        }
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
        try {
            return new KernelMap<>(key, value, type, maxEntries);
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    // ---- in a handler and outside ----

    /**
     * A key's value: helper bpf_map_lookup_elem.
     *
     * @param key not null
     * @return a copy of the value, null if there is none
     */
    public @Nullable V get(K key) {
        byte[] found = map.lookup(bytes(key));
        return found == null ? null : values.object(found);
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
        return map.delete(bytes(key));
    }

    /**
     * Whether a key has a value.
     *
     * @param key not null
     * @return true if so
     */
    public boolean containsKey(K key) {
        return map.lookup(bytes(key)) != null;
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
        if (kernel == null || !(map instanceof HeapEntries)) {
            throw SimulatedKernel.outside("add(%s, %d)".formatted(key, delta));
        }
        Class<?> number = values.layout() instanceof ElementLayout.Scalar(Class<?> type) ? type : Object.class;
        if (number != long.class && number != int.class) {
            throw new UsageException("add needs a map whose values are Long or Integer; this one's are %s"
                    .formatted(values.layout().javaName()));
        }
        long before = get(key) instanceof Number old ? old.longValue() : 0;
        update(key, values.number(before + delta), false);
    }

    private byte[] bytes(K key) {
        return keys.bytes(Objects.requireNonNull(key, "key"));
    }

    private boolean update(K key, V value, boolean isNew) {
        byte[] content = values.bytes(Objects.requireNonNull(value, "value"));
        byte[] place = bytes(key);
        keys.stacks().requireKnown(place);
        return switch (map.update(place, content, isNew)) {
            case DONE -> true;
            case EXISTS -> false;
            case FULL -> full();
        };
    }

    private boolean full() {
        return full("KernelMap", name, map.maxEntries());
    }

    /** In a handler the entry is lost and counted; outside Java can be told. */
    static boolean full(String type, String name, int maxEntries) {
        SimulatedKernel kernel = SimulatedKernel.inHandler();
        if (kernel != null) {
            kernel.entryLost();
            return false;
        }
        throw new IllegalStateException("%s is full: it holds %d entries; make it for more with %s.of(…, maxEntries)"
                .formatted(name, maxEntries, type));
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
        int keyBytes = keys.layout().sizeBytes();
        int valueBytes = values.layout().sizeBytes();
        var allKeys = new byte[Math.multiplyExact(entries.size(), keyBytes)];
        var allValues = new byte[Math.multiplyExact(entries.size(), valueBytes)];
        int at = 0;
        for (Map.Entry<? extends K, ? extends V> entry : entries.entrySet()) {
            byte[] value = values.bytes(Objects.requireNonNull(entry.getValue(), "value"));
            System.arraycopy(bytes(entry.getKey()), 0, allKeys, at * keyBytes, keyBytes);
            System.arraycopy(value, 0, allValues, at * valueBytes, valueBytes);
            at++;
        }
        if (map.updateAll(allKeys, allValues) == Entries.Update.FULL) {
            full();
        }
    }

    /**
     * All entries, in no particular order. What handlers change meanwhile may be among them or not; each entry is there once.
     *
     * @return a copy
     */
    public Map<K, V> entries() {
        var found = new LinkedHashMap<K, V>();
        forEach(found::put);
        return Collections.unmodifiableMap(found);
    }

    /**
     * Calls an action for each entry of {@link #entries()}, some thousand of them with each system call (since kernel 5.6; before,
     * two calls for each entry). The action may use the map.
     *
     * @param action takes a key and its value
     */
    public void forEach(BiConsumer<? super K, ? super V> action) {
        map.forEach(false, reader.each(action));
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
        try {
            return top(count, Largest.naturalOrder(valueType));
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * The entries with the largest values.
     *
     * @param count how many at most
     * @param order says which of two values is larger
     * @return copies, the largest first
     */
    public List<Map.Entry<K, V>> top(int count, Comparator<? super V> order) {
        try {
            var largest = new Largest<K, V>(count, order);
            forEach(largest::add);
            return largest.toList();
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Removes all entries and gives them, for output at intervals: what handlers put later makes new entries. What a handler adds to
     * an entry at the very moment at which it is taken is lost. Since kernel: 5.6; before, key by key, and so is what a handler
     * writes between the reading of an entry and its removal.
     *
     * @return a copy
     */
    public Map<K, V> takeAll() {
        var found = new LinkedHashMap<K, V>();
        map.forEach(true, reader.each(found::put));
        return Collections.unmodifiableMap(found);
    }

    /**
     * How many entries there are: the kernel keeps no count, so they are counted.
     *
     * @return the number
     */
    public int size() {
        return map.forEach(false, (_, _) -> {});
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
        map.forEach(true, (_, _) -> {});
    }

    /** The entries, as {@link Map} shows them. */
    @Override
    public String toString() {
        return entries().toString();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "KernelMap", new KernelObject.Hash(name, keys.layout(), values.layout()), wanted -> {
                    if (map instanceof KernelEntries kernel) {
                        return wanted.equals(name) ? kernel.fd() : keys.stacks().fd();
                    }
                    throw SimulatedKernel.onTheHeap("use a map");
                });
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        keys.stacks().close();
        map.close();
        if (map instanceof KernelEntries) {
            Shutdown.closed(this);
        }
    }
}
