package org.kprobe4j.compiler.internal.ir;

/** A comparison of two scalars. */
public enum Cond {
    EQ,
    NE,
    LT,
    GE,
    GT,
    LE,
    /** Unsigned less than; the others of this family are not reachable from bytecode. */
    ULT;

    /** The comparison that holds just when this one does not. */
    public Cond negated() {
        return switch (this) {
            case EQ -> NE;
            case NE -> EQ;
            case LT -> GE;
            case GE -> LT;
            case GT -> LE;
            case LE -> GT;
            case ULT -> throw new IllegalStateException("ULT is lowered as it stands");
        };
    }

    /** The comparison with its operands exchanged. */
    public Cond swapped() {
        return switch (this) {
            case EQ, NE -> this;
            case LT -> GT;
            case GT -> LT;
            case GE -> LE;
            case LE -> GE;
            case ULT -> throw new IllegalStateException("ULT is lowered as it stands");
        };
    }

    /** Decides it for two known values, as Java does. */
    public boolean holds(long a, long b) {
        return switch (this) {
            case EQ -> a == b;
            case NE -> a != b;
            case LT -> a < b;
            case GE -> a >= b;
            case GT -> a > b;
            case LE -> a <= b;
            case ULT -> Long.compareUnsigned(a, b) < 0;
        };
    }
}
