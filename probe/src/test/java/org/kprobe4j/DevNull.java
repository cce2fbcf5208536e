package org.kprobe4j;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;

/** A workload with known numbers: null_lseek() runs exactly once for each seek, and for nobody else. */
final class DevNull {
    static final String FUNCTION = "null_lseek";

    private DevNull() {}

    static void seek(int times) {
        try (var file = new RandomAccessFile("/dev/null", "r")) {
            for (int i = 0; i < times; i++) {
                file.seek(i);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
