package org.kprobe4j.compiler.internal.ir;

/** Java's integer operators, exact to the bit for either width. */
public enum Arithmetic {
    ADD,
    SUB,
    MUL,
    DIV,
    REM,
    AND,
    OR,
    XOR,
    SHL,
    SHR,
    USHR;

    /** Whether the operands may be exchanged. */
    public boolean commutes() {
        return switch (this) {
            case ADD, MUL, AND, OR, XOR -> true;
            case SUB, DIV, REM, SHL, SHR, USHR -> false;
        };
    }

    /** The result for two known operands; the caller has excluded a zero divisor. */
    public long apply(Kind kind, long a, long b) {
        return kind == Kind.INT ? applyInt((int) a, (int) b) : applyLong(a, b);
    }

    private int applyInt(int a, int b) {
        return switch (this) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case REM -> a % b;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case SHL -> a << b;
            case SHR -> a >> b;
            case USHR -> a >>> b;
        };
    }

    private long applyLong(long a, long b) {
        return switch (this) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case REM -> a % b;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case SHL -> a << b;
            case SHR -> a >> b;
            case USHR -> a >>> b;
        };
    }
}
