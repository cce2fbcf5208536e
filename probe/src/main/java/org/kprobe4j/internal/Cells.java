package org.kprobe4j.internal;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;

/**
 * 64-bit numbers that handlers add to and Java reads: the one value of an array map, in this process's memory. Programs reach
 * them by their address, without a call; the kernel gives them pages of their own, so no two objects share a cache line. For
 * handlers in the JVM they lie on the heap.
 *
 * <p>Thread-safe. Since kernel: 5.5.
 */
public final class Cells implements AutoCloseable {
    private final String name;
    private final @Nullable BpfMap map;
    private final @Nullable MappedArray memory;
    private final long[] heap;
    private boolean closed;

    /**
     * Makes them, all zero.
     *
     * @param name for bpftool and messages
     */
    public Cells(String name, int count) {
        this.name = name;
        this.heap = new long[0];
        this.map = BpfMap.create(MapType.ARRAY, name, Integer.BYTES, count * Long.BYTES, 1, BpfMap.MMAPABLE);
        try {
            this.memory = map.mmap();
        } catch (RuntimeException e) {
            map.close();
            throw e;
        }
        Shutdown.opened(this);
    }

    private Cells(String name, long[] heap) {
        this.name = name;
        this.heap = heap;
        this.map = null;
        this.memory = null;
    }

    /** Makes them for handlers in the JVM. */
    public static Cells onTheHeap(String name, int count) {
        return new Cells(name, new long[count]);
    }

    /** One of them. */
    public synchronized long get(int index) {
        try {
            return memory == null ? heap[open(index)] : memory.getLong(0, index * Long.BYTES);
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Sets one to zero; what is added at that moment counts before or after. */
    public void clear(int index) {
        set(index, 0);
    }

    /** Sets one. */
    public synchronized void set(int index, long value) {
        try {
            if (memory == null) {
                heap[open(index)] = value;
            } else {
                memory.putLong(0, index * Long.BYTES, value);
            }
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Sets one to zero and says what it was, in one step: what is added at that moment is in this number or the next. */
    public synchronized long take(int index) {
        try {
            if (memory == null) {
                long before = heap[open(index)];
                heap[index] = 0;
                return before;
            }
            return memory.exchangeLong(0, index * Long.BYTES, 0);
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Adds to one on the heap, for a handler in the JVM. */
    public synchronized void add(int index, long delta) {
        heap[open(index)] += delta;
    }

    /** Whether only handlers in the JVM can use them. */
    public boolean isOnTheHeap() {
        return map == null;
    }

    private int open(int index) {
        if (closed) {
            throw new IllegalStateException("map %s is closed".formatted(name));
        }
        return index;
    }

    private IllegalStateException closed(IllegalStateException cause) {
        return new IllegalStateException("map %s is closed".formatted(name), cause);
    }

    /** The map's descriptor, -1 on the heap. */
    public int fd() {
        return map == null ? -1 : map.fd();
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (memory != null) {
            memory.close();
        }
        if (map != null) {
            map.close();
            Shutdown.closed(this);
        }
    }
}
