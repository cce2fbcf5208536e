package org.kprobe4j.handlers;

/** Calls of the program's own methods and of the JDK's, and where Java would throw. Each method runs on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "divzero", "fallthrough", "lossy-conversions"})
final class CallSamples {
    private CallSamples() {}

    // ---- calls ----

    static int max3(int a, int b, int c) {
        return Math.max(a, Math.max(b, c));
    }

    static int helper(int a, int b) {
        a += 1;
        if (a > b) {
            return a;
        }
        b -= a;
        return twice(b);
    }

    static int twice(int a) {
        return a * 2;
    }

    static boolean even(long a) {
        return (a & 1) == 0;
    }

    static long callsHelpers(int a, int b) {
        return helper(a, b) * 3L + helper(b, a) + (even(a) ? 1 : even(b) ? 2 : 3);
    }

    static int callInCondition(int a, int b) {
        while (helper(a, b) < 100 && a < b + 5 && a > b - 5) {
            a += 3;
        }
        return a;
    }

    static int callInLoop(int a) {
        int s = 0;
        for (int i = 0; i < 5; i++) {
            s += helper(i, a) - helper(a, i);
        }
        return s;
    }

    static int voidCall(int a) {
        nothing(a);
        return a + 1;
    }

    static void nothing(int a) {
        if (a > 3) {
            return;
        }
        a++;
    }

    static int manyLocals(int a, int b) {
        int c = a + b,
                d = a - b,
                e = a * b,
                f = a ^ b,
                g = a | b,
                h = a & b,
                i = c + d,
                j = e + f,
                k = g + h,
                l = c * 3,
                m = d * 5,
                n = e * 7;
        for (int x = 0; x < 3; x++) {
            c += d;
            d ^= e;
            e -= f;
            f += g;
            g ^= h;
            h += i;
            i -= j;
            j ^= k;
            k += l;
            l -= m;
            m ^= n;
            n += c;
        }
        return a + b + c * 2 + d * 3 + e * 4 + f * 5 + g * 6 + h * 7 + i * 8 + j * 9 + k * 10 + l * 11 + m * 12
                + n * 13;
    }

    static long pressure(long a, long b, long c, long d) {
        return ((a + b) * (c + d) + (a - b) * (c - d))
                ^ ((a * c + b * d) - (a * d + b * c) + ((a ^ c) * (b ^ d) + (a & d) * (b | c)))
                        + (((a + 1) * (b + 2) - (c + 3) * (d + 4)) ^ ((a + 5) * (d + 6) - (b + 7) * (c + 8)));
    }

    // ---- the JDK's own ----

    static int minMax(int a, int b) {
        return Math.min(a, b) * 3 + Math.max(a, b);
    }

    static long minMaxLong(long a, long b) {
        return Math.min(a, b) ^ Math.max(a, b) + 1;
    }

    static int abs(int a) {
        return Math.abs(a);
    }

    static long absLong(long a) {
        return Math.abs(a);
    }

    static int compareInt(int a, int b) {
        return Integer.compare(a, b);
    }

    static int compareLong(long a, long b) {
        return Long.compare(a, b);
    }

    static int signum(int a, long b) {
        return Integer.signum(a) + 10 * Long.signum(b);
    }

    static int compareUnsigned(int a, int b) {
        return Integer.compareUnsigned(a, b);
    }

    static int compareUnsignedLong(long a, long b) {
        return Long.compareUnsigned(a, b);
    }

    static int unsignedOrder(int a, int b) {
        return (Integer.compareUnsigned(a, b) < 0 ? 1 : 0)
                + (Integer.compareUnsigned(a, b) <= 0 ? 2 : 0)
                + (Integer.compareUnsigned(a, b) > 0 ? 4 : 0)
                + (Integer.compareUnsigned(a, b) >= 0 ? 8 : 0)
                + (Integer.compareUnsigned(a, b) == 0 ? 16 : 0)
                + (Integer.compareUnsigned(a, b) != 0 ? 32 : 0);
    }

    static long unsignedOrderLong(long a, long b) {
        return (Long.compareUnsigned(a, b) < 0 ? 1 : 0)
                + (Long.compareUnsigned(a, b) <= 0 ? 2 : 0)
                + (Long.compareUnsigned(a, b) > 0 ? 4 : 0)
                + (Long.compareUnsigned(a, b) >= 0 ? 8 : 0)
                + (Long.compareUnsigned(a, b) == 0 ? 16 : 0)
                + (Long.compareUnsigned(a, b) != 0 ? 32 : 0);
    }

    static int unsignedOrderOfKnown(int a, long b) {
        return (Integer.compareUnsigned(a, 1000) < 0 ? 1 : 0)
                + (Integer.compareUnsigned(-5, a) <= 0 ? 2 : 0)
                + (Integer.compareUnsigned(a, Integer.MIN_VALUE) > 0 ? 4 : 0)
                + (Long.compareUnsigned(b, -1) >= 0 ? 8 : 0)
                + (Long.compareUnsigned(Long.MAX_VALUE, b) < 0 ? 16 : 0)
                + (Long.compareUnsigned(4096, b) > 0 ? 32 : 0);
    }

    /** Looks like an unsigned comparison, but only one side is moved. */
    static boolean movedOnOneSide(long a, long b) {
        return a + Long.MIN_VALUE < b;
    }

    static int widenedConditions(int a, long b) {
        long both = a > 3 && b > 7 ? 1 : 0;
        long either = a < 0 || b < 0 ? 5 : 2;
        return both != 0 ? 1 : either == 5 ? 2 : 3;
    }

    static int bitCount(int a) {
        return Integer.bitCount(a);
    }

    static int bitCountLong(long a) {
        return Long.bitCount(a);
    }

    static int rotate(int a, int b) {
        return Integer.rotateLeft(a, b) ^ Integer.rotateRight(a, b + 3);
    }

    static long rotateLong(long a, int b) {
        return Long.rotateLeft(a, b) ^ Long.rotateRight(a, b + 3);
    }

    static int trailing(int a, long b) {
        return Integer.numberOfTrailingZeros(a) * 100 + Long.numberOfTrailingZeros(b);
    }

    static int leading(int a, long b) {
        return Integer.numberOfLeadingZeros(a) * 100 + Long.numberOfLeadingZeros(b);
    }

    static int highestOneBit(int a) {
        return Integer.highestOneBit(a) ^ Integer.lowestOneBit(a);
    }

    static long highestOneBitLong(long a) {
        return Long.highestOneBit(a) ^ Long.lowestOneBit(a);
    }

    static int reverse(int a) {
        return Integer.reverse(a) ^ Integer.reverseBytes(a);
    }

    static long reverseLong(long a) {
        return Long.reverse(a) ^ Long.reverseBytes(a);
    }

    static short reverseShort(short a) {
        return Short.reverseBytes(a);
    }

    static int sums(int a, int b) {
        return Integer.sum(a, b) + Integer.max(a, b) - Integer.min(a, b);
    }

    static long unsignedToLong(int a, byte b, short c) {
        return Integer.toUnsignedLong(a) + Byte.toUnsignedInt(b) + Short.toUnsignedInt(c);
    }

    static long divideUnsigned(long a, long b) {
        return Long.divideUnsigned(a, b);
    }

    static long remainderUnsigned(long a, long b) {
        return Long.remainderUnsigned(a, b);
    }

    static int divideUnsignedInt(int a, int b) {
        return Integer.divideUnsigned(a, b) + Integer.remainderUnsigned(a, b);
    }

    static int floorDivMod(int a, int b) {
        return Math.floorDiv(a, b) * 7 + Math.floorMod(a, b);
    }

    static long floorDivModLong(long a, long b) {
        return Math.floorDiv(a, b) * 7 + Math.floorMod(a, b);
    }

    static int ceilDiv(int a, int b) {
        return Math.ceilDiv(a, b);
    }

    static int clamp(long a) {
        return Math.clamp(a, -50, 1000);
    }

    static long multiplyFull(int a, int b) {
        return Math.multiplyFull(a, b);
    }

    static long multiplyHigh(long a, long b) {
        return Math.multiplyHigh(a, b);
    }

    static boolean logical(boolean a, boolean b) {
        return Boolean.logicalAnd(a, b) ^ Boolean.logicalOr(a, b) ^ Boolean.logicalXor(a, b);
    }

    static int exact(int a, int b) {
        return Math.addExact(a, b) + Math.subtractExact(a, b);
    }

    static long exactLong(long a, long b) {
        return Math.multiplyExact(a, b);
    }

    static int toIntExact(long a) {
        return Math.toIntExact(a);
    }

    // ---- where Java would throw ----

    static int faultInBranch(int a, int b) {
        if (a > 10) {
            return a / b;
        }
        return a;
    }

    static int faultInHelper(int a, int b) {
        return 1 + quotient(a, b) + quotient(b, a);
    }

    private static int quotient(int a, int b) {
        return a / b;
    }

    static int faultInLoop(int a) {
        int s = 0;
        for (int i = 3; i > -2; i--) {
            s += a / i;
        }
        return s;
    }

    static boolean faultSkipped(int a, int b) {
        return b != 0 && a / b > 3;
    }
}
