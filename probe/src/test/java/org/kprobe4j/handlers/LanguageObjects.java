package org.kprobe4j.handlers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Kernel;
import org.kprobe4j.PtRegs;

/** Rows about objects: what a handler captures, and what it makes. */
@SuppressWarnings({"unused", "EnumOrdinal", "ReferenceEquality", "StringEquality", "EqualsIncompatibleType"})
final class LanguageObjects {
    private static final String CALLS =
            "it can call its own static methods, Kernel, PtRegs, kernel structures, and what Math, Integer and Long do with ints and longs";
    private static final String NO_ARRAY =
            "a handler cannot read an array, whose elements the JVM may change at any time; capture the elements one by one, or use a map";
    private static final String NO_STRING =
            "a handler cannot build a string of values that only the kernel knows; pass them to Kernel.printf or send them in an event";

    private static final int[] TABLE = {1, 2, 3};
    private static final String PREFIX = "vfs_";
    private static int counter;
    private static final @Nullable String NOTHING = null;

    enum Mode {
        READ,
        WRITE;

        long weight() {
            return this == READ ? 1 : 10;
        }
    }

    interface Shape {
        long UNIT = 8;

        default long weight() {
            return 2 * unit();
        }

        default long unit() {
            return UNIT;
        }
    }

    record Range(long from, long to) implements Shape {
        Range {
            to = Math.max(from, to);
        }

        long size() {
            return to - from;
        }
    }

    record Pair(Range first, Range second) {}

    /** A tree whose parts are asked by the whole. */
    sealed interface Term {
        long value(PtRegs regs);

        record Argument(int number) implements Term {
            @Override
            public long value(PtRegs regs) {
                return number == 0 ? regs.arg(0) : regs.arg(1);
            }
        }

        record Plus(Term left, Term right) implements Term {
            @Override
            public long value(PtRegs regs) {
                return left.value(regs) + right.value(regs);
            }
        }
    }

    record Square(long side) implements Shape {
        @Override
        public long unit() {
            return side;
        }
    }

    static class Base {
        protected final long size = 3;

        long scaled(long by) {
            return size * factor() * by;
        }

        long factor() {
            return 1;
        }
    }

    static final class Derived extends Base {
        @Override
        long factor() {
            return 10;
        }
    }

    private static long count(Object... objects) {
        return objects.length;
    }

    static final class Limits {
        private final long bytes;
        long seen;

        Limits(long bytes) {
            this.bytes = bytes;
        }

        long bytes() {
            return bytes;
        }
    }

    private LanguageObjects() {}

    static void rows(LanguageTable table) {
        table.area("Objects", LanguageObjects.class);
        captured(table);
        made(table);
        text(table);
    }

    private static void captured(LanguageTable table) {
        var limits = new Limits(4096);
        var range = new Range(3, 8);
        Mode mode = Mode.WRITE;
        boolean verbose = true;
        Integer box = 12;
        double scale = counter + 0.5;
        int[] numbers = {1, 2, 3};
        List<String> list = List.of("a");
        Map<String, Integer> map = Map.of();
        Object unknown = limits;
        @Nullable Range none = null;
        Base base = new Derived();
        Shape shape = new Square(5);
        var random = new java.util.Random();
        table.works("captured numbers, also in boxes", (p, regs) -> verbose ? regs.arg(0) + box : 0);
        table.works("captured records", (p, regs) -> range.size() + range.from());
        table.works("final fields of captured objects", (p, regs) -> limits.bytes() - regs.arg(0));
        table.works("captured enums", (p, regs) -> mode == Mode.READ ? 0 : mode.ordinal() + mode.weight());
        table.works("captured null", (p, regs) -> none == null ? 1 : 0);
        table.works("instanceof of captured objects", (p, regs) -> unknown instanceof Limits l ? l.bytes() : 0);
        table.works("inherited and overridden methods", (p, regs) -> base.scaled(regs.arg(0)));
        table.works("methods of interfaces", (p, regs) -> shape.weight() + new Square(regs.arg(0)).weight());
        Term first = new Term.Argument(0);
        Term sum = new Term.Plus(new Term.Plus(first, new Term.Argument(1)), new Term.Plus(first, first));
        table.works("a captured tree whose methods call those of its parts", (p, regs) -> sum.value(regs));
        table.works("objects as varargs", (p, regs) -> count(regs.arg(0), "x", mode));
        table.refused(
                "objects of the JDK",
                (p, regs) -> random.nextInt(),
                "a handler cannot call Random.nextInt; use Kernel.random()");
        table.refused(
                "a captured double",
                (p, regs) -> (long) scale,
                "a handler cannot use a captured double: the kernel has no floating point");
        table.refused(
                "fields that are not final",
                (p, regs) -> limits.seen,
                "a handler cannot read LanguageObjects.Limits.seen, which is not final: its value would be frozen when the probe is planted; make it final, or use a map");
        table.refused(
                "statics that are not final",
                (p, regs) -> counter,
                "a handler cannot read LanguageObjects.counter, which is not final: its value would be frozen when the probe is planted; make it final, or use a map");
        table.refused(
                "writing a static",
                (p, regs) -> counter = 3,
                "a handler cannot write the static field LanguageObjects.counter: kernel and JVM share no heap; use a map or emit an event");
        table.refused(
                "writing a captured object",
                (p, regs) -> limits.seen = 3,
                "a handler cannot write the field LanguageObjects.Limits.seen: kernel and JVM share no heap; use the private data, a map or an event");
        table.refused("captured arrays", (p, regs) -> numbers[1], NO_ARRAY);
        table.refused(
                "arrays in static fields",
                (p, regs) -> TABLE[(int) regs.arg(0)],
                "a handler cannot index an array with a variable; use a map");
        table.refused(
                "a captured list",
                (p, regs) -> list.size(),
                "a handler cannot call List.size; use a KernelMap that is made outside the handler, or an array of numbers");
        table.refused(
                "a captured map",
                (p, regs) -> map.get("a"),
                "a handler cannot call Map.get; use a KernelMap that is made outside the handler, or an array of numbers");
    }

    private static void made(LanguageTable table) {
        table.works("records that it makes", (p, regs) -> {
            var range = new Range(regs.arg(0), regs.arg(1));
            return range.from() + range.size();
        });
        table.works("a record that a loop changes", (p, regs) -> {
            var range = new Range(0, 1);
            for (int i = 0; i < 5; i++) {
                range = new Range(range.to(), range.to() + regs.arg(0));
            }
            return range.to();
        });
        table.works(
                "record patterns",
                (p, regs) -> new Pair(new Range(1, 2), new Range(regs.arg(0), 9))
                                instanceof Pair(Range a, Range(long from, long to))
                        ? a.to() + from * 10
                        : 0);
        table.works("a switch over records", (p, regs) -> {
            Shape shape = new Square(regs.arg(0));
            return switch (shape) {
                case Range r -> r.from();
                case Square q when q.unit() == 7 -> 1;
                case Square q -> q.side();
                default -> 0;
            };
        });
        table.works("instanceof of what it made", (p, regs) -> {
            Object shape = new Square(regs.arg(0));
            Object number = regs.arg(0);
            return (shape instanceof Shape s ? s.weight() : 0)
                    + (number instanceof Long l ? l : 0)
                    + (number instanceof Integer ? 1 : 0);
        });
        table.stops(
                "a cast that fails",
                (p, regs) -> {
                    Object shape = new Square(regs.arg(0));
                    Object number = regs.arg(0);
                    return regs.arg(0) != 77 ? ((Square) shape).side() : (Integer) number;
                },
                77,
                "ClassCastException");
        table.stops(
                "null where an object is needed",
                (p, regs) ->
                        regs.arg(0) != 77 ? 1 : Objects.requireNonNull(NOTHING).length(),
                77,
                "NullPointerException");
        table.works("records of its own", (p, regs) -> {
            record Local(long a, int b) {}
            var local = new Local(regs.arg(0), (int) regs.arg(1));
            return local.a() + local.b();
        });
        table.refused(
                "objects of other classes",
                (p, regs) -> new Limits(5).bytes(),
                "a handler cannot create an object (new LanguageObjects.Limits); use a record or a map");
        table.refused(
                "collections",
                (p, regs) -> new ArrayList<String>().size(),
                "a handler cannot create an object (new ArrayList); use a record or a map");
        table.works(
                "equals of records", (p, regs) -> new Range(1, regs.arg(0)).equals(new Range(1, regs.arg(1))) ? 1 : 0);
        table.refused(
                "text of a record",
                (p, regs) -> new Range(1, regs.arg(0)).toString().length(),
                "a handler cannot make strings or hash codes of records; print their components");
        table.refused(
                "records compared with ==",
                (p, regs) -> new Range(1, 2) == new Range(1, 2) ? 1 : 0,
                "these objects cannot be compared with == in a handler; compare their numbers");
        table.refused(
                "hash codes", (p, regs) -> Objects.hash(regs.arg(0)), "a handler cannot call Objects.hash; " + CALLS);
        table.refused(
                "instanceof of what only the kernel knows",
                (p, regs) -> Kernel.current(Types.TaskStruct.class) instanceof Shape ? 1 : 0,
                "the type of this object cannot be tested in a handler");
    }

    private static void text(LanguageTable table) {
        String name = PREFIX + "read";
        table.works("what is known of a constant string", (p, regs) -> name.startsWith(PREFIX) ? name.length() : 0);
        table.works("strings compared with equals", (p, regs) -> p.symbolName().equals("vfs_read") ? 1 : 2);
        table.works("joining constants", (p, regs) -> (PREFIX + p.symbolName()).length());
        table.works("characters of a constant string", (p, regs) -> name.charAt(2) + regs.arg(0));
        table.refused("joining values of the kernel", (p, regs) -> ("pid " + regs.arg(0)).length(), NO_STRING);
        table.refused(
                "formatting",
                (p, regs) -> String.format("%d", regs.arg(0)).length(),
                "a handler cannot call String.format; use Kernel.printf, which formats in user space");
        table.refused(
                "StringBuilder",
                (p, regs) -> new StringBuilder().append(regs.arg(0)).length(),
                "a handler cannot create an object (new StringBuilder); use a record or a map");
        table.refused(
                "strings compared with ==",
                (p, regs) -> name == "vfs_read" ? 1 : 0,
                "a handler cannot compare strings with ==; use equals");
        table.works(
                "text of the kernel compared with a constant",
                (p, regs) -> Kernel.comm().equals("init") || Kernel.comm().startsWith("kworker/") ? 1 : 0);
    }
}
