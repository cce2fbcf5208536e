package org.kprobe4j.asm;

/**
 * An arithmetic operation of the base instruction set; division and remainder are unsigned.
 *
 * <p>Source: RFC 9669, section 4.1.
 */
public enum AluOp {
    /** {@code dst += src}. */
    ADD(0x00, "+="),
    /** {@code dst -= src}. */
    SUB(0x10, "-="),
    /** {@code dst *= src}. */
    MUL(0x20, "*="),
    /** {@code dst = src ? dst / src : 0}, unsigned. */
    DIV(0x30, "/="),
    /** {@code dst |= src}. */
    OR(0x40, "|="),
    /** {@code dst &= src}. */
    AND(0x50, "&="),
    /** {@code dst <<= src}, the shift masked to the width. */
    LSH(0x60, "<<="),
    /** {@code dst >>>= src}, the shift masked to the width. */
    RSH(0x70, ">>="),
    /** {@code dst = -dst}; takes no operand, so only {@link Instruction.Neg} uses it. */
    NEG(0x80, "neg"),
    /** {@code dst = src ? dst % src : dst}, unsigned. */
    MOD(0x90, "%="),
    /** {@code dst ^= src}. */
    XOR(0xa0, "^="),
    /** {@code dst = src}. */
    MOV(0xb0, "="),
    /** {@code dst >>= src}, keeping the sign, the shift masked to the width. */
    ARSH(0xc0, "s>>=");

    private static final AluOp[] ALL = values();

    private final int code;
    private final String symbol;

    AluOp(int code, String symbol) {
        this.code = code;
        this.symbol = symbol;
    }

    int code() {
        return code;
    }

    String symbol() {
        return symbol;
    }

    boolean isShift() {
        return this == LSH || this == RSH || this == ARSH;
    }

    boolean isDivision() {
        return this == DIV || this == MOD;
    }

    /** The operation of the high four bits; the caller has ruled out 0xd0 and above. */
    static AluOp ofCode(int opcode) {
        return ALL[(opcode & 0xf0) >> 4];
    }
}
