package org.kprobe4j;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.EntryConsumer;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.Entries;
import org.kprobe4j.internal.EntryReader;
import org.kprobe4j.internal.HeapEntries;
import org.kprobe4j.internal.KernelEntries;
import org.kprobe4j.internal.MapRefusal;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Shutdown;

/**
 * The entries of a map of objects, with the stacks in its keys: in the kernel, or on the heap while a {@link SimulatedKernel} is
 * open. What a {@link KernelMap} and a {@link PerCpuMap} have in common. Thread-safe.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
final class KeyedEntries<K, V> implements AutoCloseable {
    /** Source: htab_map_alloc_check() in kernel/bpf/hashtab.c, MAX_BPF_STACK. */
    private static final int MAX_KEY_BYTES = 512;

    private final String what;
    private final String name;
    private final Elements<K> keys;
    private final Elements<V> values;
    private final EntryReader<K, V> reader;
    private final Entries map;

    /**
     * Makes room for them.
     *
     * @param what the map's class, for messages
     * @throws UsageException if there are no such entries, or the kernel refuses them
     * @throws IllegalArgumentException if a type cannot be laid out
     */
    KeyedEntries(String what, String name, Class<K> key, Class<V> value, MapType type, int maxEntries) {
        this.what = what;
        this.name = name;
        this.keys = Elements.ofKeys(key);
        this.values = new Elements<>(value);
        this.reader = new EntryReader<>(keys, values);
        requireEntries("map", keys, maxEntries);
        SimulatedKernel simulated = SimulatedKernel.current();
        if (simulated != null) {
            keys.stacks().openOnTheHeap(simulated.stackNames());
            this.map = onTheHeap(type, maxEntries);
            return;
        }
        this.map = inTheKernel(type, maxEntries);
        keys.watch(name, each -> map.forEach(false, each));
        Shutdown.opened(this);
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

    private Entries onTheHeap(MapType type, int maxEntries) {
        int valueBytes = values.layout().sizeBytes();
        boolean lru = type == MapType.LRU_HASH || type == MapType.LRU_PERCPU_HASH;
        int size = type.perCpu() ? SimulatedKernel.POSSIBLE_CPUS * EntryReader.stride(valueBytes) : valueBytes;
        return new HeapEntries(name, size, maxEntries, lru);
    }

    private Entries inTheKernel(MapType type, int maxEntries) {
        int keyBytes = keys.layout().sizeBytes();
        int valueBytes = values.layout().sizeBytes();
        try {
            return keys.stacks()
                    .open(name, maxEntries, () -> new KernelEntries(type, name, keyBytes, valueBytes, maxEntries));
        } catch (BpfException e) {
            throw new UsageException(MapRefusal.ofMap(maxEntries, keyBytes, valueBytes, e));
        }
    }

    /** The map's symbolic name. */
    String name() {
        return name;
    }

    Elements<K> keys() {
        return keys;
    }

    Elements<V> values() {
        return values;
    }

    /** Makes objects of their bytes. */
    EntryReader<K, V> reader() {
        return reader;
    }

    /** Whether only handlers in the JVM can use them. */
    boolean isOnTheHeap() {
        return map instanceof HeapEntries;
    }

    // ---- one entry ----

    byte[] bytes(K key) {
        return keys.bytes(Objects.requireNonNull(key, "key"));
    }

    /**
     * A key that Java writes.
     *
     * @throws IllegalArgumentException if its stack is none of this map's
     */
    byte[] written(K key) {
        byte[] bytes = bytes(key);
        keys.stacks().requireKnown(bytes);
        return bytes;
    }

    byte @Nullable [] lookup(K key) {
        return map.lookup(bytes(key));
    }

    boolean delete(K key) {
        return map.delete(bytes(key));
    }

    /** Sets a value; false if there was one and {@code isNew} wants none, and in a handler if there is no room. */
    boolean update(byte[] key, byte[] value, boolean isNew) {
        return switch (map.update(key, value, isNew)) {
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
        throw new IllegalStateException("%s is full: it holds %d entries; make it for more with %s.of(…, maxEntries)"
                .formatted(name, map.maxEntries(), what));
    }

    /** Size of a value, in bytes; of a per-CPU map, of all CPUs together. */
    int valueBytes() {
        return map.valueBytes();
    }

    /** For {@code add}, which needs numbers. */
    void requireNumbers() {
        if (!values.areNumbers()) {
            throw new UsageException("add needs a map whose values are Long or Integer; this one's are %s"
                    .formatted(values.layout().javaName()));
        }
    }

    // ---- all entries ----

    /** Sets many, key after key and value after value. */
    void updateAll(byte[] allKeys, byte[] allValues) {
        if (map.updateAll(allKeys, allValues) == Entries.Update.FULL) {
            full();
        }
    }

    void forEach(EntryConsumer action) {
        map.forEach(false, action);
    }

    /** Shows all, or takes them out; {@code each} is one of the reader's ways to make objects. */
    <E> Map<K, E> all(boolean take, Function<BiConsumer<K, E>, EntryConsumer> each) {
        var found = new LinkedHashMap<K, E>();
        map.forEach(take, each.apply(found::put));
        return Collections.unmodifiableMap(found);
    }

    /** The kernel keeps no count. */
    int size() {
        return map.forEach(false, (_, _) -> {});
    }

    boolean isEmpty() {
        return map.isEmpty();
    }

    void clear() {
        map.forEach(true, (_, _) -> {});
    }

    // ---- the map ----

    /** What handlers that capture it need of it. */
    Programs.Captured captured(KernelObject object) {
        return KernelObjects.captured(what, object, wanted -> {
            if (map instanceof KernelEntries kernel) {
                return wanted.equals(name) ? kernel.fd() : keys.stacks().fd();
            }
            throw SimulatedKernel.onTheHeap("use a map");
        });
    }

    @Override
    public void close() {
        keys.stacks().close();
        map.close();
        Shutdown.closed(this);
    }
}
