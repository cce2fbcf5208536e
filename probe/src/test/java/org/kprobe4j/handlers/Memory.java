package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.kprobe4j.asm.Size;

/** The address space of the interpreter: regions far from each other, each with what was written to it so far. */
final class Memory {
    /** A piece of memory at an address. */
    static final class Region {
        private final String name;
        private final long base;
        private final ByteBuffer bytes;
        private final boolean writable;
        private final BitSet written = new BitSet();
        private final BitSet pointers = new BitSet();

        private Region(String name, long base, byte[] bytes, boolean writable, boolean initialised) {
            this.name = name;
            this.base = base;
            this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            this.writable = writable;
            if (initialised) {
                written.set(0, bytes.length);
            }
        }

        long base() {
            return base;
        }

        byte[] bytes() {
            return bytes.array();
        }

        boolean isWritten() {
            return written.cardinality() == bytes.capacity();
        }
    }

    private static final long FIRST = 0xffff_8880_0000_0000L;
    private static final long DISTANCE = 0x10_0000;

    private final TreeMap<Long, Region> regions = new TreeMap<>(Long::compareUnsigned);
    private long next = FIRST;

    /** Memory that programs may read, and write if so said; what is not initialised must be written before it is read. */
    Region map(String name, byte[] content, boolean writable, boolean initialised) {
        Region region = mapAt(next, name, content, writable, initialised);
        next += DISTANCE;
        return region;
    }

    Region mapAt(long base, String name, byte[] content, boolean writable, boolean initialised) {
        var region = new Region(name, base, content, writable, initialised);
        regions.put(base, region);
        return region;
    }

    void unmap(Region region) {
        regions.remove(region.base);
    }

    private Region at(long address, int size, String what) {
        Map.Entry<Long, Region> below = regions.floorEntry(address);
        if (below != null) {
            long offset = address - below.getKey();
            Region region = below.getValue();
            if (offset + size <= region.bytes.capacity()) {
                if (region.name.equals("stack") && offset % size != 0) {
                    throw new VerifierError(
                            "misaligned stack access off %d size %d".formatted(offset - region.bytes.capacity(), size));
                }
                return region;
            }
        }
        throw new VerifierError("invalid %s of %d bytes at 0x%x".formatted(what, size, address));
    }

    long load(Size size, long address) {
        Region region = at(address, size.bytes(), "read");
        int offset = (int) (address - region.base);
        if (region.written.nextClearBit(offset) < offset + size.bytes()) {
            throw new VerifierError("read of %s+%d, which was not written".formatted(region.name, offset));
        }
        return switch (size) {
            case B -> region.bytes.get(offset) & 0xffL;
            case H -> region.bytes.getShort(offset) & 0xffffL;
            case W -> region.bytes.getInt(offset) & 0xffff_ffffL;
            case DW -> region.bytes.getLong(offset);
        };
    }

    void store(Size size, long address, long value) {
        Region region = at(address, size.bytes(), "write");
        if (!region.writable) {
            throw new VerifierError("write to " + region.name);
        }
        int offset = (int) (address - region.base);
        region.written.set(offset, offset + size.bytes());
        region.pointers.clear(offset, offset + size.bytes());
        switch (size) {
            case B -> region.bytes.put(offset, (byte) value);
            case H -> region.bytes.putShort(offset, (short) value);
            case W -> region.bytes.putInt(offset, (int) value);
            case DW -> region.bytes.putLong(offset, value);
        }
    }

    /** Notes that what was just stored there is a pointer. */
    void markPointer(long address) {
        Region region = at(address, Long.BYTES, "write");
        region.pointers.set((int) (address - region.base));
    }

    /** Whether a pointer was stored there. */
    boolean isPointer(long address) {
        Region region = at(address, Long.BYTES, "read");
        return region.pointers.get((int) (address - region.base));
    }

    /** A byte of any region, or -1. */
    int peek(long address) {
        Map.Entry<Long, Region> below = regions.floorEntry(address);
        boolean inside = below != null
                && address - below.getKey() < below.getValue().bytes.capacity();
        return inside ? below.getValue().bytes.get((int) (address - below.getKey())) & 0xff : -1;
    }

    byte[] read(long address, int size) {
        var result = new byte[size];
        for (int i = 0; i < size; i++) {
            result[i] = (byte) load(Size.B, address + i);
        }
        return result;
    }

    void write(long address, byte[] content) {
        for (int i = 0; i < content.length; i++) {
            store(Size.B, address + i, content[i]);
        }
    }
}
