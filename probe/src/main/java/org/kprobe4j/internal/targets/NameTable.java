package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Names with a number each, found by the bytes of a line; open addressing over one array of bytes. Not safe for several threads. */
final class NameTable {
    static final int NONE = -1;
    private static final int FIRST_SLOTS = 16;

    private byte[] bytes = new byte[16 * FIRST_SLOTS];
    private int used;
    /** By number: where the name begins; it ends where the next begins. */
    private int[] starts = new int[FIRST_SLOTS];
    /** One more than the number; 0 for an empty slot. */
    private int[] slots = new int[2 * FIRST_SLOTS];

    private int count;

    int size() {
        return count;
    }

    /** The number of a name, which becomes the next free one if it is new. */
    int add(String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        return add(text, 0, text.length);
    }

    /** The number of a name, which becomes the next free one if it is new. */
    int add(byte[] text, int from, int to) {
        int slot = slot(text, from, to);
        if (slots[slot] != 0) {
            return slots[slot] - 1;
        }
        int length = to - from;
        if (used + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, used + length));
        }
        if (count + 1 == starts.length) {
            starts = Arrays.copyOf(starts, 2 * starts.length);
        }
        System.arraycopy(text, from, bytes, used, length);
        starts[count++] = used;
        used += length;
        starts[count] = used;
        slots[slot] = count;
        if (2 * count > slots.length) {
            grow();
        }
        return count - 1;
    }

    /** The number of a name, or {@link #NONE}. */
    int find(byte[] text, int from, int to) {
        return slots[slot(text, from, to)] - 1;
    }

    /** The slot of a name, or the empty one in which it would stand. */
    private int slot(byte[] text, int from, int to) {
        int mask = slots.length - 1;
        int at = hash(text, from, to) & mask;
        while (slots[at] != 0) {
            int number = slots[at] - 1;
            if (Arrays.equals(bytes, starts[number], starts[number + 1], text, from, to)) {
                return at;
            }
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        slots = new int[2 * slots.length];
        int mask = slots.length - 1;
        for (int number = 0; number < count; number++) {
            int at = hash(bytes, starts[number], starts[number + 1]) & mask;
            while (slots[at] != 0) {
                at = at + 1 & mask;
            }
            slots[at] = number + 1;
        }
    }

    private static int hash(byte[] text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text[i];
        }
        return hash ^ hash >>> 15;
    }
}
