package org.kprobe4j.handlers;

/** One method for each thing that Java says with numbers. Each is run on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "divzero"})
final class LanguageSamples {
    private LanguageSamples() {}

    // ---- operators ----

    static int addInt(int a, int b) {
        return a + b;
    }

    static int subInt(int a, int b) {
        return a - b;
    }

    static int mulInt(int a, int b) {
        return a * b;
    }

    static int divInt(int a, int b) {
        return a / b;
    }

    static int remInt(int a, int b) {
        return a % b;
    }

    static int andInt(int a, int b) {
        return a & b;
    }

    static int orInt(int a, int b) {
        return a | b;
    }

    static int xorInt(int a, int b) {
        return a ^ b;
    }

    static int shlInt(int a, int b) {
        return a << b;
    }

    static int shrInt(int a, int b) {
        return a >> b;
    }

    static int ushrInt(int a, int b) {
        return a >>> b;
    }

    static int shlIntByLong(int a, long b) {
        return a << b;
    }

    static int negInt(int a) {
        return -a;
    }

    static int notInt(int a) {
        return ~a;
    }

    static long addLong(long a, long b) {
        return a + b;
    }

    static long subLong(long a, long b) {
        return a - b;
    }

    static long mulLong(long a, long b) {
        return a * b;
    }

    static long divLong(long a, long b) {
        return a / b;
    }

    static long remLong(long a, long b) {
        return a % b;
    }

    static long andLong(long a, long b) {
        return a & b;
    }

    static long orLong(long a, long b) {
        return a | b;
    }

    static long xorLong(long a, long b) {
        return a ^ b;
    }

    static long shlLong(long a, int b) {
        return a << b;
    }

    static long shrLong(long a, int b) {
        return a >> b;
    }

    static long ushrLong(long a, long b) {
        return a >>> b;
    }

    static long negLong(long a) {
        return -a;
    }

    static long notLong(long a) {
        return ~a;
    }

    static long mixed(int a, long b) {
        return a * b + (a - b);
    }

    static int divByConstants(int a) {
        return a / 3 + a / -7 + a % 10 + a / 16 + a % -8 + a / 1 + a % 1 + a / -1;
    }

    static long divLongByConstants(long a) {
        return a / 3 + a / -7 + a % 10 + a / 1024 + a % -8 + a / -1 + a % -1;
    }

    static int constantLeft(int a) {
        return (100 - a) + (7 << a) + (-9 >>> a) + (1000 / (a | 1));
    }

    static int divByKnownZero(int a) {
        return a / 0;
    }

    static long bigConstants(long a) {
        return (a ^ 0x123456789abcdefL) + (a & 0xffff_ffff_0000L) - Long.MIN_VALUE;
    }

    static int intLimits(int a) {
        return (a + Integer.MAX_VALUE) ^ (a - Integer.MIN_VALUE);
    }

    static long unsignedInt(int a) {
        return a & 0xffff_ffffL;
    }

    // ---- assignments ----

    static int compound(int a, int b) {
        a += b;
        a -= 3;
        a *= 5;
        a |= 16;
        a ^= b;
        a <<= 2;
        a >>= 1;
        a >>>= 1;
        a &= 0x7fff_ffff;
        a %= 1001;
        a /= 2;
        return a;
    }

    static byte compoundByte(byte a, int b) {
        a += b;
        a <<= 1;
        a >>>= 1;
        return a;
    }

    static short compoundShort(short a, long b) {
        a *= b;
        a -= 1;
        return a;
    }

    static char compoundChar(char a, int b) {
        a += b;
        a++;
        return a;
    }

    static int mixedCompound(int a, long b) {
        a += b;
        a -= 'x';
        return a;
    }

    static int increments(int a) {
        int b = a++ + ++a;
        b -= a-- - --a;
        return b * a;
    }

    static long longIncrements(long a) {
        long b = a++ * ++a;
        return b - a--;
    }

    static long chained(int a, int b) {
        long x, y;
        x = y = a + b;
        return x * 3 + y;
    }

    static long swapped(long a, long b) {
        long t = a;
        a = b;
        b = t;
        return a * 31 + b;
    }

    // ---- conversions ----

    static byte toByte(int a) {
        return (byte) a;
    }

    static short toShort(int a) {
        return (short) a;
    }

    static char toChar(int a) {
        return (char) a;
    }

    static int toInt(long a) {
        return (int) a;
    }

    static long toLong(int a) {
        return a;
    }

    static byte longToByte(long a) {
        return (byte) a;
    }

    static char longToChar(long a) {
        return (char) a;
    }

    static int byteArgs(byte a, byte b) {
        return a * b;
    }

    static long charPlusShort(char a, short b) {
        return a + b;
    }

    static int narrowChain(int a) {
        return (char) (byte) a + (short) (char) a + (byte) (short) a;
    }

    // ---- comparisons ----

    static boolean lt(int a, int b) {
        return a < b;
    }

    static boolean le(int a, int b) {
        return a <= b;
    }

    static boolean gt(int a, int b) {
        return a > b;
    }

    static boolean ge(int a, int b) {
        return a >= b;
    }

    static boolean eq(int a, int b) {
        return a == b;
    }

    static boolean ne(int a, int b) {
        return a != b;
    }

    static boolean ltLong(long a, long b) {
        return a < b;
    }

    static boolean leLong(long a, long b) {
        return a <= b;
    }

    static boolean gtLong(long a, long b) {
        return a > b;
    }

    static boolean geLong(long a, long b) {
        return a >= b;
    }

    static boolean eqLong(long a, long b) {
        return a == b;
    }

    static boolean neLong(long a, long b) {
        return a != b;
    }

    static boolean withZero(int a, long b) {
        return a < 0 ^ b >= 0 ^ a == 0 ^ b != 0;
    }

    static boolean withConstant(long a) {
        return a > 1_000_000_000_000L || a == -1 || 5 > a;
    }

    static boolean mixedWidths(int a, long b) {
        return a < b;
    }

    // ---- conditions ----

    static int ternary(int a, int b) {
        return a > b ? a : b;
    }

    static long nestedTernary(int a, long b) {
        return a < 0 ? b < 0 ? 1 : 2 : b > a ? b : a * 2L;
    }

    static int ternaryInArguments(int a, int b) {
        return max3(a > 0 ? a : -a, b, a == b ? 1 : 0);
    }

    static boolean shortCircuit(int a, int b) {
        return a > 0 && b / a > 1 || a < 0 && b / a < -1;
    }

    static boolean booleans(boolean a, boolean b) {
        return a & !b | b ^ a;
    }

    static boolean boolLocals(int a, int b) {
        boolean x = a > b;
        boolean y = x || b > 10;
        return x == y ? !x : y;
    }

    static int boolToInt(int a, int b) {
        return (a < b ? 1 : 0) + (a == 7 ? 10 : 0) + (b > 3 && a > 3 ? 100 : 0);
    }

    static int ifChain(int a) {
        if (a < -100) {
            return 1;
        } else if (a < 0) {
            return a == -50 ? 2 : 3;
        } else if (a == 0) {
            return 4;
        }
        int result = 5;
        if (a > 1000) {
            result = 6;
        }
        return result;
    }

    static int definedOnBothWays(int a) {
        int x;
        if ((a & 1) == 0) {
            x = a / 2;
        } else {
            x = 3 * a + 1;
        }
        return x;
    }

    static int reassignedParameter(int a, int b) {
        if (a > b) {
            a = b;
        }
        if (b > 5) {
            b = a;
        }
        return a * 7 + b;
    }

    // ---- switches ----

    static int tableSwitch(int a) {
        return switch (a) {
            case 0 -> 10;
            case 1 -> 11;
            case 2, 3 -> 12;
            case 5 -> 15;
            default -> -1;
        };
    }

    static int lookupSwitch(int a) {
        switch (a) {
            case -1000:
                return 1;
            case 0:
                return 2;
            case 7:
                return 3;
            case Integer.MAX_VALUE:
                return 4;
            case Integer.MIN_VALUE:
                return 5;
            default:
                return a;
        }
    }

    static int fallThrough(int a, int b) {
        int sum = 0;
        switch (a & 7) {
            case 0:
                sum += 1;
            case 1:
                sum += 10;
            case 2:
                sum += b;
                break;
            case 5:
                sum += 1000;
            default:
                sum += 10000;
            case 3:
                sum -= 3;
        }
        return sum;
    }

    static int switchDefaultShared(int a) {
        switch (a) {
            case 1:
            case 2:
            default:
                return 5;
            case 3:
                return 6;
        }
    }

    static int switchInExpression(int a, int b) {
        return b
                + switch (a % 3) {
                    case 0 -> b;
                    case 1 -> {
                        int s = 0;
                        for (int i = 0; i < 4; i++) {
                            s += i * a;
                        }
                        yield s;
                    }
                    default -> a;
                };
    }

    static int switchOnChar(char c) {
        return switch (c) {
            case 'a', 'e' -> 1;
            case '\uffff' -> 2;
            default -> 3;
        };
    }

    static int switchOnByte(byte c) {
        return switch (c) {
            case -128 -> 1;
            case 127 -> 2;
            default -> c;
        };
    }

    static int switchOnKnown(int a) {
        int k = 3;
        switch (k) {
            case 3:
                a++;
            case 4:
                a *= 2;
        }
        return a;
    }

    static int emptySwitch(int a) {
        switch (a) {
            default:
        }
        return a;
    }

    // ---- loops ----

    static int forLoop(int a) {
        int s = 0;
        for (int i = 0; i < 10; i++) {
            s += a * i;
        }
        return s;
    }

    static long whileLoop(long a) {
        int n = 0;
        while (a != 0 && n < 70) {
            a &= a - 1;
            n++;
        }
        return n;
    }

    static int doLoop(int a) {
        int n = 0;
        do {
            n++;
            a /= 2;
        } while (a != 0 && n < 40);
        return n;
    }

    static int nested(int a, int b) {
        int s = 0;
        for (int i = 0; i < 5; i++) {
            for (int j = i; j < 6; j++) {
                s = s * 31 + (i ^ a) * (j + b);
            }
        }
        return s;
    }

    static int breakContinue(int a) {
        int s = 0;
        for (int i = 0; i < 20; i++) {
            if ((i & 3) == (a & 3)) {
                continue;
            }
            if (s > (a & 0xff)) {
                break;
            }
            s += i;
        }
        return s;
    }

    static int labels(int a, int b) {
        int s = 0;
        outer:
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 6; j++) {
                if (i * j == (a & 15)) {
                    break outer;
                }
                if (j > (b & 3)) {
                    continue outer;
                }
                s += i * 10 + j;
            }
        }
        return s;
    }

    static int labelledBlock(int a) {
        int s = 1;
        block:
        {
            if (a > 3) {
                break block;
            }
            s = 2;
            if (a < 0) {
                break block;
            }
            s = 3;
        }
        return s;
    }

    static long fibonacci(int n) {
        long a = 0, b = 1;
        for (int i = 0; i < (n & 31); i++) {
            long t = a + b;
            a = b;
            b = t;
        }
        return a;
    }

    static long rotateThree(int n, long a, long b) {
        long c = a ^ b;
        for (int i = 0; i < (n & 15); i++) {
            long t = a;
            a = b;
            b = c;
            c = t;
        }
        return a + 3 * b + 5 * c;
    }

    static int loopEnteredTwoWays(int a) {
        int i;
        int s;
        if (a > 0) {
            i = 0;
            s = a;
        } else {
            i = 5;
            s = -a;
        }
        while (i < 10) {
            s += i;
            i++;
        }
        return s;
    }

    static int loopEnteredThreeWays(int a, int b) {
        int i;
        int s = b;
        switch (a & 3) {
            case 0:
                i = 1;
                break;
            case 1:
                i = 2;
                s = 7;
                break;
            default:
                i = b & 7;
        }
        do {
            s ^= i * 5;
            i++;
        } while (i < 9);
        return s * i;
    }

    static int twoContinues(int a) {
        int i = 0, s = 0;
        while (i < 12) {
            i++;
            if ((i & 1) == 0) {
                s += 2;
                continue;
            }
            if (i == (a & 7)) {
                s *= 3;
                continue;
            }
            s -= i;
        }
        return s;
    }

    static int loopInBothArms(int a) {
        int s = 0;
        if (a < 0) {
            for (int i = 0; i < 4; i++) {
                s += i * a;
            }
        } else {
            for (int i = 9; i > 2; i -= 2) {
                s -= i ^ a;
            }
        }
        return s;
    }

    static int loopThatNeverRuns(int a) {
        for (int i = 0; i < 0; i++) {
            a++;
        }
        return a;
    }

    static int countDown(int a) {
        int s = 0;
        for (int i = a & 31; --i >= 0; ) {
            s += i;
        }
        return s;
    }

    static int returnInLoop(int a) {
        for (int i = 0; i < 32; i++) {
            if ((a >>> i & 1) != 0) {
                return i;
            }
        }
        return -1;
    }

    static long longLoopCounter(long a) {
        long s = 0;
        for (long i = 3; i <= 12; i += 3) {
            s += i * a;
        }
        return s;
    }

    static int slotsReused(int a) {
        int s = 0;
        for (int i = 0; i < 3; i++) {
            s += i;
        }
        for (long j = 0; j < 3; j++) {
            s += (int) j * a;
        }
        {
            byte k = (byte) a;
            s += k;
        }
        return s;
    }

    static int variableOfLoop(int a) {
        int last = -1;
        for (int i = 0; i < 8; i++) {
            int square = i * i;
            if (square > (a & 63)) {
                last = square;
                break;
            }
        }
        return last;
    }

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

    static int exact(int a, int b) { return Math.addExact(a, b) + Math.subtractExact(a, b); }

    static long exactLong(long a, long b) { return Math.multiplyExact(a, b); }

    static int toIntExact(long a) { return Math.toIntExact(a); }

    // ---- boxes, records, arrays of arguments ----

    static int boxedLocal(int a) {
        Integer b = a;
        Long c = (long) a;
        return b + (int) (c * 2);
    }

    static int boxedTernary(int a, int b) {
        Integer x = a > b ? a : Integer.valueOf(b);
        return x + 1;
    }

    static int boxedInLoop(int a) {
        Integer x = a;
        for (int i = 0; i < 3; i++) {
            x = x * 2 + i;
        }
        return x;
    }

    static short boxedNarrowing(int a) {
        Integer x = a;
        return x.shortValue();
    }

    static int boxedByte(byte a) {
        Byte x = a;
        Character c = (char) a;
        return x + c;
    }

    record Point(int x, long y) {
        Point {
            if (x < 0) {
                x = -x;
            }
        }

        Point(int both) {
            this(both, both);
        }

        long sum() {
            return x + y;
        }

        static Point of(int x, int y) {
            return new Point(x, y);
        }

        Point plus(Point other) {
            return new Point(x + other.x, y + other.y);
        }
    }

    record Line(Point from, Point to) {}

    static long recordLocal(int a, long b) {
        var p = new Point(a, b);
        return p.x() * 3L + p.y();
    }

    static long recordOfEitherWay(int a, long b) {
        Point p;
        if (a > b) {
            p = new Point(a, b);
        } else {
            p = new Point(7);
        }
        return p.sum();
    }

    static long recordCalls(int a, int b) {
        return Point.of(a, b).plus(new Point(a)).sum();
    }

    static long nestedRecords(int a, int b) {
        var l = new Line(new Point(a, b), Point.of(b, a));
        return l.from().sum() * l.to().x() - l.to().y();
    }

    static long recordTernary(int a, int b) {
        return (a > b ? new Point(a) : new Point(b, 5)).sum();
    }

    static long recordInLoop(int a) {
        var p = new Point(a);
        for (int i = 0; i < 4; i++) {
            p = p.plus(new Point(i, a));
        }
        return p.sum();
    }

    static long recordSetInLoop(int a) {
        Point p = new Point(1);
        for (int i = 0; i < 4; i++) {
            if ((a >> i & 1) != 0) {
                p = new Point(i, a);
            }
        }
        return p.sum();
    }

    static long nestedRecordInLoop(int a) {
        var l = new Line(new Point(a), new Point(2));
        for (int i = 0; i < 3; i++) {
            l = new Line(l.to(), l.from().plus(new Point(i)));
        }
        return l.from().sum() * 31 + l.to().sum();
    }

    static long recordPattern(int a, int b) {
        Object o = new Point(a, b);
        return o instanceof Point(int x, long y) ? x * y : -1;
    }

    static int objectArray(int a, int b) {
        Object[] box = {a, b};
        if (a > b) {
            box[0] = b;
        } else {
            box[1] = 7;
        }
        return (Integer) box[0] * 3 + (Integer) box[1];
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

    // ---- shapes that translate badly if the graph is built badly ----

    static int criticalEdge(int a, int b) {
        int x = a;
        if (a > 0 && b > 0) {
            x = b;
        }
        return x + a;
    }

    static int loopWithCriticalExit(int a) {
        int x = 1, y = 2;
        while (x < 50) {
            int t = x;
            x = y;
            y = t + x;
            if (x == (a & 31)) {
                break;
            }
        }
        return x * 100 + y;
    }

    static int swapInLoop(int a, int b, int n) {
        for (int i = 0; i < (n & 7); i++) {
            int t = a;
            a = b;
            b = t;
        }
        return a - 2 * b;
    }

    static int dependentPhis(int n) {
        int a = 1, b = 2, c = 3;
        for (int i = 0; i < (n & 7); i++) {
            a = b;
            b = c;
            c = a + i;
        }
        return a * 10000 + b * 100 + c;
    }

    static int constantPhi(int a) {
        int x = 5;
        for (int i = 0; i < 3; i++) {
            if (a == i) {
                x = 5;
            }
        }
        return x;
    }

    static int ternaryOnStack(int a, int b) {
        return a * (b > 0 ? b : -b) + (a > 0 ? 1 : 2) * (b == 3 ? 7 : 9);
    }

    static long ternaryLongOnStack(long a, long b) {
        return a - (b > 0 ? b * 2 : a < 0 ? -1L : b) - (a == b ? 1L : 0L);
    }

    static int sameTargetBranches(int a) {
        if (a > 5) {}
        return a;
    }

    static int whileTrueWithBreak(int a) {
        int i = 0;
        while (true) {
            if (i >= 7 || i == a) {
                break;
            }
            i++;
        }
        return i;
    }

    static int loopAtStart(int a) {
        while (a > 100) {
            a -= a / 2;
        }
        return a;
    }

    static int deepExpression(int a) {
        return a + (a * (a - (a ^ (a + (a * (a - (a | (a + (a & (a << (a >> (a >>> (a + 1)))))))))))));
    }

    static long dupForms(int a) {
        long x = a;
        long y = x++ + (x += 5) * (x -= 2);
        int i = a;
        int j = i++ + i--;
        return y * 3 + x + j * i;
    }
}
