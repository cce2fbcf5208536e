package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.kprobe4j.bpf.EntryConsumer;
import org.kprobe4j.compiler.ElementLayout;

/**
 * Makes objects of the bytes of entries: the values of a per-CPU map lie side by side, each at a multiple of eight.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
public final class EntryReader<K, V> {
    /** Makes an object of the bytes at an offset. */
    @FunctionalInterface
    private interface Decoder<T> {
        T object(MemorySegment bytes, long offset);
    }

    private final Decoder<K> keys;
    private final Decoder<V> values;
    private final int valueBytes;

    /** For keys and values of these types. */
    public EntryReader(Elements<K> keys, Elements<V> values) {
        this.keys = decoder(keys);
        this.values = decoder(values);
        this.valueBytes = values.layout().sizeBytes();
    }

    @SuppressWarnings("unchecked") // the box of a number that is Long or Integer
    private static <T> Decoder<T> decoder(Elements<T> elements) {
        if (elements.layout() instanceof ElementLayout.Scalar(Class<?> type)) {
            if (type == long.class) {
                return (bytes, offset) -> (T) (Long) bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
            } else if (type == int.class) {
                return (bytes, offset) -> (T) (Integer) bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
            }
        }
        int size = elements.layout().sizeBytes();
        return (bytes, offset) -> elements.object(bytes.asSlice(offset, size).toArray(ValueLayout.JAVA_BYTE));
    }

    /** Shows each entry as objects. */
    public EntryConsumer each(BiConsumer<? super K, ? super V> action) {
        return (key, value) -> action.accept(keys.object(key, 0), values.object(value, 0));
    }

    /** Shows each entry with the values of all CPUs. */
    public EntryConsumer eachOfAllCpus(BiConsumer<? super K, ? super List<V>> action) {
        return (key, value) -> action.accept(keys.object(key, 0), ofAllCpus(value));
    }

    /** The values of all CPUs, in the order of their numbers. */
    public List<V> ofAllCpus(MemorySegment bytes) {
        int stride = stride(valueBytes);
        var all = new ArrayList<V>();
        for (long at = 0; at < bytes.byteSize(); at += stride) {
            all.add(values.object(bytes, at));
        }
        return List.copyOf(all);
    }

    /** From one CPU's value to the next one's, in bytes. */
    public static int stride(int valueBytes) {
        return (valueBytes + 7) & -8;
    }
}
