package org.kprobe4j.compiler.internal.ir;

/** A comparison of two scalars. */
public enum Cond {
    EQ,
    NE,
    LT,
    GE,
    GT,
    LE,
    /** Unsigned less than. */
    ULT,
    /** Unsigned greater than or equal. */
    UGE,
    /** Unsigned greater than. */
    UGT,
    /** Unsigned less than or equal. */
    ULE;

    /** The comparison that holds just when this one does not. */
    public Cond negated() {
        return switch (this) {
            case EQ -> NE;
            case NE -> EQ;
            case LT -> GE;
            case GE -> LT;
            case GT -> LE;
            case LE -> GT;
            case ULT -> UGE;
            case UGE -> ULT;
            case UGT -> ULE;
            case ULE -> UGT;
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
            case ULT -> UGT;
            case UGT -> ULT;
            case UGE -> ULE;
            case ULE -> UGE;
        };
    }

    /** The same comparison of numbers without a sign. */
    public Cond unsigned() {
        return switch (this) {
            case EQ, NE, ULT, UGE, UGT, ULE -> this;
            case LT -> ULT;
            case GE -> UGE;
            case GT -> UGT;
            case LE -> ULE;
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
            case UGE -> Long.compareUnsigned(a, b) >= 0;
            case UGT -> Long.compareUnsigned(a, b) > 0;
            case ULE -> Long.compareUnsigned(a, b) <= 0;
        };
    }
}
