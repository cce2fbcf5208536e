package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.internal.Elements;
import org.kprobe4j.internal.Largest;
import org.kprobe4j.internal.MapRefusal;
import org.kprobe4j.internal.Shutdown;

/**
 * A map whose values are rows of 64-bit numbers, to which handlers add and which Java makes objects of: in the kernel, or on the heap
 * for handlers in the JVM. Thread-safe.
 *
 * @param <K> type of the keys
 * @param <V> what a row is outside
 */
final class KeyedNumbers<K, V> implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** What it is in the kernel, and what becomes of a row: null where nothing was recorded yet. */
    record Shape<V>(String name, MapType type, int numbers, Function<long[], @Nullable V> reader) {}

    private final String name;
    private final Elements<K> keys;
    private final Shape<V> shape;
    private final int maxEntries;
    private final @Nullable Maps maps;
    private final TreeMap<ByteBuffer, long[]> heap = new TreeMap<>();
    private boolean closed;

    /** What it is in the kernel; values of each CPU need no row of zeros. */
    private record Maps(BpfMap rows, @Nullable BpfMap zeros) {}

    private KeyedNumbers(Shape<V> shape, Elements<K> keys, int maxEntries) {
        this.name = shape.name() + NUMBER.incrementAndGet();
        this.keys = keys;
        this.shape = shape;
        this.maxEntries = maxEntries;
        SimulatedKernel simulated = SimulatedKernel.current();
        if (simulated != null) {
            keys.stacks().openOnTheHeap(simulated.stackNames());
            this.maps = null;
            return;
        }
        try {
            this.maps = keys.stacks().open(name, maxEntries, this::make);
        } catch (BpfException e) {
            throw new UsageException(
                    MapRefusal.ofMap(maxEntries, keys.layout().sizeBytes(), shape.numbers() * Long.BYTES, e));
        }
        keys.watch(name, maps.rows()::forEach);
        Shutdown.opened(this);
    }

    private Maps make() {
        int valueBytes = shape.numbers() * Long.BYTES;
        BpfMap rows = BpfMap.create(shape.type(), name, keys.layout().sizeBytes(), valueBytes, maxEntries, 0);
        try {
            boolean perCpu = shape.type().perCpu();
            return new Maps(
                    rows, perCpu ? null : BpfMap.create(MapType.ARRAY, zerosName(), Integer.BYTES, valueBytes, 1, 0));
        } catch (BpfException e) {
            rows.close();
            throw e;
        }
    }

    /** Makes one. {@code what} is the class that it is for, for messages. */
    static <K, V> KeyedNumbers<K, V> of(String what, Class<K> key, Shape<V> shape, int maxEntries) {
        return UsageException.checked(() -> {
            var keys = Elements.ofKeys(key);
            KeyedEntries.requireEntries(what, keys, maxEntries);
            return new KeyedNumbers<>(shape, keys, maxEntries);
        });
    }

    /** The map's symbolic name. */
    String name() {
        return name;
    }

    /** The symbolic name of the map that holds a row of zeros. */
    String zerosName() {
        return name + "z";
    }

    ElementLayout keyLayout() {
        return keys.layout();
    }

    /** The descriptor of one of its maps. */
    int fd(String symbol) {
        if (maps == null) {
            throw SimulatedKernel.onTheHeap("use a map");
        } else if (symbol.equals(name)) {
            return maps.rows().fd();
        }
        return maps.zeros() != null && symbol.equals(zerosName())
                ? maps.zeros().fd()
                : keys.stacks().fd();
    }

    /** What a handler in the JVM does to a key's row; one without gets zeros first. */
    synchronized void change(K key, String call, Consumer<long[]> change) {
        SimulatedKernel kernel = SimulatedKernel.opened(maps == null, call);
        requireOpen();
        var place = ByteBuffer.wrap(keys.bytes(Objects.requireNonNull(key, "key")));
        long[] row = heap.get(place);
        if (row == null) {
            if (heap.size() == maxEntries) {
                kernel.entryLost();
                return;
            }
            row = new long[shape.numbers()];
            heap.put(place, row);
        }
        change.accept(row);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("map %s is closed".formatted(name));
        }
    }

    @Nullable
    V get(K key) {
        byte[] bytes = keys.bytes(Objects.requireNonNull(key, "key"));
        if (maps != null) {
            byte[] found = maps.rows().lookup(bytes);
            return found == null ? null : shape.reader().apply(numbers(MemorySegment.ofArray(found)));
        }
        synchronized (this) {
            requireOpen();
            long[] row = heap.get(ByteBuffer.wrap(bytes));
            return row == null ? null : shape.reader().apply(row);
        }
    }

    /** Shows all rows, or takes them out. */
    Map<K, V> entries(boolean take) {
        var found = new LinkedHashMap<K, V>();
        if (maps == null) {
            synchronized (this) {
                requireOpen();
                heap.forEach((key, row) -> put(found, MemorySegment.ofBuffer(key), row));
                if (take) {
                    heap.clear();
                }
            }
        } else if (take) {
            maps.rows().takeEach((key, value) -> put(found, key, numbers(value)));
        } else {
            maps.rows().forEach((key, value) -> put(found, key, numbers(value)));
        }
        return Collections.unmodifiableMap(found);
    }

    private void put(Map<K, V> found, MemorySegment key, long[] row) {
        V read = shape.reader().apply(row);
        if (read != null) {
            found.put(keys.object(key.toArray(ValueLayout.JAVA_BYTE)), read);
        }
    }

    private static long[] numbers(MemorySegment bytes) {
        return bytes.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    /** Those that come last in an order. */
    List<Map.Entry<K, V>> top(int count, Comparator<? super V> order) {
        return UsageException.checked(() -> {
            var largest = new Largest<K, V>(count, order);
            entries(false).forEach(largest::add);
            return largest.toList();
        });
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        keys.stacks().close();
        if (maps != null) {
            maps.rows().close();
            if (maps.zeros() != null) {
                maps.zeros().close();
            }
            Shutdown.closed(this);
        }
    }
}
