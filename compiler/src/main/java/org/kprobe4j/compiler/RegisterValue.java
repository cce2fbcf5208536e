package org.kprobe4j.compiler;

/**
 * What a register holds after an instruction, said in terms of the registers and the memory before it: so a program that runs before
 * the instruction knows what it will do. Numbers are of 64 bits; a machine with narrower registers keeps the lower bits.
 */
public sealed interface RegisterValue {
    /** What is done with two numbers. */
    enum Operator {
        /** Sum. */
        ADD,
        /** Difference. */
        SUB,
        /** Bits of both. */
        AND,
        /** Bits of either. */
        OR,
        /** Bits that differ. */
        XOR,
        /** Shifted to the left. */
        SHL,
        /** Shifted to the right, zeros come in. */
        USHR
    }

    /**
     * A number.
     *
     * @param value the number
     */
    record Constant(long value) implements RegisterValue {}

    /**
     * What a register holds before the instruction, as the handler's registers show it: the instruction pointer of x86 is the probed
     * address plus one.
     *
     * @param name as {@link Architecture#offset} knows it
     */
    record Register(String name) implements RegisterValue {}

    /**
     * Two numbers combined.
     *
     * @param operator how
     * @param a first
     * @param b second; of a shift less than 64
     */
    record Binary(Operator operator, RegisterValue a, RegisterValue b) implements RegisterValue {}

    /**
     * A word of kernel memory, as wide as a register.
     *
     * @param address where
     */
    record Load(RegisterValue address) implements RegisterValue {}

    /**
     * One of two numbers.
     *
     * @param test decides
     * @param nonZero the number if {@code test} is not 0
     * @param zero the number if it is
     */
    record Choice(RegisterValue test, RegisterValue nonZero, RegisterValue zero) implements RegisterValue {}

    /** A number.
     *
     * @param value the number
     * @return it
     */
    static RegisterValue of(long value) {
        return new Constant(value);
    }

    /** A register.
     *
     * @param name its name
     * @return what it holds
     */
    static RegisterValue register(String name) {
        return new Register(name);
    }

    /** This and a number.
     *
     * @param number what to add
     * @return the sum
     */
    default RegisterValue plus(long number) {
        return number == 0 ? this : new Binary(Operator.ADD, this, of(number));
    }

    /** This and another value.
     *
     * @param operator how
     * @param other the second operand
     * @return the result
     */
    default RegisterValue with(Operator operator, RegisterValue other) {
        return new Binary(operator, this, other);
    }

    /** Some of the bits.
     *
     * @param mask which
     * @return those, the others 0
     */
    default RegisterValue masked(long mask) {
        return new Binary(Operator.AND, this, of(mask));
    }

    /** The bits from one on.
     *
     * @param from number of the bit that becomes the lowest
     * @return shifted down
     */
    default RegisterValue shiftedDown(int from) {
        return from == 0 ? this : new Binary(Operator.USHR, this, of(from));
    }
}
