package org.kprobe4j.asm;

/**
 * What an atomic instruction does to memory.
 *
 * <p>Source: RFC 9669, section 5.3. Since kernel: {@link #ADD} without fetch 3.18, all others 5.12.
 */
public enum AtomicOp {
    /** {@code *addr += src}. */
    ADD(0x00, "+=", "add"),
    /** {@code *addr |= src}. */
    OR(0x40, "|=", "or"),
    /** {@code *addr &= src}. */
    AND(0x50, "&=", "and"),
    /** {@code *addr ^= src}. */
    XOR(0xa0, "^=", "xor"),
    /** {@code src = exchange(addr, src)}; always fetches. */
    XCHG(0xe0, "xchg", "xchg"),
    /** If {@code *addr == r0}, then {@code *addr = src}; {@code r0} gets the old value; always fetches. */
    CMPXCHG(0xf0, "cmpxchg", "cmpxchg");

    /** {@code BPF_FETCH}: the source register gets the old value. */
    static final int FETCH = 0x01;

    private final int code;
    private final String symbol;
    private final String word;

    AtomicOp(int code, String symbol, String word) {
        this.code = code;
        this.symbol = symbol;
        this.word = word;
    }

    int code() {
        return code;
    }

    String symbol() {
        return symbol;
    }

    String word() {
        return word;
    }

    boolean alwaysFetches() {
        return this == XCHG || this == CMPXCHG;
    }

    static AtomicOp ofImm(int imm) {
        for (var op : values()) {
            if (op.code == (imm & ~FETCH)) {
                return op;
            }
        }
        throw new IllegalArgumentException("no atomic operation has the immediate 0x%x".formatted(imm));
    }
}
