package org.kprobe4j.handlers;

import java.util.function.LongUnaryOperator;
import org.kprobe4j.Kernel;
import org.kprobe4j.PtRegs;

/** Rows about statements, methods and lambdas. */
@SuppressWarnings({"unused", "UnnecessaryLambda", "LabelledBreakTarget", "InfiniteRecursion", "ReturnFromVoid"})
final class LanguageControl {
    private static final String CALLS =
            "it can call its own static methods, Kernel, PtRegs, kernel structures, and what Math, Integer and Long do with ints and longs";
    private static final String NO_CATCH =
            "a handler cannot catch: where Java would throw, the handler stops and the fault is counted; test before instead of try";
    private static final String NO_THROW = "a handler cannot throw; return instead, or test before";
    private static final String NO_LAMBDA = "a handler cannot make a lambda; call a static method instead";
    private static final String ENDLESS =
            "this loop never ends; give it a bound that is a constant, for example for (int i = 0; i < 100; i++)";

    enum Mode {
        READ,
        WRITE
    }

    record Range(long from, long to) {
        boolean has(long value) {
            return value >= from && value < to;
        }
    }

    private LanguageControl() {}

    static void rows(LanguageTable table) {
        table.area("Control flow", LanguageControl.class);
        statements(table);
        exceptions(table);
        table.area("Methods and lambdas", LanguageControl.class);
        methods(table);
    }

    private static void statements(LanguageTable table) {
        table.works("if and else", (p, regs) -> {
            if (regs.arg(0) > 100) {
                return 2;
            } else if (regs.arg(0) > 10) {
                return 1;
            }
            return 0;
        });
        table.works("a loop with a bound", (p, regs) -> {
            long sum = 0;
            for (int i = 0; i < 100; i++) {
                sum += regs.arg(0) ^ i;
            }
            return sum;
        });
        table.works("a loop that ends early", (p, regs) -> {
            int bits = 0;
            long rest = regs.arg(0);
            while (rest != 0 && bits < 64) {
                rest >>>= 1;
                bits++;
            }
            return bits;
        });
        table.works("nested loops, break and continue", (p, regs) -> {
            int found = 0;
            search:
            for (int i = 0; i < 8; i++) {
                for (int j = 0; j < 8; j++) {
                    if (i * j == regs.arg(0)) {
                        found = i;
                        break search;
                    }
                    if (j > i) {
                        continue search;
                    }
                }
            }
            return found;
        });
        table.works("do and while", (p, regs) -> {
            int steps = 0;
            do {
                steps += 3;
            } while (steps < regs.arg(1) && steps < 50);
            return steps;
        });
        table.works("switch over numbers", (p, regs) -> switch ((int) regs.arg(0)) {
            case 0, 1 -> 10;
            case 300 -> 20;
            default -> regs.arg(0);
        });
        Mode mode = Mode.WRITE;
        String name = "vfs_read";
        table.works("switch over a captured enum", (p, regs) -> switch (mode) {
            case READ -> 0;
            case WRITE -> regs.arg(0);
        });
        table.works("switch over a captured string", (p, regs) -> switch (name) {
            case "vfs_read" -> 1;
            default -> 2;
        });
        table.works("switch over the register sets", (p, regs) -> switch (regs) {
            case PtRegs.X86 r -> r.di();
            case PtRegs.Arm64 r -> r.x0();
            case PtRegs.Arm r -> r.r0();
        });
        table.works("cases with a condition", (p, regs) -> switch (regs) {
            case PtRegs.X86 r when r.di() > 100 -> 1;
            case PtRegs.X86 r -> r.si();
            default -> 0;
        });
        table.works("a choice of choices", (p, regs) -> regs.arg(0) > 3 ? regs.arg(1) > 3 ? 1 : 2L : (int) regs.arg(0));
        table.refused(
                "a loop without an end",
                (p, regs) -> {
                    long sum = 0;
                    while (true) {
                        sum += regs.arg(0);
                    }
                },
                ENDLESS);
        table.works("switch over text of the kernel", (p, regs) -> switch (Kernel.comm()) {
            case "bash", "init" -> 1;
            default -> 0;
        });
    }

    private static void exceptions(LanguageTable table) {
        table.refused(
                "try and catch",
                (p, regs) -> {
                    try {
                        return 5 / regs.arg(0);
                    } catch (ArithmeticException e) {
                        return 0;
                    }
                },
                NO_CATCH);
        table.refused(
                "catch of several",
                (p, regs) -> {
                    try {
                        return 5 / regs.arg(0);
                    } catch (ArithmeticException | IllegalStateException e) {
                        return 0;
                    }
                },
                NO_CATCH);
        table.refused(
                "try and finally",
                (p, regs) -> {
                    long before = regs.arg(0);
                    try {
                        return 5 / before;
                    } finally {
                        Kernel.printf("done");
                    }
                },
                NO_CATCH);
        table.refused(
                "throw",
                (p, regs) -> {
                    if (regs.arg(0) < 0) {
                        throw new IllegalArgumentException();
                    }
                    return 0;
                },
                NO_THROW);
        table.refused(
                "assert, where assertions are on",
                (p, regs) -> {
                    assert regs.arg(0) > 0;
                    return 0;
                },
                NO_THROW);
        Object lock = Mode.READ;
        table.refused(
                "synchronized",
                (p, regs) -> {
                    synchronized (lock) {
                        return 0;
                    }
                },
                "a handler cannot synchronize; the kernel runs it without locks, on any CPU");
    }

    // ---- methods ----

    private static long half(long value) {
        return value / 2;
    }

    /** Named like what it is given has it, and something else. */
    private static long ip(PtRegs regs) {
        return regs.ip() - 1;
    }

    private static int pid(Types.TaskStruct task) {
        return -task.pid();
    }

    private static int length(String text) {
        return text.length() + 1;
    }

    private static <T> T same(T value) {
        return value;
    }

    private static long sum(long... values) {
        return values.length;
    }

    private static long factorial(long n) {
        return n <= 1 ? 1 : n * factorial(n - 1);
    }

    private static synchronized long locked(long value) {
        return value;
    }

    private static native long elsewhere(long value);

    private static long handle(org.kprobe4j.Kprobe p, PtRegs regs) {
        return regs.arg(0) + 1;
    }

    private static void methods(LanguageTable table) {
        var range = new Range(0, 4096);
        LongUnaryOperator twice = x -> 2 * x;
        table.works(
                "static methods", (p, regs) -> half(regs.arg(0)) + LanguageControl.half(3) + length(p.symbolName()));
        table.works(
                "methods that take the registers or a structure",
                (p, regs) -> ip(regs) + pid(Kernel.current(Types.TaskStruct.class)));
        table.works("generic methods", (p, regs) -> same(regs).arg(0));
        table.works("methods of captured objects", (p, regs) -> range.has(regs.arg(0)) ? 1 : 0);
        table.works("methods of records that it makes", (p, regs) -> new Range(regs.arg(1), 100).has(5) ? 1 : 0);
        table.works("a value captured", (p, regs) -> regs.arg(0) + range.to());
        table.refused(
                "recursion",
                (p, regs) -> factorial(regs.arg(0)),
                "factorial calls itself; a handler cannot recurse: use a loop with a constant bound");
        table.refused(
                "a lambda inside",
                (p, regs) -> {
                    LongUnaryOperator next = x -> x + 1;
                    return next.applyAsLong(regs.arg(0));
                },
                NO_LAMBDA);
        table.refused(
                "a method reference inside",
                (p, regs) -> {
                    LongUnaryOperator next = LanguageControl::half;
                    return next.applyAsLong(regs.arg(0));
                },
                NO_LAMBDA);
        table.refused(
                "a lambda captured",
                (p, regs) -> twice.applyAsLong(regs.arg(0)),
                "a handler cannot call LongUnaryOperator.applyAsLong; " + CALLS);
        table.refused(
                "an anonymous class",
                (p, regs) -> new Object() {
                    long next() {
                        return 1;
                    }
                }.next(),
                "a handler cannot create an object (new LanguageControl.1); use a record or a map");
        table.works("numbers as varargs", (p, regs) -> sum(regs.arg(0), 3));
        table.refused(
                "a synchronized method",
                (p, regs) -> locked(regs.arg(0)),
                "a handler cannot synchronize; the kernel runs it without locks, on any CPU");
        table.refused(
                "a native method",
                (p, regs) -> elsewhere(regs.arg(0)),
                "LanguageControl.elsewhere is native: there is no bytecode to compile for the kernel");
        table.refused(
                "reflection",
                (p, regs) -> p.getClass().getModifiers(),
                "a handler cannot call Object.getClass; " + CALLS);
        table.refused(
                "threads",
                (p, regs) -> Thread.currentThread().threadId(),
                "a handler cannot call Thread.currentThread; use Kernel.tid()");
        table.refused(
                "the JVM's clock",
                (p, regs) -> System.nanoTime(),
                "a handler cannot call System.nanoTime; use Kernel.ktimeNs()");
        table.refused(
                "the probe's own methods",
                (p, regs) -> {
                    p.close();
                    return 0;
                },
                "a handler cannot call Kprobe.close; " + CALLS);
    }
}
