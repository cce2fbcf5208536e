package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.SystemCallException;

/** Values in a queue, as bytes: in the kernel, or on the heap for handlers in the JVM. Thread-safe. */
public final class KernelValues implements AutoCloseable {
    private final String name;
    private final int valueBytes;
    private final int capacity;
    private final @Nullable BpfMap map;
    private final ArrayDeque<byte[]> heap = new ArrayDeque<>();
    private boolean closed;

    /** Makes a queue. */
    public KernelValues(String name, int valueBytes, int capacity, boolean onTheHeap) {
        this.name = name;
        this.valueBytes = valueBytes;
        this.capacity = capacity;
        this.map = onTheHeap ? null : BpfMap.create(MapType.QUEUE, name, 0, valueBytes, capacity, 0);
        if (map != null) {
            Shutdown.opened(this);
        }
    }

    /** Appends a value; false if there is no room. */
    public boolean offer(byte[] value) {
        if (map == null) {
            return offerOnTheHeap(value);
        }
        try {
            map.push(MemorySegment.ofArray(value), BpfMap.ANY);
            return true;
        } catch (SystemCallException e) {
            if (e.errno() == Errno.E2BIG) {
                return false;
            }
            throw e;
        }
    }

    private synchronized boolean offerOnTheHeap(byte[] value) {
        requireOpen();
        if (heap.size() == capacity) {
            return false;
        }
        heap.add(value.clone());
        return true;
    }

    /** Takes the first value, null if there is none. */
    public byte @Nullable [] poll() {
        if (map == null) {
            synchronized (this) {
                requireOpen();
                return heap.poll();
            }
        }
        var value = new byte[valueBytes];
        return map.pop(MemorySegment.ofArray(value)) ? value : null;
    }

    /** A copy of the first value, null if there is none. */
    public byte @Nullable [] peek() {
        if (map == null) {
            synchronized (this) {
                requireOpen();
                byte[] first = heap.peek();
                return first == null ? null : first.clone();
            }
        }
        var value = new byte[valueBytes];
        return map.peek(MemorySegment.ofArray(value)) ? value : null;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("map %s is closed".formatted(name));
        }
    }

    /** Most values. */
    public int capacity() {
        return capacity;
    }

    /** The map's descriptor, -1 on the heap. */
    public int fd() {
        return map == null ? -1 : map.fd();
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (map != null) {
            map.close();
            Shutdown.closed(this);
        }
    }
}
