package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;

/** Bytes of a name as characters, for regular expressions; used again for every name. */
final class NameChars implements CharSequence {
    private byte[] bytes = new byte[0];
    private int from;
    private int to;

    NameChars of(byte[] newBytes, int newFrom, int newTo) {
        bytes = newBytes;
        from = newFrom;
        to = newTo;
        return this;
    }

    @Override
    public int length() {
        return to - from;
    }

    @Override
    public char charAt(int index) {
        return (char) (bytes[from + index] & 0xff);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return new String(bytes, from + start, end - start, StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return subSequence(0, length()).toString();
    }
}
