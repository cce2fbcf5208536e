package org.kprobe4j.asm;

/**
 * A comparison on which a jump depends.
 *
 * <p>Source: RFC 9669, section 4.3.
 */
public enum JmpOp {
    /** {@code dst == src}. */
    JEQ(0x10, "=="),
    /** {@code dst > src}, unsigned. */
    JGT(0x20, ">"),
    /** {@code dst >= src}, unsigned. */
    JGE(0x30, ">="),
    /** {@code (dst & src) != 0}. */
    JSET(0x40, "&"),
    /** {@code dst != src}. */
    JNE(0x50, "!="),
    /** {@code dst > src}, signed. */
    JSGT(0x60, "s>"),
    /** {@code dst >= src}, signed. */
    JSGE(0x70, "s>="),
    /** {@code dst < src}, unsigned. */
    JLT(0xa0, "<"),
    /** {@code dst <= src}, unsigned. */
    JLE(0xb0, "<="),
    /** {@code dst < src}, signed. */
    JSLT(0xc0, "s<"),
    /** {@code dst <= src}, signed. */
    JSLE(0xd0, "s<=");

    private final int code;
    private final String symbol;

    JmpOp(int code, String symbol) {
        this.code = code;
        this.symbol = symbol;
    }

    int code() {
        return code;
    }

    String symbol() {
        return symbol;
    }

    /**
     * The comparison that holds exactly when this one does not.
     *
     * @return the opposite comparison
     * @throws UnsupportedOperationException for {@link #JSET}: the instruction set has no opposite of it
     */
    public JmpOp negated() {
        return switch (this) {
            case JEQ -> JNE;
            case JNE -> JEQ;
            case JGT -> JLE;
            case JLE -> JGT;
            case JGE -> JLT;
            case JLT -> JGE;
            case JSGT -> JSLE;
            case JSLE -> JSGT;
            case JSGE -> JSLT;
            case JSLT -> JSGE;
            case JSET ->
                throw new UnsupportedOperationException(
                        "JSET has no opposite: jump over an unconditional jump instead");
        };
    }

    /**
     * The comparison that gives the same answer with its two operands exchanged.
     *
     * @return the mirrored comparison; itself for the symmetric {@link #JEQ}, {@link #JNE} and {@link #JSET}
     */
    public JmpOp swapped() {
        return switch (this) {
            case JEQ, JNE, JSET -> this;
            case JGT -> JLT;
            case JLT -> JGT;
            case JGE -> JLE;
            case JLE -> JGE;
            case JSGT -> JSLT;
            case JSLT -> JSGT;
            case JSGE -> JSLE;
            case JSLE -> JSGE;
        };
    }

    /** The comparison of an opcode's high four bits, which the caller has seen to be one. */
    static JmpOp ofCode(int opcode) {
        for (var op : values()) {
            if (op.code == (opcode & 0xf0)) {
                return op;
            }
        }
        throw new IllegalArgumentException("no comparison has opcode 0x%02x".formatted(opcode));
    }
}
