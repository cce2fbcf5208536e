package org.kprobe4j.asm;

/**
 * How much of the registers an arithmetic instruction or a comparison uses.
 *
 * <p>Source: RFC 9669, section 4.
 */
public enum Width {
    /** The lower 32 bits; a result is zero-extended to 64. */
    W32(32),
    /** All 64 bits. */
    W64(64);

    private final int bits;

    Width(int bits) {
        this.bits = bits;
    }

    /**
     * The number of bits.
     *
     * @return 32 or 64
     */
    public int bits() {
        return bits;
    }
}
