package org.kprobe4j.internal;

import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.compiler.CellLayout;
import org.kprobe4j.compiler.ElementLayout;

/**
 * An array of objects in {@link CellMemory}.
 *
 * @param <V> type of the elements
 */
public final class CellArray<V> implements AutoCloseable {
    private final Elements<V> elements;
    private final CellLayout cells;
    private final CellMemory memory;

    /**
     * Makes it, all zero.
     *
     * @param rows 1, or one for each CPU
     * @param heap whether it is for handlers in the JVM
     * @throws IllegalArgumentException if there is no such array
     */
    public CellArray(String name, Class<V> type, int length, int rows, boolean heap) {
        if (length < 1) {
            throw new IllegalArgumentException("an array of %d elements: it must have at least one".formatted(length));
        }
        this.elements = new Elements<>(type);
        this.cells = new CellLayout(length, elements.layout().sizeBytes(), rows);
        this.memory = memory(name, type, heap);
    }

    private CellMemory memory(String name, Class<V> type, boolean heap) {
        String what = "an array of %d %s%s, %d bytes,"
                .formatted(
                        cells.length(),
                        type.getSimpleName(),
                        cells.rows() == 1 ? "" : " for each of %d CPUs".formatted(cells.rows()),
                        cells.sizeBytes());
        if (cells.sizeBytes() > Integer.MAX_VALUE || cells.length() > 1 << 30) {
            throw new IllegalArgumentException(
                    what + " is more than a kernel gives memory for; make it smaller, or use a map");
        }
        int size = (int) cells.sizeBytes();
        if (heap) {
            return CellMemory.onTheHeap(name, size);
        }
        try {
            return new CellMemory(name, size);
        } catch (BpfException e) {
            throw new IllegalArgumentException(MapRefusal.of(what, e));
        }
    }

    /** Where the elements lie. */
    public CellLayout cells() {
        return cells;
    }

    /** How an element lies in memory. */
    public ElementLayout layout() {
        return elements.layout();
    }

    /** A copy of an element. */
    public V get(int row, int index) {
        long offset = offset(row, index);
        var bytes = new byte[cells.strideBytes()];
        memory.read(offset, bytes);
        return elements.object(bytes);
    }

    /** Sets an element. */
    public void set(int row, int index, V value) {
        long offset = offset(row, index);
        memory.write(offset, elements.bytes(value));
    }

    /** Adds to an element, a Long or an Integer, in one step. */
    public void add(int row, int index, long delta) {
        long offset = offset(row, index);
        if (!elements.areNumbers()) {
            throw new IllegalArgumentException(
                    "add needs an array whose elements are Long or Integer; this one's are %s"
                            .formatted(elements.layout().javaName()));
        }
        memory.add(offset, cells.strideBytes(), delta);
    }

    private long offset(int row, int index) {
        if (index < 0 || index >= cells.length()) {
            throw new ArrayIndexOutOfBoundsException(
                    "Index %d out of bounds for length %d".formatted(index, cells.length()));
        }
        return row * cells.rowBytes() + (long) index * cells.strideBytes();
    }

    /** Zeroes all elements. */
    public void clear() {
        memory.clear();
    }

    /** The map's descriptor, -1 on the heap. */
    public int fd() {
        return memory.fd();
    }

    @Override
    public void close() {
        memory.close();
    }
}
