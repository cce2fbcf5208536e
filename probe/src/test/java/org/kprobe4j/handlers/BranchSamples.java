package org.kprobe4j.handlers;

/** Comparisons, conditions and switches. Each method runs on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "divzero", "fallthrough", "lossy-conversions"})
final class BranchSamples {
    private BranchSamples() {}

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
        return CallSamples.max3(a > 0 ? a : -a, b, a == b ? 1 : 0);
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
}
