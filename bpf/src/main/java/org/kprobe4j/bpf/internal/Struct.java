package org.kprobe4j.bpf.internal;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A C structure in native memory, zeroed, in the machine's byte order, reached by named byte offsets.
 *
 * <p>It goes through a buffer, not through layout handles: those cost several milliseconds at start-up.
 */
public final class Struct {
    private final long address;
    private final ByteBuffer bytes;

    private Struct(long address, ByteBuffer bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * A structure over all of a native segment.
     *
     * @param memory native memory
     * @return the structure
     */
    public static Struct over(MemorySegment memory) {
        return new Struct(memory.address(), memory.asByteBuffer().order(ByteOrder.nativeOrder()));
    }

    /**
     * Where it lies.
     *
     * @return the address, for the kernel
     */
    public long address() {
        return address;
    }

    /**
     * Its size.
     *
     * @return size in bytes
     */
    public int sizeBytes() {
        return bytes.capacity();
    }

    /**
     * Its bytes, in the machine's byte order.
     *
     * @return a view, with its own position
     */
    public ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.nativeOrder());
    }

    /**
     * Sets a 32-bit field.
     *
     * @param offset of the field, in bytes
     * @param value the value
     * @return this
     */
    public Struct u32(int offset, int value) {
        bytes.putInt(offset, value);
        return this;
    }

    /**
     * Sets a 64-bit field; in {@code union bpf_attr} also every pointer, on every architecture.
     *
     * @param offset of the field, in bytes
     * @param value the value
     * @return this
     */
    public Struct u64(int offset, long value) {
        bytes.putLong(offset, value);
        return this;
    }

    /**
     * Reads a 32-bit field.
     *
     * @param offset of the field, in bytes
     * @return its value
     */
    public int u32(int offset) {
        return bytes.getInt(offset);
    }

    /**
     * Reads a 64-bit field.
     *
     * @param offset of the field, in bytes
     * @return its value
     */
    public long u64(int offset) {
        return bytes.getLong(offset);
    }

    /**
     * Copies bytes in.
     *
     * @param offset where, in bytes
     * @param source all of it is copied
     * @return this
     */
    public Struct put(int offset, byte[] source) {
        bytes.put(offset, source);
        return this;
    }

    /**
     * Copies bytes out.
     *
     * @param offset from where, in bytes
     * @param target all of it is filled
     */
    public void get(int offset, byte[] target) {
        bytes.get(offset, target);
    }

    /**
     * Copies some bytes out.
     *
     * @param offset from where, in bytes
     * @param target filled from its beginning
     * @param lengthBytes how many
     */
    public void get(int offset, byte[] target, int lengthBytes) {
        bytes.get(offset, target, 0, lengthBytes);
    }
}
