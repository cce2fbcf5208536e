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

    static boolean contains(String text, byte[] part) {
        byte[] bytes = room(text);
        int last = load(text, bytes) - part.length;
        for (int start = 0; start < bytes.length && start <= last; start++) {
            int same = 0;
            while (same < part.length && at(bytes, start + same) == part[same]) {
                same++;
            }
            if (same == part.length) {
                return true;
            }
        }
        return false;
    }

    private static int at(byte[] bytes, int index) {
        return index >= 0 && index < bytes.length ? bytes[index] : 0;
    }
}
