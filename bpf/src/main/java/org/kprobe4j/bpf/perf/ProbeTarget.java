package org.kprobe4j.bpf.perf;

import org.jspecify.annotations.Nullable;

/** What was asked for: a symbol and an offset, or an address. */
record ProbeTarget(@Nullable String symbol, long offsetOrAddress, boolean isReturn) {
    private static final int LONGEST_SHOWN = 128;

    String operation() {
        return isReturn ? "attach kretprobe" : "attach kprobe";
    }

    /** For messages; a symbol that is much too long is cut, so that a message stays a line. */
    @Override
    public String toString() {
        if (symbol == null) {
            return "0x" + Long.toHexString(offsetOrAddress);
        }
        String name = symbol.length() <= LONGEST_SHOWN ? symbol : symbol.substring(0, LONGEST_SHOWN) + "...";
        name = name.isEmpty() ? "\"\"" : name;
        return offsetOrAddress == 0 ? name : "%s+0x%x".formatted(name, offsetOrAddress);
    }
}
