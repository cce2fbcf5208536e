package org.kprobe4j.handlers;

/** Arrays of numbers. Each method runs on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "lossy-conversions"})
final class ArraySamples {
    private ArraySamples() {}

    static long zeros(int index) {
        long[] a = new long[7];
        return a[index & 7] + a.length;
    }

    static int index(int index, int value) {
        int[] a = {3, 5, 7};
        a[index] = value;
        return a[0] * 31 * 31 + a[1] * 31 + a[2];
    }

    static int constantIndexes(int x, int y) {
        int[] a = new int[4];
        a[0] = x;
        a[3] = y;
        a[1] += a[0] - a[3];
        return a[0] ^ a[1] ^ a[2] ^ a[3];
    }

    static int bytes(int x, int y) {
        byte[] a = new byte[9];
        a[x & 7] = (byte) y;
        a[y & 7] += 100;
        a[8]--;
        return a[x & 7] * 1000 + a[y & 7] + a[8];
    }

    static int shorts(int x, int y) {
        short[] a = {-1, 2, (short) x};
        a[y & 1] = (short) (x >>> 3);
        return a[0] + a[1] * 3 + a[2] * 7;
    }

    static int chars(int x, int y) {
        char[] a = new char[5];
        a[(x & 0xff) % 5] = (char) y;
        a[0]++;
        return a[0] + a[1] + a[2] + a[3] + a[4];
    }

    static int booleans(int x, int y) {
        boolean[] a = new boolean[33];
        for (int i = 0; i < 32; i++) {
            a[i] = (x >> i & 1) != 0;
        }
        int count = 0;
        for (boolean b : a) {
            count += b ? 1 : 0;
        }
        return a[y & 31] ? count : -count;
    }

    static long longs(long x, int y) {
        long[] a = {x, -x, x * 3, Long.MIN_VALUE};
        a[y & 3] += y;
        long sum = 0;
        for (long v : a) {
            sum = sum * 31 + v;
        }
        return sum;
    }

    static int sortsBySelection(int x, int y, int z) {
        int[] a = {x, y, z, x - y, 17};
        for (int i = 0; i < a.length; i++) {
            for (int j = i + 1; j < a.length; j++) {
                if (a[j] < a[i]) {
                    int t = a[i];
                    a[i] = a[j];
                    a[j] = t;
                }
            }
        }
        return a[0] ^ a[1] * 3 ^ a[2] * 5 ^ a[3] * 7 ^ a[4] * 11;
    }

    static int sameArray(int x, int y) {
        int[] a = {1, 2, 3, 4};
        int[] b = a;
        b[x & 3] = y;
        return a[0] + a[1] + a[2] + a[3] + (a == b ? 1000 : 0);
    }

    static int eitherArray(int x, int y) {
        int[] a = {1, 2, 3, 4};
        int[] b = {5, 6, 7, 8};
        int[] c = x > y ? a : b;
        c[y & 3] = x;
        c[0]++;
        int sum = c == a ? 1 : 0;
        for (int i = 0; i < 4; i++) {
            sum = sum * 7 + a[i] * 3 + b[i];
        }
        return sum;
    }

    static int madeInEachRound(int x) {
        int sum = 0;
        for (int i = 0; i < 5; i++) {
            int[] a = new int[3];
            a[i % 3] += x;
            sum = sum * 31 + a[0] + a[1] * 3 + a[2] * 5;
        }
        return sum;
    }

    static int changedInALoop(int x) {
        int[] counts = new int[8];
        for (int i = 0; i < 32; i += 2) {
            counts[x >>> i & 7]++;
        }
        int best = 0;
        for (int i = 1; i < counts.length; i++) {
            if (counts[i] > counts[best]) {
                best = i;
            }
        }
        return best * 100 + counts[best];
    }

    static int twoLoopsWithArraysInOneSlot(int x) {
        int sum = 0;
        for (int i = 0; i < 3; i++) {
            int[] a = {i, x};
            sum += a[x & 1];
        }
        for (int i = 0; i < 3; i++) {
            long[] a = {i, x, 3};
            sum += (int) a[i];
        }
        return sum;
    }

    static int passedToMethods(int x, int y) {
        int[] a = {x, y, x ^ y};
        reverse(a);
        return sum(a, 3) + a[0];
    }

    private static void reverse(int[] a) {
        for (int i = 0; i < a.length / 2; i++) {
            int t = a[i];
            a[i] = a[a.length - 1 - i];
            a[a.length - 1 - i] = t;
        }
    }

    private static int sum(int[] a, int n) {
        int sum = 0;
        for (int i = 0; i < n; i++) {
            sum = sum * 31 + a[i];
        }
        return sum;
    }

    static int returnedByAMethod(int x, int y) {
        int[] a = three(x);
        int[] b = three(y);
        b[1] = 9;
        return a[0] + a[1] * 3 + b[1] * 7 + b[2];
    }

    private static int[] three(int x) {
        return new int[] {x, x + 1, x + 2};
    }

    static int inARecord(int x, int y) {
        var box = new Box(new int[4], y);
        box.cells()[x & 3] = box.scale() * 2;
        return box.cells()[0] + box.cells()[1] * 3 + box.cells()[2] * 5 + box.cells()[3] * 7;
    }

    private record Box(int[] cells, int scale) {}

    static int large(int x, int y) {
        int[] a = new int[512];
        a[x & 511] = y;
        a[511] ^= x;
        return a[x & 511] + a[511] + a[y & 511];
    }

    static int belowZero(int x) {
        byte[] a = {1, 2, 3};
        return a[x % 3];
    }

    static int empty(int x) {
        int[] none = new int[0];
        int sum = 0;
        for (int v : none) {
            sum += v;
        }
        return x > 1000 ? none[0] : sum;
    }

    static int isNotNull(int x) {
        int[] a = x > 3 ? new int[2] : new int[2];
        return a != null ? a[0] + 1 : 5;
    }

    static int crc(long x) {
        int[] table = new int[16];
        for (int i = 0; i < 16; i++) {
            int c = i;
            for (int k = 0; k < 4; k++) {
                c = (c & 1) != 0 ? c >>> 1 ^ 0xedb88320 : c >>> 1;
            }
            table[i] = c;
        }
        int crc = -1;
        for (int i = 0; i < 16; i++) {
            crc = crc >>> 4 ^ table[(crc ^ (int) (x >>> i * 4)) & 15];
        }
        return ~crc;
    }
}
