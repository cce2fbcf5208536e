package org.kprobe4j.handlers;

import java.math.BigInteger;

/** Rows about numbers and operators. */
@SuppressWarnings({"unused", "BoxedPrimitiveEquality", "NarrowingCompoundAssignment", "IdentityBinaryExpression"})
final class LanguageTypes {
    private static final String CALLS =
            "it can call its own static methods, Kernel, PtRegs, kernel structures, and what Math, Integer and Long do with ints and longs";
    private static final String NO_FLOAT =
            "a handler cannot use float or double: the kernel has no floating point; count in a smaller unit with long";

    private static final long LIMIT = 4096;
    private static int counter;

    private LanguageTypes() {}

    static void rows(LanguageTable table) {
        table.area("Numbers and operators", LanguageTypes.class);
        table.works("long arithmetic", (p, regs) -> regs.arg(0) * 3 - 7 + -regs.arg(1));
        table.works("int arithmetic, which wraps", (p, regs) -> (int) regs.arg(0) * 1_000_003);
        table.stops("division", (p, regs) -> 1000 / regs.arg(0), 0, "/ by zero");
        table.stops("remainder", (p, regs) -> (int) regs.arg(1) % (int) regs.arg(0), 0, "/ by zero");
        table.works("bits and shifts", (p, regs) -> (regs.arg(0) & 0xff | 1L << regs.arg(1)) ^ ~regs.arg(0) >>> 3 >> 1);
        table.works("comparisons and conditions", (p, regs) -> regs.arg(0) > 3 && !(regs.arg(1) == 2) ? 1 : 0);
        table.works("narrowing", (p, regs) -> (byte) regs.arg(0) + (short) regs.arg(0) + (char) regs.arg(0));
        table.works("boolean as a value", (p, regs) -> {
            boolean big = regs.arg(0) > 100;
            boolean odd = (regs.arg(0) & 1) == 1;
            return big ^ odd ? 1 : 0;
        });
        table.works("assignment operators", (p, regs) -> {
            short half = (short) regs.arg(0);
            half += 3;
            half <<= 2;
            half++;
            return half;
        });
        table.works(
                "static methods of Math, Integer, Long",
                (p, regs) -> Math.max(regs.arg(0), 5)
                        + Long.numberOfTrailingZeros(regs.arg(1))
                        + Integer.bitCount((int) regs.arg(0)));
        table.works(
                "unsigned numbers",
                (p, regs) -> Long.compareUnsigned(regs.arg(0), regs.arg(1)) * 2 + Long.divideUnsigned(regs.arg(0), 7));
        table.stops(
                "exact arithmetic",
                (p, regs) -> Math.toIntExact(regs.arg(0) / 4096),
                Long.MAX_VALUE,
                "ArithmeticException");
        table.works("constants", (p, regs) -> regs.arg(0) + LIMIT + 'c' + Integer.MAX_VALUE);
        table.works("a number in a box", (p, regs) -> {
            Long boxed = regs.arg(0);
            return boxed + 1;
        });
        table.refused("float and double", (p, regs) -> (long) (regs.arg(0) * 1.5), NO_FLOAT);
        table.refused("Math on doubles", (p, regs) -> (long) Math.sqrt(regs.arg(0)), NO_FLOAT);
        table.refused(
                "boxes compared with ==",
                (p, regs) -> {
                    Long a = regs.arg(0);
                    Long b = regs.arg(1);
                    return a == b ? 1 : 0;
                },
                "these objects cannot be compared with == in a handler; compare their numbers");
        table.refused(
                "methods of a box",
                (p, regs) -> {
                    Long a = regs.arg(0);
                    return a.compareTo(3L);
                },
                "a handler cannot call Long.compareTo; use the primitive type");
        table.refused(
                "text into numbers",
                (p, regs) -> Integer.parseInt("5"),
                "a handler cannot call Integer.parseInt; " + CALLS);
        table.refused(
                "numbers of any size",
                (p, regs) -> BigInteger.valueOf(regs.arg(0)).bitLength(),
                "a handler cannot call BigInteger.valueOf; " + CALLS);
    }
}
