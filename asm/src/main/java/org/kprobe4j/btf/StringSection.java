package org.kprobe4j.btf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The NUL-ended names of a BTF, found by offset or by content. */
final class StringSection {
    private final byte[] bytes;
    /** Where these strings start in the joint numbering with a base BTF's. */
    private final int start;
    /** Names that were asked for: one that a program's handlers share is looked for once. */
    private final Map<String, int[]> found = new ConcurrentHashMap<>();

    StringSection(byte[] bytes, int start) {
        // The kernel demands the same; it makes every offset inside the section the start of an ended string.
        if (bytes.length == 0 ? start == 0 : bytes[bytes.length - 1] != 0) {
            throw new BtfException("the string section does not end with a NUL");
        }
        if (start == 0 && bytes[0] != 0) {
            throw new BtfException("the string section does not start with the empty string");
        }
        this.bytes = bytes;
        this.start = start;
    }

    int start() {
        return start;
    }

    int end() {
        return start + bytes.length;
    }

    String at(int offset) {
        int from = from(offset);
        return new String(bytes, from, to(from) - from, StandardCharsets.UTF_8);
    }

    /** Where in {@link #bytes} the string of an offset begins. */
    int from(int offset) {
        int from = offset - start;
        if (from < 0 || from >= bytes.length) {
            throw new BtfException("name offset " + Integer.toUnsignedString(offset) + " lies outside the "
                    + bytes.length + " bytes of strings");
        }
        return from;
    }

    /** Where a string that begins at an index of {@link #bytes} ends, exclusive. */
    int to(int from) {
        int to = from;
        while (bytes[to] != 0) {
            to++;
        }
        return to;
    }

    /** All strings; not to be changed. */
    byte[] bytes() {
        return bytes;
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

    /** Horspool's: on a slow machine in a cold JVM each byte not looked at counts. */
    private int[] search(String name) {
        byte[] wanted =
                Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), name.getBytes(StandardCharsets.UTF_8).length + 1);
        int last = wanted.length - 1;
        var skip = new int[256];
        Arrays.fill(skip, wanted.length);
        for (int i = 0; i < last; i++) {
            skip[wanted[i] & 0xff] = last - i;
        }
        var offsets = new int[4];
        int count = 0;
        for (int at = 0; at <= bytes.length - wanted.length; at += skip[bytes[at + last] & 0xff]) {
            int i = last;
            while (i >= 0 && bytes[at + i] == wanted[i]) {
                i--;
            }
            if (i < 0) {
                offsets = count == offsets.length ? Arrays.copyOf(offsets, count * 2) : offsets;
                offsets[count++] = start + at;
            }
        }
        return Arrays.copyOf(offsets, count);
    }
}
