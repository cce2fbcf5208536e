package org.kprobe4j.bpf;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Machine;
import org.kprobe4j.bpf.internal.Mapping;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * An array map in this process's memory: values are read and written without system calls.
 *
 * <p>Thread-safe; an access after or during {@link #close} is an IllegalStateException. It stays valid when the map's own
 * descriptor is closed. Since kernel: 5.5. Source: kernel/bpf/arraymap.c.
 *
 * <pre>
 *   |  value 0  | pad to 8 |  value 1  | pad to 8 | ...
 *   0           valueSize  stride
 * </pre>
 */
public final class MappedArray implements AutoCloseable {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final Mapping mapping;
    private final ByteBuffer bytes;
    private final int strideBytes;

    private MappedArray(Mapping mapping, int strideBytes) {
        this.mapping = mapping;
        this.bytes = mapping.memory().asByteBuffer().order(ByteOrder.nativeOrder());
        this.strideBytes = strideBytes;
    }

    static MappedArray map(SystemCalls calls, Descriptor descriptor, MapSpec spec) {
        int stride = (spec.valueSizeBytes() + 7) & ~7;
        long page = Machine.pageBytes(calls);
        long length = ((long) stride * spec.maxEntries() + page - 1) / page * page;
        Mapping.Request request = new Mapping.Request("mapping of map " + spec.name(), length, 0, true);
        long address = descriptor.use(fd -> Mapping.map(calls, fd, request));
        if (address < 0) {
            throw new SystemCallException(Failure.of("mmap map", spec.name(), (int) -address));
        }
        return new MappedArray(Mapping.own(calls, request, address), stride);
    }

    /**
     * All of it.
     *
     * @return the memory, writable, a multiple of the page size long
     */
    public MemorySegment segment() {
        return mapping.memory();
    }

    /**
     * The distance between values.
     *
     * @return the value size rounded up to 8, in bytes
     */
    public int strideBytes() {
        return strideBytes;
    }

    /**
     * Reads a 64-bit number with volatile semantics.
     *
     * @param index of the value
     * @param offsetBytes in the value, a multiple of 8
     * @return the number
     */
    public long getLong(int index, int offsetBytes) {
        return (long) LONG.getVolatile(bytes, index * strideBytes + offsetBytes);
    }

    /**
     * Writes a 64-bit number with volatile semantics.
     *
     * @param index of the value
     * @param offsetBytes in the value, a multiple of 8
     * @param value the number
     */
    public void putLong(int index, int offsetBytes, long value) {
        LONG.setVolatile(bytes, index * strideBytes + offsetBytes, value);
    }

    /**
     * Writes a 64-bit number and says what was there before, in one step that programs' atomic additions cannot come between.
     *
     * @param index of the value
     * @param offsetBytes in the value, a multiple of 8
     * @param value the number
     * @return the number before
     */
    public long exchangeLong(int index, int offsetBytes, long value) {
        return (long) LONG.getAndSet(bytes, index * strideBytes + offsetBytes, value);
    }

    /**
     * Writes a 64-bit number if another one is there, in one step.
     *
     * @param index of the value
     * @param offsetBytes in the value, a multiple of 8
     * @param expected what must be there
     * @param value the number
     * @return whether it was there, and the number was written
     */
    public boolean compareAndSetLong(int index, int offsetBytes, long expected, long value) {
        return LONG.compareAndSet(bytes, index * strideBytes + offsetBytes, expected, value);
    }

    /**
     * Adds to a 64-bit number in one step.
     *
     * @param index of the value
     * @param offsetBytes in the value, a multiple of 8
     * @param delta what to add
     */
    public void addLong(int index, int offsetBytes, long delta) {
        LONG.getAndAdd(bytes, index * strideBytes + offsetBytes, delta);
    }

    @Override
    public void close() {
        mapping.close();
    }
}
