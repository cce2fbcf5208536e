package org.kprobe4j;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.internal.CellArray;
import org.kprobe4j.internal.Programs;

/**
 * An array in the kernel that handlers and Java share: {@code perCpu.add(Kernel.cpu(), 1)} in a handler that captured it, {@code
 * perCpu.get(3)} outside. Elements are Long, Integer, Short, Byte, Character, Boolean or a record as in a {@link KernelMap}; they
 * begin as zeros. An index is checked as Java checks an array's: where there is no such element, a handler stops.
 *
 * <p>In the kernel it is memory that this process maps: handlers reach an element by its address, Java without a system call. A
 * number is read and written whole; a record is copied, and a copy that is made while another CPU writes may have parts of both.
 * All of it is one piece of memory, of which older kernels give 4 MiB at most; there is room for a power of two of elements.
 *
 * <p>Since kernel: 5.5. Source: kernel/bpf/arraymap.c. Thread-safe.
 *
 * @param <V> type of the elements
 */
public final class KernelArray<V> implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "array" + NUMBER.incrementAndGet();
    private final CellArray<V> cells;

    /** What to do with an element and its index. */
    @FunctionalInterface
    public interface ElementConsumer<V> {
        /**
         * Takes an element.
         *
         * @param index from 0
         * @param value a copy of the element
         */
        void accept(int index, V value);
    }

    private KernelArray(Class<V> type, int length) {
        this.cells = new CellArray<>(name, type, length, 1, SimulatedKernel.current() != null);
    }

    /**
     * An array of zeros.
     *
     * @param type class of the elements
     * @param length how many there are
     * @param <V> type of the elements
     * @return the array, open
     * @throws UsageException if the type cannot be laid out in the kernel or the kernel refuses the array
     */
    public static <V> KernelArray<V> of(Class<V> type, int length) {
        return UsageException.checked(() -> new KernelArray<>(type, length));
    }

    // ---- in a handler and outside ----

    /**
     * How many elements there are.
     *
     * @return the number that it was made with
     */
    public int length() {
        return cells.cells().length();
    }

    /**
     * An element.
     *
     * @param index from 0
     * @return a copy, never null
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public V get(int index) {
        return cells.get(0, index);
    }

    /**
     * Sets an element.
     *
     * @param index from 0
     * @param value not null
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public void set(int index, V value) {
        cells.set(0, index, Objects.requireNonNull(value, "value"));
    }

    /**
     * Adds to an element, a Long or an Integer, atomically.
     *
     * @param index from 0
     * @param delta any; the element wraps around as Java's does
     * @throws ArrayIndexOutOfBoundsException if there is no such element
     */
    public void add(int index, long delta) {
        UsageException.check(() -> cells.add(0, index, delta));
    }

    // ---- outside only ----

    /**
     * All elements, each copied when the stream comes to it.
     *
     * @return a stream in the order of the indexes
     */
    public Stream<V> stream() {
        return IntStream.range(0, length()).mapToObj(this::get);
    }

    /**
     * Calls an action for each element.
     *
     * @param action takes an index and a copy of the element
     */
    public void forEach(ElementConsumer<? super V> action) {
        for (int i = 0; i < length(); i++) {
            action.accept(i, get(i));
        }
    }

    /** Sets all elements to zero. What a handler adds at that moment counts before or after. */
    public void clear() {
        cells.clear();
    }

    /** The elements, as {@link java.util.List} shows them. */
    @Override
    public String toString() {
        return stream().toList().toString();
    }

    /** What handlers that capture it need of it. */
    Programs.Captured captured() {
        return KernelObjects.captured(
                "KernelArray", new KernelObject.Array(name, cells.layout(), cells.cells()), "use an array", cells::fd);
    }

    /** Frees it. Close the probes whose handlers use it first. */
    @Override
    public void close() {
        cells.close();
    }
}
