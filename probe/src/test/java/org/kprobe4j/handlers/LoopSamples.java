package org.kprobe4j.handlers;

/** Loops, and shapes that translate badly if the graph is built badly. Each method runs on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "divzero", "fallthrough", "lossy-conversions"})
final class LoopSamples {
    private LoopSamples() {}

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
