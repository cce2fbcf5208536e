package org.kprobe4j.compiler;

import java.nio.ByteOrder;

/**
 * A table of calls in flight that programs reach without a helper: the one value of an array map. A call's slot follows from its key,
 * the stack address at which the function was entered; two calls that are in flight have different keys. Who finds the slot free takes
 * it by compare and exchange of the key; who finds it taken by another call puts its own into the hash map instead.
 *
 * <pre>
 *   0          8                 64
 *   +----------+-----------------+--------+--------+-----
 *   | in hash  | unused          | slot 0 | slot 1 | ...
 *   +----------+-----------------+--------+--------+-----
 *   slot:  | key, 0 if free | task | private data, kept arguments | padding |
 * </pre>
 *
 * <p>The first word counts the calls that are in the hash map, so that programs seldom look there. A slot's padding makes its size a
 * power of two.
 */
public final class CallSlots {
    /** Symbolic name of the map. */
    public static final String MAP = "call_slots";
    /** Where the slots begin; before them stands how many calls are in the hash map. */
    public static final int HEADER_BYTES = 64;
    /** A free slot. */
    public static final long FREE = 0;
    /** While user space looks whether to free a slot. Keys are stack addresses and never as small. */
    public static final long HELD = 1;

    /** log2 of how many slots there are. */
    public static final int BITS = 12;
    /** A call's value of more bytes goes into the hash map: it is copied twice. */
    public static final int MAX_CALL_BYTES = 40;

    /** Fibonacci hashing: 2^64 by the golden ratio, odd. Neighbours lie far apart. */
    static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L;

    private CallSlots() {}

    /**
     * The multiplier of {@link #slot}, for the compiler.
     *
     * @return an odd number
     */
    public static long multiplier() {
        return MULTIPLIER;
    }

    /**
     * The size of a slot.
     *
     * @param callBytes {@link CompiledProgram#callBytes()}
     * @return a power of two, at least 16
     */
    public static int slotBytes(int callBytes) {
        int bytes = Long.BYTES + callBytes;
        return Integer.highestOneBit(bytes - 1) << 1;
    }

    /**
     * The size of the map's value.
     *
     * @param callBytes {@link CompiledProgram#callBytes()}
     * @return header and slots
     */
    public static int bytes(int callBytes) {
        return HEADER_BYTES + (slotBytes(callBytes) << BITS);
    }

    /**
     * A call's slot.
     *
     * @param key its key
     * @return number of the slot
     */
    public static int slot(long key) {
        return (int) ((key * MULTIPLIER) >>> (Long.SIZE - BITS));
    }

    /**
     * Whether a machine's programs can use it.
     *
     * @param machine the machine
     * @param callBytes {@link CompiledProgram#callBytes()}
     * @return false on 32-bit machines, and for large values
     */
    public static boolean fits(Architecture machine, int callBytes) {
        return machine.wordBytes() == Long.BYTES
                && machine.byteOrder() == ByteOrder.LITTLE_ENDIAN
                && callBytes <= MAX_CALL_BYTES;
    }
}
