package org.kprobe4j.compiler;

import java.util.ArrayList;
import java.util.List;

/**
 * What a Java object that a handler captured stands for in the kernel. Each is known by the symbolic name of its map, which is
 * resolved when the program is loaded. A further type of map is one more record here.
 */
public sealed interface KernelObject {
    /**
     * Symbolic name of its map.
     *
     * @return unique among the objects of a program
     */
    String map();

    /**
     * All maps that programs need for it.
     *
     * @return their symbolic names, {@link #map()} among them
     */
    default List<String> maps() {
        return List.of(map());
    }

    private static List<String> withStacks(ElementLayout key, String map, String... more) {
        var all = new ArrayList<>(List.of(more));
        all.addFirst(map);
        if (key.hasStack(StackKind.KERNEL) || key.hasStack(StackKind.USER)) {
            all.add(StackKind.mapOf(map));
        }
        return all;
    }

    /**
     * A ring buffer.
     *
     * @param map symbolic name
     * @param events layout of its records
     * @param sizeBytes its size
     */
    record Ring(String map, EventLayout events, int sizeBytes) implements KernelObject {}

    /**
     * A map whose entries are found by their key: helpers bpf_map_lookup_elem, bpf_map_update_elem, bpf_map_delete_elem.
     *
     * @param map symbolic name
     * @param key layout of its keys
     * @param value layout of its values
     */
    record Hash(String map, ElementLayout key, ElementLayout value) implements KernelObject {
        @Override
        public List<String> maps() {
            return withStacks(key, map);
        }
    }

    /** What handlers use like a collection of Java. */
    sealed interface Collection extends KernelObject {}

    /**
     * A map with a value for each CPU; a program finds its own CPU's.
     *
     * @param map symbolic name
     * @param key layout of its keys
     * @param value layout of a CPU's value
     */
    record PerCpuHash(String map, ElementLayout key, ElementLayout value) implements Collection {
        @Override
        public List<String> maps() {
            return withStacks(key, map);
        }
    }

    /**
     * Elements in the one value of an array map, which programs reach by its address.
     *
     * @param map symbolic name
     * @param element layout of an element
     * @param cells where they lie
     */
    record Array(String map, ElementLayout element, CellLayout cells) implements Collection {}

    /**
     * Values that are taken out in the order in which they came: helpers bpf_map_push_elem, bpf_map_pop_elem, bpf_map_peek_elem.
     *
     * @param map symbolic name
     * @param element layout of a value
     */
    record Queue(String map, ElementLayout element) implements Collection {}

    /**
     * A value for each task.
     *
     * @param map symbolic name
     * @param value its layout
     * @param storage whether the kernel keeps it with the task; else in a hash, under the task's address and the time at which it began
     */
    record TaskLocal(String map, ElementLayout value, boolean storage) implements Collection {
        /** Bytes of a key of the hash: the task's address and its start time. */
        public static final int KEY_BYTES = 2 * Long.BYTES;
    }

    /**
     * A 64-bit number in the one value of an array map, which programs reach by its address.
     *
     * @param map symbolic name
     * @param offset in the value, in bytes
     */
    record Counter(String map, int offset) implements KernelObject {}

    /**
     * A row of 64-bit numbers in the one value of an array map, {@link Buckets#slots()} of them from its beginning.
     *
     * @param map symbolic name
     * @param buckets which number counts which values
     */
    record Histogram(String map, Buckets buckets) implements KernelObject {}

    /** What handlers record values in, to be summed up outside. */
    sealed interface Aggregate extends KernelObject {}

    /**
     * A hash map whose values are rows of 64-bit numbers, {@link Buckets#room()} of them.
     *
     * @param map symbolic name
     * @param zeros symbolic name of an array map whose one value is such a row of zeros: a new key's value
     * @param key layout of its keys
     * @param buckets which number counts which values
     */
    record HistogramMap(String map, String zeros, ElementLayout key, Buckets buckets) implements Aggregate {
        @Override
        public List<String> maps() {
            return withStacks(key, map, zeros);
        }
    }

    /**
     * {@link SummaryRow}s in the one value of an array map, one for each CPU.
     *
     * @param map symbolic name
     * @param rows how many: a power of two, above the largest number of a CPU
     */
    record Summary(String map, int rows) implements Aggregate {}

    /**
     * A hash map with a {@link SummaryRow} for each CPU as its values.
     *
     * @param map symbolic name
     * @param key layout of its keys
     */
    record SummaryMap(String map, ElementLayout key) implements Aggregate {
        @Override
        public List<String> maps() {
            return withStacks(key, map);
        }
    }
}
