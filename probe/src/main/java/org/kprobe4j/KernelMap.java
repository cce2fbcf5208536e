package org.kprobe4j;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.Entries;
import org.kprobe4j.internal.HeapEntries;
import org.kprobe4j.internal.KernelEntries;
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
    private final Entries map;

    private KernelMap(Elements<K> keys, Elements<V> values, int maxEntries) {
        this.keys = keys;
        this.values = values;
        SimulatedKernel simulated = SimulatedKernel.current();
        if (simulated != null) {
            keys.stacks().openOnTheHeap(simulated.stackNames());
            this.map = new HeapEntries(maxEntries);
        } else {
            this.map = keys.stacks()
                    .open(
                            name,
                            maxEntries,
                            () -> new KernelEntries(
                                    name,
                                    keys.layout().sizeBytes(),
                                    values.layout().sizeBytes(),
                                    maxEntries));
            keys.stacks().watch(name, this::readKeys);
            Shutdown.opened(this);
        }
    }

    /** Reading a key once is what its stack needs. */
    private void readKeys() {
        long left = 4L * map.maxEntries();
        for (byte[] key = map.nextKey(null); key != null && left > 0; key = map.nextKey(key), left--) {
            keys.object(key);
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
        if (maxEntries < 1) {
            throw new UsageException("a map for %d entries: it must hold at least one".formatted(maxEntries));
        }
        try {
            var keys = Elements.ofKeys(key);
            if (keys.layout().sizeBytes() > MAX_KEY_BYTES) {
                throw new UsageException(
                        "a key of type %s has %d bytes, and the kernel takes at most %d: make its strings shorter with @MaxBytes"
                                .formatted(key.getSimpleName(), keys.layout().sizeBytes(), MAX_KEY_BYTES));
            }
            return new KernelMap<>(keys, new Elements<>(value), maxEntries);
        } catch (IllegalArgumentException | BpfException e) {
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

    /** In a handler the entry is lost and counted; outside Java can be told. */
    private boolean full() {
        SimulatedKernel kernel = SimulatedKernel.inHandler();
        if (kernel != null) {
            kernel.entryLost();
            return false;
        }
        throw new IllegalStateException(
                "%s is full: it holds %d entries; make it for more with KernelMap.of(…, maxEntries)"
                        .formatted(name, map.maxEntries()));
    }

    // ---- outside only ----

    /**
     * All entries, in no particular order. What handlers change meanwhile may be among them or not; each entry is there once.
     *
     * @return a copy
     */
    public Map<K, V> entries() {
        var found = new LinkedHashMap<K, V>();
        // Where the last key was removed meanwhile the kernel begins again: so the walk needs an end of its own.
        long left = 4L * map.maxEntries();
        for (byte[] key = map.nextKey(null); key != null && left > 0; key = map.nextKey(key), left--) {
            byte[] value = map.lookup(key);
            if (value != null) {
                found.put(keys.object(key), values.object(value));
            }
        }
        return Collections.unmodifiableMap(found);
    }

    /**
     * Calls an action for each entry of {@link #entries()}.
     *
     * @param action takes a key and its value
     */
    public void forEach(BiConsumer<? super K, ? super V> action) {
        entries().forEach(action);
    }

    /**
     * How many entries there are: the kernel keeps no count, so they are counted.
     *
     * @return the number
     */
    public int size() {
        return entries().size();
    }

    /**
     * Whether there is no entry.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return map.nextKey(null) == null;
    }

    /** Removes all entries that are there now. */
    public void clear() {
        entries().keySet().forEach(this::remove);
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
