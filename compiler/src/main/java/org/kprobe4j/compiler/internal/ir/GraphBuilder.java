package org.kprobe4j.compiler.internal.ir;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.internal.ir.Value.Constant;
import org.kprobe4j.compiler.internal.ir.Value.Operation;

/** Appends operations to the current block of a graph; what is known already becomes a constant. */
public final class GraphBuilder {
    private static final long LOWER_HALF = 0xffff_ffffL;

    private final Graph graph = new Graph();
    private Block current = graph.entry();
    private Position position = new Position("", 0);

    /** The graph under construction. */
    public Graph graph() {
        return graph;
    }

    /** The block that grows. */
    public Block current() {
        return current;
    }

    /** Goes on in another block. */
    public void continueIn(Block block) {
        current = block;
    }

    /** The place in the source of what follows. */
    public void at(Position where) {
        position = where;
    }

    /** Where the builder stands in the source. */
    public Position position() {
        return position;
    }

    /** An int constant. */
    public static Constant constant(int value) {
        return new Constant(Kind.INT, value);
    }

    /** A long constant. */
    public static Constant constant(long value) {
        return new Constant(Kind.LONG, value);
    }

    private static Constant constant(Kind kind, long value) {
        return new Constant(kind, kind == Kind.INT ? (int) value : value);
    }

    /** Any operation, without folding. */
    public Operation append(Kind kind, Opcode opcode, Value... arguments) {
        return current.append(kind, opcode, position, arguments);
    }

    /** A binary operation; the caller has excluded a zero divisor. */
    public Value binary(Arithmetic operator, Kind kind, Value a, Value b) {
        if (a instanceof Constant x && b instanceof Constant y) {
            return constant(kind, operator.apply(kind, x.value(), y.value()));
        }
        if (a instanceof Constant && operator.commutes()) {
            return binary(operator, kind, b, a);
        }
        if (operator == Arithmetic.AND
                && b instanceof Constant mask
                && mask.value() == LOWER_HALF
                && a instanceof Operation extended
                && extended.opcode() instanceof Opcode.Extend) {
            return zeroExtend(extended.argument(0));
        }
        if (b instanceof Constant y) {
            Value simpler = withConstant(operator, kind, a, y.value());
            if (simpler != null) {
                return simpler;
            }
        }
        return append(kind, new Opcode.Binary(operator), a, b);
    }

    private static @Nullable Value withConstant(Arithmetic operator, Kind kind, Value a, long b) {
        return switch (operator) {
            case ADD, SUB, OR, XOR, SHL, SHR, USHR -> b == 0 ? a : null;
            case MUL -> b == 1 ? a : b == 0 ? constant(kind, 0) : null;
            case DIV -> b == 1 ? a : null;
            case REM -> b == 1 || b == -1 ? constant(kind, 0) : null;
            case AND -> b == 0 ? constant(kind, 0) : b == -1 ? a : null;
        };
    }

    /** Arithmetic negation. */
    public Value negate(Value a) {
        return a instanceof Constant x ? constant(a.kind(), -x.value()) : append(a.kind(), new Opcode.Negate(), a);
    }

    /** int to long. */
    public Value extend(Value a) {
        if (a instanceof Constant x) {
            return constant(x.value());
        }
        return isNeverNegative(a) ? zeroExtend(a) : append(Kind.LONG, new Opcode.Extend(), a);
    }

    /** int to long, taken as unsigned. */
    public Value zeroExtend(Value a) {
        return a instanceof Constant x
                ? constant(Integer.toUnsignedLong((int) x.value()))
                : append(Kind.LONG, new Opcode.ZeroExtend(), a);
    }

    private static boolean isNeverNegative(Value a) {
        if (!(a instanceof Operation operation)) {
            return false;
        }
        return switch (operation.opcode()) {
            case Opcode.Compare _ -> true;
            case Opcode.Narrow narrow -> !narrow.signed();
            case Opcode.Binary(Arithmetic operator) ->
                operation.argument(1) instanceof Constant b
                        && (operator == Arithmetic.AND
                                ? b.value() >= 0
                                : operator == Arithmetic.USHR && (b.value() & (Integer.SIZE - 1)) != 0);
            default -> false;
        };
    }

    /** long to int. */
    public Value truncate(Value a) {
        if (a instanceof Constant x) {
            return constant((int) x.value());
        }
        if (a instanceof Operation operation) {
            Opcode opcode = operation.opcode();
            if (opcode instanceof Opcode.Extend || opcode instanceof Opcode.ZeroExtend) {
                return operation.argument(0);
            }
            // The lower half of a word comes first on all machines so far.
            if (opcode instanceof Opcode.Context(int offset, Size size) && size == Size.DW) {
                return append(Kind.INT, new Opcode.Context(offset, Size.W));
            }
        }
        return append(Kind.INT, new Opcode.Truncate(), a);
    }

    /** int to byte, short or char. */
    public Value narrow(Value a, int bits, boolean signed) {
        if (a instanceof Constant x) {
            int shift = Integer.SIZE - bits;
            int moved = (int) x.value() << shift;
            return constant(signed ? moved >> shift : moved >>> shift);
        }
        return append(Kind.INT, new Opcode.Narrow(bits, signed), a);
    }

    /** What to store where only so many of the lower bits matter: what does not change them is left out. */
    public static Value lowerBits(Value a, int bits) {
        return a instanceof Operation operation
                        && operation.opcode() instanceof Opcode.Narrow narrow
                        && narrow.bits() >= bits
                ? lowerBits(operation.argument(0), bits)
                : a;
    }

    /** 1 or 0. */
    public Value compare(Cond cond, Value a, Value b) {
        if (a instanceof Constant x && b instanceof Constant y) {
            return constant(cond.holds(x.value(), y.value()) ? 1 : 0);
        }
        return append(Kind.INT, new Opcode.Compare(cond, a.kind()), a, b);
    }

    /** -1, 0 or 1. */
    public Value compareLong(Value a, Value b) {
        if (a instanceof Constant x && b instanceof Constant y) {
            return constant(Long.compare(x.value(), y.value()));
        }
        return append(Kind.INT, new Opcode.CompareLong(), a, b);
    }

    /** A branch; a comparison result tested against zero is taken apart, so that it costs one jump. */
    public void branch(Cond cond, Value a, Value b, Block yes, Block no) {
        if (b instanceof Constant zero && zero.value() == 0 && a instanceof Operation operation) {
            if (operation.opcode() instanceof Opcode.CompareLong) {
                branch(cond, operation.argument(0), operation.argument(1), yes, no);
                return;
            }
            if (operation.opcode() instanceof Opcode.Compare compare && (cond == Cond.EQ || cond == Cond.NE)) {
                Cond inner = cond == Cond.NE ? compare.cond() : compare.cond().negated();
                branch(inner, operation.argument(0), operation.argument(1), yes, no);
                return;
            }
        }
        Value left = withoutSign(a);
        Value right = withoutSign(b);
        current.end(
                left == null || right == null || (left instanceof Constant && right instanceof Constant)
                        ? new End.Branch(cond, a, b, yes, no, position)
                        : new End.Branch(cond.unsigned(), left, right, yes, no, position));
    }

    /**
     * The number whose unsigned order a value has: Java compares without a sign by adding the least number to both. {@code null} if the
     * value is made otherwise.
     */
    private static @Nullable Value withoutSign(Value value) {
        long least = value.kind() == Kind.INT ? Integer.MIN_VALUE : Long.MIN_VALUE;
        return switch (value) {
            case Constant(Kind kind, long number) ->
                constant(kind, kind == Kind.INT ? (int) (number - least) : number - least);
            case Operation sum
            when sum.opcode() instanceof Opcode.Binary(Arithmetic operator)
                    && operator == Arithmetic.ADD
                    && sum.argument(1) instanceof Constant added
                    && added.value() == least -> sum.argument(0);
            default -> null;
        };
    }
}
