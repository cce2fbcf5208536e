package org.kprobe4j.bpf.internal;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;

/** Native memory for the arguments of one system call. */
public final class Scratch implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();

    /** Opens an empty one. */
    public Scratch() {}

    /**
     * A zeroed structure.
     *
     * @param sizeBytes its size; 0 gives one that must not be read
     * @return the structure, until {@link #close}
     */
    public Struct struct(int sizeBytes) {
        return Struct.over(arena.allocate(Math.max(1, sizeBytes), Long.BYTES));
    }

    /**
     * A copy of bytes.
     *
     * @param bytes what to copy
     * @return the native copy
     */
    public Struct copy(byte[] bytes) {
        return struct(bytes.length).put(0, bytes);
    }

    /**
     * A C string.
     *
     * @param text without NUL
     * @return the string, NUL-terminated, in UTF-8
     */
    public Struct string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return struct(utf8.length + 1).put(0, utf8);
    }

    @Override
    public void close() {
        arena.close();
    }
}
