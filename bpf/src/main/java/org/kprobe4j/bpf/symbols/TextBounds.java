package org.kprobe4j.bpf.symbols;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Where the kernel's own text lies. Source: core_kernel_text() in kernel/extable.c; include/asm-generic/sections.h.
 *
 * @param start the text's first address; 0 if the kernel does not tell
 * @param end the address after its last
 * @param initStart that of the text that is freed when the kernel has started
 * @param initEnd the address after its last
 */
public record TextBounds(long start, long end, long initStart, long initEnd) {
    private static final byte[][] NAMES = {bytes("_stext"), bytes("_etext"), bytes("_sinittext"), bytes("_einittext")};

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }

    /** Which of the four a symbol is; -1 for none. */
    static int which(byte[] line, int from, int to) {
        int last = to - from - 1;
        // All end with text, and few of the kernel's functions do.
        if (last < 5 || last > 9 || line[to - 1] != 't' || line[to - 2] != 'x') {
            return -1;
        }
        for (int i = 0; i < NAMES.length; i++) {
            if (Arrays.equals(line, from, to, NAMES[i], 0, NAMES[i].length)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Whether an address is text, as far as the kernel tells.
     *
     * @param address any
     * @return true also if it does not tell
     */
    public boolean isText(long address) {
        return start == 0 || end == 0 || isBetween(start, address, end);
    }

    /**
     * Whether an address is text that the kernel has freed.
     *
     * @param address any
     * @return whether it was run only when the kernel started
     */
    public boolean isInit(long address) {
        return isBetween(initStart, address, initEnd);
    }

    private static boolean isBetween(long from, long address, long to) {
        return Long.compareUnsigned(from, address) <= 0 && Long.compareUnsigned(address, to) < 0;
    }
}
