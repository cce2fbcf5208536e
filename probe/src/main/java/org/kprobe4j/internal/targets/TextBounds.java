package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.kprobe4j.bpf.symbols.SymbolLine;

/** Where the kernel's own text lies. Source: core_kernel_text() in kernel/extable.c; include/asm-generic/sections.h. */
final class TextBounds {
    private static final byte[] STEXT = "_stext".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ETEXT = "_etext".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SINITTEXT = "_sinittext".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EINITTEXT = "_einittext".getBytes(StandardCharsets.US_ASCII);

    private long start;
    private long end;
    private long initStart;
    private long initEnd;

    /** Looks whether a symbol is one of the four. */
    void see(SymbolLine line) {
        int length = line.nameTo() - line.nameFrom();
        if (length == STEXT.length && is(line, STEXT)) {
            start = line.address();
        } else if (length == ETEXT.length && is(line, ETEXT)) {
            end = line.address();
        } else if (length == SINITTEXT.length && is(line, SINITTEXT)) {
            initStart = line.address();
        } else if (length == EINITTEXT.length && is(line, EINITTEXT)) {
            initEnd = line.address();
        }
    }

    private static boolean is(SymbolLine line, byte[] name) {
        return line.bytes()[line.nameFrom()] == '_'
                && Arrays.equals(line.bytes(), line.nameFrom(), line.nameTo(), name, 0, name.length);
    }

    /** Whether it is text, as far as the kernel tells. */
    boolean isText(long address) {
        return start == 0 || end == 0 || isBetween(start, address, end);
    }

    /** Whether it is text that the kernel has freed. */
    boolean isInit(long address) {
        return isBetween(initStart, address, initEnd);
    }

    private static boolean isBetween(long from, long address, long to) {
        return Long.compareUnsigned(from, address) <= 0 && Long.compareUnsigned(address, to) < 0;
    }
}
