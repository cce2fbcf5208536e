package org.kprobe4j.bpf.symbols;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.KprobesFolder;

/**
 * Kernel text in which no probe may be planted: a line of {@code kprobes/blacklist}.
 *
 * @param start its first address; 0 if addresses are hidden
 * @param end the address after its last; 0 if addresses are hidden
 * @param symbol the function at its beginning
 */
public record ForbiddenRange(long start, long end, String symbol) {
    /** {@code 0xffffffff8100a000-0xffffffff8100a0f0\tname}. */
    static @Nullable ForbiddenRange parse(String line) {
        int tab = line.indexOf('\t');
        int dash = line.indexOf('-');
        if (dash < 0 || tab < dash) {
            return null;
        }
        String place = line.substring(tab + 1).strip();
        int offset = place.indexOf('+');
        return new ForbiddenRange(
                KprobesFolder.hex(line.substring(0, dash)),
                KprobesFolder.hex(line.substring(dash + 1, tab)),
                offset < 0 ? place : place.substring(0, offset));
    }

    boolean covers(@Nullable String name, long address) {
        boolean inside =
                address != 0 && Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
        return inside || symbol.equals(name);
    }
}
