package org.kprobe4j.compiler;

/**
 * Where the elements of an array lie in its map's one value: in a row, or in a row for each CPU. There is room for a power of two
 * of elements and of rows, so that a program needs no more than a mask to stay inside.
 *
 * <pre>
 *   0       stride                       rowBytes
 *   +-------+-------+-- ... --+- ... ----+-------+-------+--
 *   |   0   |   1   |         |          |   0   |   1   |
 *   +-------+-------+-- ... --+- ... ----+-------+-------+--
 *   row 0                                row 1
 * </pre>
 *
 * @param length number of elements
 * @param strideBytes from one element to the next
 * @param rows number of rows: 1, or one for each CPU that could ever be
 */
public record CellLayout(int length, int strideBytes, int rows) {
    /** So that no two CPUs write to the same cache line. */
    private static final int LINE_BYTES = 64;

    /** What cuts an index down to where there is room. */
    public int mask() {
        return (int) (powerOfTwo(length) - 1);
    }

    /** What cuts a CPU's number down to where there are rows. */
    public int rowMask() {
        return (int) (powerOfTwo(rows) - 1);
    }

    /** From one row to the next; for arrays that the kernel refuses this may be more than an int holds. */
    public long rowBytes() {
        long bytes = powerOfTwo(length) * strideBytes;
        return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    }

    /** Bytes in all. */
    public long sizeBytes() {
        return rowBytes() * powerOfTwo(rows);
    }

    private static long powerOfTwo(int count) {
        return 1L << (Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(count, 1) - 1));
    }
}
