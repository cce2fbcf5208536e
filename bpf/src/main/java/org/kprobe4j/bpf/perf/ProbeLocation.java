package org.kprobe4j.bpf.perf;

/**
 * Where a probe really is: a probe at a function's beginning may have been moved past ENDBR (x86) or BTI (arm64).
 *
 * @param addr the address; 0 if the kernel does not show it to this process
 * @param symbol the function; empty if it is not known
 * @param offset from the function's beginning, in bytes
 * @param confirmed whether the kernel itself said so; false if it is only what was asked for
 */
public record ProbeLocation(long addr, String symbol, long offset, boolean confirmed) {
    /**
     * The place in one word.
     *
     * @return {@code symbol+0xoff (0xaddress)}
     */
    @Override
    public String toString() {
        String place = symbol.isEmpty() ? "?" : offset == 0 ? symbol : symbol + "+0x" + Long.toHexString(offset);
        return place + " (0x" + Long.toHexString(addr) + ")";
    }
}
