package org.kprobe4j.compiler;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The tables of a probe with several places ({@link Planted.Many}). Each is an array map with one value.
 *
 * <pre>
 *   places       0                8                    8 + nameBytes
 *                +----------------+--------------------+---
 *                | address        | name, NUL-ended    | the next place's row ...
 *                +----------------+--------------------+---
 *   place_hits   0                8
 *                +----------------+----------------+---
 *                | hits of 0      | hits of 1      | ...
 *                +----------------+----------------+---
 * </pre>
 */
public final class Places {
    /** Symbolic name of the map whose value has a row for each place: its address, its name. */
    public static final String MAP = "places";

    /** Symbolic name of the map whose value has a u64 for each place: how often the program ran there. It is mapped into the process. */
    public static final String HITS_MAP = "place_hits";

    /** Offset of the name in a row. */
    public static final int NAME = Long.BYTES;

    private Places() {}

    /**
     * The field that names need.
     *
     * @param longest bytes of the longest name, without its NUL
     * @return bytes, a multiple of 8: {@link Planted.Many#nameBytes()}
     */
    public static int nameBytes(int longest) {
        return longest + Long.BYTES & -Long.BYTES;
    }

    /**
     * Size of a row.
     *
     * @param nameBytes length of the name's field
     * @return bytes
     */
    public static int rowBytes(int nameBytes) {
        return NAME + nameBytes;
    }

    /**
     * Writes a row.
     *
     * @param table the value of the map {@link #MAP}, zeroes where nothing was written yet
     * @param row byte offset of the row: the place's number times {@link #rowBytes}
     * @param address where the probe is planted
     * @param name what is said of it; shorter than the name's field
     * @throws IllegalArgumentException if no row begins at that offset
     */
    public static void write(ByteBuffer table, int row, long address, String name) {
        if (row % Long.BYTES != 0) {
            throw new IllegalArgumentException("no row begins at byte %d".formatted(row));
        }
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        table.duplicate().order(ByteOrder.LITTLE_ENDIAN).putLong(row, address);
        table.put(row + NAME, text);
        table.put(row + NAME + text.length, (byte) 0);
    }
}
