package org.kprobe4j.lab;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes a cpio archive in the "newc" format, the one the kernel unpacks as its first root file system.
 *
 * <pre>
 * "070701" | 13 fields of 8 hexadecimal digits | name NUL | pad to 4 | data | pad to 4
 * </pre>
 *
 * <p>Source: Documentation/driver-api/early-userspace/buffer-format.rst
 */
final class CpioWriter implements Closeable {
    private static final int DIRECTORY = 0040000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int REGULAR = 0100000;
    private static final String TRAILER = "TRAILER!!!";

    private final OutputStream out;
    private int nextInode = 1;
    private long writtenBytes;

    CpioWriter(OutputStream out) {
        this.out = out;
    }

    void directory(String path) throws IOException {
        entry(path, DIRECTORY | 0755, new byte[0], 0, 0);
    }

    void file(String path, int permissions, byte[] content) throws IOException {
        entry(path, REGULAR | permissions, content, 0, 0);
    }

    void characterDevice(String path, int permissions, int major, int minor) throws IOException {
        entry(path, CHARACTER_DEVICE | permissions, new byte[0], major, minor);
    }

    private void entry(String path, int mode, byte[] content, int major, int minor) throws IOException {
        byte[] name = (path + "\0").getBytes(StandardCharsets.UTF_8);
        int[] fields = {nextInode++, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length, 0};
        StringBuilder header = new StringBuilder("070701");
        for (int field : fields) {
            header.append("%08x".formatted(field));
        }
        write(header.toString().getBytes(StandardCharsets.US_ASCII));
        write(name);
        pad();
        write(content);
        pad();
    }

    private void write(byte[] bytes) throws IOException {
        out.write(bytes);
        writtenBytes += bytes.length;
    }

    private void pad() throws IOException {
        while (writtenBytes % 4 != 0) {
            out.write(0);
            writtenBytes++;
        }
    }

    /** Writes the trailer that ends the archive and closes the stream. */
    @Override
    public void close() throws IOException {
        entry(TRAILER, 0, new byte[0], 0, 0);
        out.close();
    }
}
