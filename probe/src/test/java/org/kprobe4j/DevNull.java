package org.kprobe4j;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;

/** A workload with known numbers: null_lseek() runs exactly once for each seek, and for nobody else. */
final class DevNull {
    static final String FUNCTION = "null_lseek";

    private DevNull() {}

    /** Where a hit of {@link #FUNCTION} seeks to; 32-bit Arm passes a long in two registers, the first of even number. */
    static long offset(PtRegs regs) {
        return regs instanceof PtRegs.Arm r ? r.r2() : regs.arg(1);
    }

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
