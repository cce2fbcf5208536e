package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;

/**
 * Elements of arrays that handlers write and Java reads: the one value of an array map, in this process's memory. Programs reach
 * it by its address. For handlers in the JVM it lies on the heap.
 *
 * <p>Thread-safe: a number is read and written whole, a record eight bytes at a time. Since kernel: 5.5.
 */
public final class CellMemory implements AutoCloseable {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

    private final String name;
    private final @Nullable BpfMap map;
    private final @Nullable MappedArray mapped;
    private final MemorySegment memory;
    private volatile boolean closed;

    /**
     * Makes it, all zero.
     *
     * @param name for bpftool and messages
     */
    public CellMemory(String name, int sizeBytes) {
        this.name = name;
        this.map = BpfMap.create(MapType.ARRAY, name, Integer.BYTES, sizeBytes, 1, BpfMap.MMAPABLE);
        try {
            this.mapped = map.mmap();
        } catch (RuntimeException e) {
            map.close();
            throw e;
        }
        this.memory = mapped.segment();
        Shutdown.opened(this);
    }

    private CellMemory(String name, MemorySegment heap) {
        this.name = name;
        this.map = null;
        this.mapped = null;
        this.memory = heap;
    }

    /** Makes it for handlers in the JVM. */
    public static CellMemory onTheHeap(String name, int sizeBytes) {
        return new CellMemory(name, MemorySegment.ofArray(new long[(sizeBytes + 7) / Long.BYTES]));
    }

    /** The map's descriptor, -1 on the heap. */
    public int fd() {
        return map == null ? -1 : map.fd();
    }

    /** A copy of what lies at an offset: a number, or words. */
    public void read(long offset, byte[] into) {
        requireOpen();
        var copy = MemorySegment.ofArray(into);
        try {
            switch (into.length) {
                case 1 -> into[0] = memory.get(ValueLayout.JAVA_BYTE, offset);
                case Short.BYTES ->
                    copy.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) SHORT.getVolatile(memory, offset));
                case Integer.BYTES ->
                    copy.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) INT.getVolatile(memory, offset));
                default -> {
                    for (int at = 0; at < into.length; at += Long.BYTES) {
                        copy.set(ValueLayout.JAVA_LONG_UNALIGNED, at, (long) LONG.getVolatile(memory, offset + at));
                    }
                }
            }
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Writes what {@link #read} gives. */
    public void write(long offset, byte[] content) {
        requireOpen();
        var from = MemorySegment.ofArray(content);
        try {
            switch (content.length) {
                case 1 -> memory.set(ValueLayout.JAVA_BYTE, offset, content[0]);
                case Short.BYTES -> SHORT.setVolatile(memory, offset, from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0));
                case Integer.BYTES -> INT.setVolatile(memory, offset, from.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
                default -> {
                    for (int at = 0; at < content.length; at += Long.BYTES) {
                        LONG.setVolatile(memory, offset + at, from.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
                    }
                }
            }
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Adds to a number of four or eight bytes, in one step. */
    public void add(long offset, int sizeBytes, long delta) {
        requireOpen();
        try {
            if (sizeBytes == Long.BYTES) {
                long _ = (long) LONG.getAndAdd(memory, offset, delta);
            } else {
                int _ = (int) INT.getAndAdd(memory, offset, (int) delta);
            }
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Zeroes all of it. */
    public void clear() {
        requireOpen();
        try {
            memory.fill((byte) 0);
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw closed(null);
        }
    }

    private IllegalStateException closed(@Nullable IllegalStateException cause) {
        return new IllegalStateException("map %s is closed".formatted(name), cause);
    }

    @Override
    public void close() {
        closed = true;
        if (mapped != null) {
            mapped.close();
        }
        if (map != null) {
            map.close();
            Shutdown.closed(this);
        }
    }
}
