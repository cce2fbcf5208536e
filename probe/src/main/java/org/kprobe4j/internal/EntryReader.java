package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.kprobe4j.bpf.EntryConsumer;

/**
 * Makes objects of the bytes of entries: the values of a per-CPU map lie side by side, each at a multiple of eight.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
public final class EntryReader<K, V> {
    private final Elements<K> keys;
    private final Elements<V> values;

    /** For keys and values of these types. */
    public EntryReader(Elements<K> keys, Elements<V> values) {
        this.keys = keys;
        this.values = values;
    }

    /** Shows each entry as objects. */
    public EntryConsumer each(BiConsumer<? super K, ? super V> action) {
        // The same arrays for all entries: what is made of them is a copy.
        var key = new byte[keys.layout().sizeBytes()];
        var value = new byte[values.layout().sizeBytes()];
        return (keyBytes, valueBytes) -> {
            copy(keyBytes, 0, key);
            copy(valueBytes, 0, value);
            action.accept(keys.object(key), values.object(value));
        };
    }

    /** Shows each entry with the values of all CPUs. */
    public EntryConsumer eachOfAllCpus(BiConsumer<? super K, ? super List<V>> action) {
        var key = new byte[keys.layout().sizeBytes()];
        return (keyBytes, valueBytes) -> {
            copy(keyBytes, 0, key);
            action.accept(keys.object(key), ofAllCpus(valueBytes));
        };
    }

    /** The values of all CPUs, in the order of their numbers. */
    public List<V> ofAllCpus(MemorySegment bytes) {
        var value = new byte[values.layout().sizeBytes()];
        int stride = stride(value.length);
        var all = new ArrayList<V>();
        for (long at = 0; at < bytes.byteSize(); at += stride) {
            copy(bytes, at, value);
            all.add(values.object(value));
        }
        return List.copyOf(all);
    }

    /** From one CPU's value to the next one's, in bytes. */
    public static int stride(int valueBytes) {
        return (valueBytes + 7) & -8;
    }

    private static void copy(MemorySegment from, long offset, byte[] to) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, offset, to, 0, to.length);
    }
}
