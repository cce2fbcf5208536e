package org.kprobe4j.handlers;

/** Arithmetic, assignments and conversions. Each method runs on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "divzero", "fallthrough", "lossy-conversions"})
final class OperatorSamples {
    private OperatorSamples() {}

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
}
