package org.kprobe4j.compiler.internal.routine;

/**
 * What a handler asks of a kernel string, in Java that is compiled into the handler. All loops have a constant bound, the length
 * of an array, so that the verifier can follow them.
 */
@SuppressWarnings("unused") // called by handlers' bytecode only
final class TextRoutines {
    private TextRoutines() {}

    /** An array with room for a text of the kernel, its NUL included. */
    private static native byte[] room(String text);

    /** Copies a text of the kernel into its room; the number of bytes before the NUL. */
    private static native int load(String text, byte[] room);

    static boolean equals(String a, String b) {
        byte[] left = room(a);
        byte[] right = room(b);
        int length = load(a, left);
        if (length != load(b, right)) {
            return false;
        }
        for (int i = 0; i < left.length && i < right.length; i++) {
            if (i >= length) {
                return true;
            }
            if (left[i] != right[i]) {
                return false;
            }
        }
        return true;
    }

    static boolean endsWith(String text, byte[] tail) {
        byte[] bytes = room(text);
        int start = load(text, bytes) - tail.length;
        if (start < 0) {
            return false;
        }
        for (int i = 0; i < tail.length; i++) {
            if (at(bytes, start + i) != tail[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Looks at each byte once, whatever is looked for: bit {@code k} of the state says that the last {@code k + 1} bytes are its first.
     * A loop within a loop would be too much for the verifier, which follows all rounds of both.
     *
     * <p>Source: R. Baeza-Yates, G. Gonnet: A New Approach to Text Searching, 1992.
     *
     * @param masks for each byte the places where it stands in what is looked for
     * @param last the bit of its last byte
     */
    static boolean contains(String text, long[] masks, long last) {
        byte[] bytes = room(text);
        int length = load(text, bytes);
        long state = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (i >= length) {
                return false;
            }
            state = (state << 1 | 1) & masks[bytes[i] & 0xff];
            if ((state & last) != 0) {
                return true;
            }
        }
        return false;
    }

    private static int at(byte[] bytes, int index) {
        return index >= 0 && index < bytes.length ? bytes[index] : 0;
    }
}
