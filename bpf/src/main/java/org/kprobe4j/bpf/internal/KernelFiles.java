package org.kprobe4j.bpf.internal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.ObjIntConsumer;

/** Files of /proc, /sys and tracefs, with the kernel's exact error numbers, which java.io hides. */
public final class KernelFiles {
    private static final int SMALL_BYTES = 4096;

    private final SystemCalls calls;

    /**
     * On a kernel.
     *
     * @param calls the kernel
     */
    public KernelFiles(SystemCalls calls) {
        this.calls = calls;
    }

    /**
     * Reads a whole file.
     *
     * @param path the file
     * @return its text; empty if it cannot be read, for whatever reason
     */
    public String readIfPresent(String path) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        long result = stream(path, SMALL_BYTES, (bytes, length) -> all.write(bytes, 0, length));
        return result < 0 ? "" : all.toString(StandardCharsets.UTF_8);
    }

    /**
     * Reads a whole file.
     *
     * @param path the file
     * @param text receives the text
     * @return 0, or the negated errno
     */
    public long read(String path, StringBuilder text) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        long result = stream(path, SMALL_BYTES, (bytes, length) -> all.write(bytes, 0, length));
        text.append(all.toString(StandardCharsets.UTF_8));
        return result;
    }

    /**
     * Hands a file over piece by piece, in one reused array.
     *
     * @param path the file
     * @param pieceBytes size of the array
     * @param consumer gets the array and the number of valid bytes
     * @return 0, or the negated errno
     */
    public long stream(String path, int pieceBytes, ObjIntConsumer<byte[]> consumer) {
        return scan(path, pieceBytes, (bytes, length) -> {
            consumer.accept(bytes, length);
            return true;
        });
    }

    /** Receives pieces of a file. */
    @FunctionalInterface
    public interface Pieces {
        /**
         * One piece.
         *
         * @param bytes a reused array
         * @param length number of valid bytes
         * @return whether to go on
         */
        boolean accept(byte[] bytes, int length);
    }

    /**
     * Hands a file over piece by piece until the receiver has enough.
     *
     * @param path the file
     * @param pieceBytes size of the array
     * @param pieces receives them
     * @return 0, or the negated errno
     */
    public long scan(String path, int pieceBytes, Pieces pieces) {
        long fd = calls.open(path, Linux.O_RDONLY);
        if (fd < 0) {
            return fd;
        }
        try (Descriptor file = new Descriptor(calls, fd, path);
                Scratch scratch = new Scratch()) {
            Struct piece = scratch.struct(pieceBytes);
            byte[] bytes = new byte[pieceBytes];
            while (true) {
                long length = file.use(open -> calls.read(open, piece));
                if (length <= 0) {
                    return length;
                }
                piece.get(0, bytes, (int) length);
                if (!pieces.accept(bytes, (int) length)) {
                    return 0;
                }
            }
        }
    }

    /**
     * Writes a file in one write, as the kernel's control files want it.
     *
     * @param path the file
     * @param flags {@code O_WRONLY} and others
     * @param text what to write
     * @return 0, or the negated errno
     */
    public long write(String path, int flags, String text) {
        long fd = calls.open(path, flags);
        if (fd < 0) {
            return fd;
        }
        try (Descriptor file = new Descriptor(calls, fd, path);
                Scratch scratch = new Scratch()) {
            Struct source = scratch.copy(text.getBytes(StandardCharsets.UTF_8));
            return Math.min(0, file.use(open -> calls.write(open, source, source.sizeBytes())));
        }
    }

    /**
     * Whether a file can be opened for reading.
     *
     * @param path the file or folder
     * @return true if so
     */
    public boolean exists(String path) {
        long fd = calls.open(path, Linux.O_RDONLY);
        if (fd >= 0) {
            calls.close((int) fd);
        }
        return fd >= 0;
    }
}
