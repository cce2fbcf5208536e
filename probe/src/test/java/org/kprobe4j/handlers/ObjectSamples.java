package org.kprobe4j.handlers;

/** Boxes, records and arrays of arguments. Each method runs on the JVM and in the interpreter. */
@SuppressWarnings({"unused", "divzero", "fallthrough", "lossy-conversions"})
final class ObjectSamples {
    private ObjectSamples() {}

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
}
