package org.kprobe4j.btf;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The NUL-ended names of a BTF, found by offset or by content. */
final class StringSection {
    /** A search looks at so many bytes at a time, copied to where a JVM that has just started reads them fastest. */
    private static final int WINDOW_BYTES = 1 << 11;
    /** Most names are shorter. */
    private static final int NAME_BYTES = 64;

    private final ByteBuffer bytes;
    private final int length;
    /** Where these strings start in the joint numbering with a base BTF's. */
    private final int start;
    /** Names that were asked for: one that a program's handlers share is looked for once. */
    private final Map<String, int[]> found = new ConcurrentHashMap<>();

    StringSection(ByteBuffer bytes, int start) {
        this.bytes = bytes;
        this.length = bytes.limit();
        // The kernel demands the same; it makes every offset inside the section the start of an ended string.
        if (length == 0 ? start == 0 : bytes.get(length - 1) != 0) {
            throw new BtfException("the string section does not end with a NUL");
        }
        if (start == 0 && bytes.get(0) != 0) {
            throw new BtfException("the string section does not start with the empty string");
        }
        this.start = start;
    }

    int start() {
        return start;
    }

    int end() {
        return start + length;
    }

    String at(int offset) {
        byte[] name = new byte[NAME_BYTES];
        int end = read(offset, name);
        while (end < 0) {
            name = new byte[2 * name.length];
            end = read(offset, name);
        }
        return new String(name, 0, end, StandardCharsets.UTF_8);
    }

    /**
     * Copies the string of an offset.
     *
     * @param into at least so long as the string and its NUL
     * @return the string's length; -1 if it is too long
     */
    int read(int offset, byte[] into) {
        int from = from(offset);
        // The first bytes are mostly enough.
        for (int room = Math.min(NAME_BYTES, into.length); ; room = Math.min(2 * room, into.length)) {
            int count = Math.min(room, length - from);
            bytes.get(from, into, 0, count);
            for (int i = 0; i < count; i++) {
                if (into[i] == 0) {
                    return i;
                }
            }
            if (room == into.length) {
                return -1;
            }
        }
    }

    private int from(int offset) {
        int from = offset - start;
        if (from < 0 || from >= length) {
            throw new BtfException("name offset " + Integer.toUnsignedString(offset) + " lies outside the " + length
                    + " bytes of strings");
        }
        return from;
    }

    /** The offsets at which the name can be read, ascending; a string may be the tail of a longer one. */
    int[] find(String name) {
        int[] known = found.get(name);
        if (known == null) {
            known = search(name);
            found.put(name, known);
        }
        return known;
    }

    private int[] search(String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        NameSearch search = new NameSearch(Arrays.copyOf(utf8, utf8.length + 1), start);
        byte[] window = new byte[WINDOW_BYTES + utf8.length];
        for (int at = 0; at < length; ) {
            int count = Math.min(window.length, length - at);
            bytes.get(at, window, 0, count);
            at += search.window(window, count, at);
        }
        return search.offsets();
    }

    /** Horspool's: on a slow machine in a cold JVM each byte not looked at counts. */
    private static final class NameSearch {
        private final byte[] wanted;
        private final int start;
        private final int[] skip = new int[256];
        private int[] offsets = new int[4];
        private int count;

        NameSearch(byte[] wanted, int start) {
            this.wanted = wanted;
            this.start = start;
            int last = wanted.length - 1;
            Arrays.fill(skip, wanted.length);
            for (int i = 0; i < last; i++) {
                skip[wanted[i] & 0xff] = last - i;
            }
        }

        /** Looks through a window; gives how far it came. A call of its own, so that it is soon compiled. */
        int window(byte[] window, int end, int begin) {
            int last = wanted.length - 1;
            int at = 0;
            while (at + last < end) {
                int i = last;
                while (i >= 0 && window[at + i] == wanted[i]) {
                    i--;
                }
                if (i < 0) {
                    found(start + begin + at);
                }
                at += skip[window[at + last] & 0xff];
            }
            return Math.max(at, 1);
        }

        private void found(int offset) {
            offsets = count == offsets.length ? Arrays.copyOf(offsets, count * 2) : offsets;
            offsets[count++] = offset;
        }

        int[] offsets() {
            return Arrays.copyOf(offsets, count);
        }
    }
}
