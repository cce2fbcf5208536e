package org.kprobe4j.cli.tool;

/**
 * Slots for numbers from 0 on: each below 32 has its own, above each power of two is cut into sixteen. A slot's bounds are no more than a
 * sixteenth apart, so percentiles are exact to 6.25 percent, and powers of two are sums of slots.
 */
final class LogLinear {
    /** How many slots there are: the last one ends with the largest long. */
    static final int SLOTS = 960;

    private static final int PARTS = 16;
    private static final int PART_BITS = 4;
    private static final int LOWEST = 1 << (PART_BITS + 1);

    private LogLinear() {}

    /** The slot of a number; of a negative one the first. A handler computes it: comparisons, shifts and one addition. */
    static int slotOf(long number) {
        long left = Math.max(number, 0);
        int shift = 0;
        if (left >= 1L << 36) {
            left >>>= 32;
            shift = 32;
        }
        if (left >= 1L << 20) {
            left >>>= 16;
            shift += 16;
        }
        if (left >= 1L << 12) {
            left >>>= 8;
            shift += 8;
        }
        if (left >= 1L << 8) {
            left >>>= 4;
            shift += 4;
        }
        if (left >= 1L << 6) {
            left >>>= 2;
            shift += 2;
        }
        if (left >= 1L << 5) {
            left >>>= 1;
            shift += 1;
        }
        return shift * PARTS + (int) left;
    }

    /** The smallest number of a slot. */
    static long from(int slot) {
        if (slot < LOWEST) {
            return slot;
        }
        return (long) (slot % PARTS + PARTS) << (slot / PARTS - 1);
    }

    /** The largest number of a slot. */
    static long to(int slot) {
        return slot == SLOTS - 1 ? Long.MAX_VALUE : from(slot + 1) - 1;
    }
}
