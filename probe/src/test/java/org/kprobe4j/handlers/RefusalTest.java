package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.RingBuffer;

/** What a handler cannot say, and what it is told. The messages are asserted whole; lines count from the handler's first. */
@SuppressWarnings("unused")
class RefusalTest {
    private static final String NO_FLOAT =
            "a handler cannot use float or double: the kernel has no floating point; count in a smaller unit with long";
    private static final String NO_CATCH =
            "a handler cannot catch: where Java would throw, the handler stops and the fault is counted; test before instead of try";
    private static final String NO_THROW = "a handler cannot throw; return instead, or test before";
    private static final String CALLS =
            "it can call its own static methods, Kernel, PtRegs, kernel structures, and what Math, Integer and Long do with ints and longs";
    private static final String ENDLESS =
            "this loop never ends; give it a bound that is a constant, for example for (int i = 0; i < 100; i++)";
    private static final String DIFFERENT =
            "a variable that holds different objects on different paths cannot be read; use one variable for each";
    private static final String NO_ARRAY =
            "a handler cannot read an array, whose elements the JVM may change at any time; capture the elements one by one, or use a map";

    private static int counter;
    private static final int[] TABLE = {1, 2, 3};

    record Event(int a, long b, String comm) {}

    private final Handlers handlers = new Handlers().btf(Types::btf);

    private void refused(PreHandler handler, String... messages) {
        Refusals.refused(handlers, handler, messages);
    }

    // ---- types that the kernel does not have ----

    @Test
    void floating_point() {
        refused((p, regs) -> (int) (regs.arg(0) * 1.5), "0: " + NO_FLOAT);
        refused((p, regs) -> (int) half(3), "0: " + NO_FLOAT);
        refused((p, regs) -> (int) Math.sqrt(2), "0: " + NO_FLOAT);
        double scale = Math.sqrt(counter);
        assertThat(Refusals.message(() -> handlers.pre((p, regs) -> (int) scale)))
                .isEqualTo(
                        "RefusalTest.java: a handler cannot use a captured double: the kernel has no floating point");
    }

    private static float half(float a) {
        return a;
    }

    @Test
    void objects() {
        refused(
                (p, regs) -> new ArrayList<String>().size(),
                "0: a handler cannot create an object (new ArrayList); use a record or a map");
        refused(
                (p, regs) -> new Object() == null ? 1 : 0,
                "0: a handler cannot create an object (new Object); use a record or a map");
    }

    @Test
    void arrays() {
        refused(
                (p, regs) -> new byte[Kernel.cpu()].length,
                "0: a handler's array needs a length that is a constant; make it as long as it may get, for example new byte[64]");
        refused(
                (p, regs) -> new long[513].length,
                "0: a handler's array has at most 4096 bytes, so new long[513] cannot be made; use a map");
        refused(
                (p, regs) -> new short[-1].length,
                "0: a handler's array has at most 4096 bytes, so new short[-1] cannot be made; use a map");
        refused((p, regs) -> new float[2].length, "0: " + NO_FLOAT);
        refused(
                (p, regs) -> {
                    int n = new long[512].length + new long[512].length + new long[512].length + new long[512].length;
                    n += new long[512].length + new long[512].length + new long[512].length + new long[512].length;
                    return n + new long[1].length;
                },
                "2: the handler's arrays and strings need more than the 32768 bytes that the kernel gives for each CPU; make them smaller, or use a map");
        refused(
                (p, regs) -> new int[3].clone().length,
                "0: a handler cannot clone an array; make another one and copy the elements in a loop");
        refused(
                (p, regs) -> {
                    int[] last = new int[2];
                    for (int i = 0; i < 3; i++) {
                        int[] next = {i, last[0]};
                        last = next;
                    }
                    return last[0];
                },
                "1: a variable cannot bring an array that the loop makes to its next round, which makes it anew in the same place; make it before the loop");
        refused(
                (p, regs) -> {
                    int[] a = regs.arg(0) > 3 ? new int[2] : new int[3];
                    return a[0];
                },
                "1: " + DIFFERENT);
        refused(
                (p, regs) -> new String[3].length,
                "0: a handler cannot create an array (new String[n]); use a map or a record");
        refused(
                (p, regs) -> new int[2][3].length,
                "0: a handler cannot create an array of arrays (new int[][]); use one array and compute the index: rows * columns elements");
        refused((p, regs) -> TABLE[1], "0: " + NO_ARRAY);
        refused((p, regs) -> TABLE.length, "0: " + NO_ARRAY);
        refused((p, regs) -> TABLE[Kernel.cpu()], "0: a handler cannot index an array with a variable; use a map");
        refused(
                (p, regs) -> {
                    Object[] box = {1};
                    for (int i = 0; i < 3; i++) {
                        box[0] = i;
                    }
                    return (Integer) box[0];
                },
                "1: a loop cannot change an array that was made before it; use variables or a map");
    }

    @Test
    void lambdas() {
        refused(
                (p, regs) -> {
                    IntSupplier five = () -> 5;
                    return five.getAsInt();
                },
                "0: a handler cannot make a lambda; call a static method instead");
    }

    // ---- control ----

    @Test
    void exceptions() {
        refused(
                (p, regs) -> {
                    try {
                        return (int) (5 / regs.arg(0));
                    } catch (ArithmeticException e) {
                        return 1;
                    }
                },
                "0: " + NO_CATCH);
        refused(
                (p, regs) -> {
                    throw new IllegalStateException("no");
                },
                "0: " + NO_THROW);
        var captured = new IllegalStateException();
        refused(
                (p, regs) -> {
                    if (regs.arg(0) > 3) {
                        throw captured;
                    }
                    return 0;
                },
                "1: " + NO_THROW);
    }

    @Test
    void locks() {
        refused(
                (p, regs) -> {
                    synchronized (TABLE) {
                        return 0;
                    }
                },
                "0: a handler cannot synchronize; the kernel runs it without locks, on any CPU");
    }

    @Test
    void recursion() {
        assertThat(Refusals.message(() -> handlers.pre((p, regs) -> factorial(5))))
                .endsWith(": factorial calls itself; a handler cannot recurse: use a loop with a constant bound");
    }

    private static int factorial(int n) {
        return n <= 1 ? 1 : n * factorial(n - 1);
    }

    @Test
    void endless_loops() {
        refused(
                (p, regs) -> {
                    while (true) {
                        Kernel.printf("again");
                    }
                },
                "0: " + ENDLESS);
        refused(
                (p, regs) -> {
                    boolean on = true;
                    while (on) {
                        on = true;
                    }
                    return 0;
                },
                "2: " + ENDLESS);
        refused(
                (p, regs) -> {
                    for (; ; ) {}
                },
                "0: " + ENDLESS);
    }

    // ---- the JVM's own world ----

    @Test
    void the_heap() {
        refused(
                (p, regs) -> {
                    counter = 5;
                    return 0;
                },
                "0: a handler cannot write the static field RefusalTest.counter: kernel and JVM share no heap; use a map or emit an event");
        refused(
                (p, regs) -> counter,
                "0: a handler cannot read RefusalTest.counter, which is not final: its value would be frozen when the probe is planted; make it final, or use a map");
    }

    @Test
    void calls_of_the_jdk() {
        refused((p, regs) -> (int) System.nanoTime(), "0: a handler cannot call System.nanoTime; use Kernel.ktimeNs()");
        refused((p, regs) -> (int) Math.random(), "0: a handler cannot call Math.random; use Kernel.random()");
        refused((p, regs) -> Integer.parseInt("5"), "0: a handler cannot call Integer.parseInt; " + CALLS);
        var list = List.of("a");
        refused(
                (p, regs) -> list.size(),
                "0: a handler cannot call List.size; use a KernelMap that is made outside the handler, or an array of numbers");
        Supplier<Integer> five = () -> 5;
        refused((p, regs) -> five.get(), "0: a handler cannot call Supplier.get; " + CALLS);
        refused(
                (p, regs) -> {
                    System.out.println("x");
                    return 0;
                },
                "0: a handler cannot call PrintStream.println; use Kernel.printf");
        refused(
                (p, regs) -> {
                    p.close();
                    return 0;
                },
                "0: a handler cannot call Kprobe.close; " + CALLS);
    }

    // ---- strings and output ----

    @Test
    void strings() {
        refused(
                (p, regs) -> {
                    Kernel.printf("pid " + Kernel.pid());
                    return 0;
                },
                "0: a handler cannot build a string of values that only the kernel knows; pass them to Kernel.printf or send them in an event");
        String name = "x" + counter;
        refused((p, regs) -> name == "x" ? 1 : 0, "0: a handler cannot compare strings with ==; use equals");
        refused(
                (p, regs) -> {
                    String text = regs.arg(0) > 3 ? "big" : "small";
                    Kernel.printf("%s", text);
                    return 0;
                },
                "1: " + DIFFERENT);
        refused(
                (p, regs) -> {
                    String text = "first";
                    for (int i = 0; i < 3; i++) {
                        Kernel.printf("%s", text);
                        text = "other";
                    }
                    return 0;
                },
                "1: a variable that a loop changes must hold a number, a structure or a record of them of one type; use one variable for each");
    }

    @Test
    void formats() {
        refused(
                (p, regs) -> {
                    Kernel.printf("%d %d", regs.arg(0));
                    return 0;
                },
                "0: the format \"%d %d\" has 2 conversions for 1 arguments");
        refused(
                (p, regs) -> {
                    Kernel.printf("hello", regs.arg(0));
                    return 0;
                },
                "0: the format \"hello\" has 0 conversions for 1 arguments");
        refused(
                (p, regs) -> {
                    Kernel.printf("%5.2q", regs.arg(0));
                    return 0;
                },
                "0: unknown conversion \"%5.2q\" in the format \"%5.2q\"; there are %d %u %x %X %o %c %b %s %p %pS");
        refused(
                (p, regs) -> {
                    Kernel.printf("%", regs.arg(0));
                    return 0;
                },
                "0: unknown conversion \"%\" in the format \"%\"; there are %d %u %x %X %o %c %b %s %p %pS");
        refused(
                (p, regs) -> {
                    Kernel.printf("%d", Kernel.comm());
                    return 0;
                },
                "0: the format \"%d\" has %d for a text; use %s");
        refused(
                (p, regs) -> {
                    Kernel.printf(Kernel.comm());
                    return 0;
                },
                "0: Kernel.printf needs a format that is known when the handler is compiled");
        refused(
                (p, regs) -> {
                    Kernel.printf("%s", p);
                    return 0;
                },
                "0: this object cannot be printed; print its parts");
        Object[] captured = {1};
        refused(
                (p, regs) -> {
                    Kernel.printf("%d", captured);
                    return 0;
                },
                "0: Kernel.printf needs its arguments one by one");
    }

    @Test
    void events() {
        RingBuffer<Event> ring = handlers.ring("events1", Event.class);
        var made = new Event(1, 2, "x");
        refused(
                (p, regs) -> {
                    ring.emit(made);
                    return 0;
                },
                "0: emit needs a record that the handler makes: emit(new MyEvent(…))");
        refused(
                (p, regs) -> {
                    ring.emit(new Event(1, 2, "more than sixteen bytes"));
                    return 0;
                },
                "0: the string \"more than sixteen bytes\" has 23 bytes; the component comm holds 16");
        RingBuffer<Event> foreign = new Handlers().ring("z", Event.class);
        refused(
                (p, regs) -> {
                    foreign.emit(new Event(1, 2, ""));
                    return 0;
                },
                "0: emit needs a RingBuffer that was made outside the handler and captured by it");
        refused(
                (p, regs) -> ring.poll() == null ? 0 : 1,
                "0: RingBuffer.poll works outside handlers only; in a handler use emit");
        refused(
                (p, regs) -> {
                    RingBuffer.of(Event.class).emit(new Event(1, 2, ""));
                    return 0;
                },
                "0: a handler cannot make a RingBuffer; make it outside, and use it in the handler");
    }

    @Test
    void comparisons_of_objects() {
        refused(
                (p, regs) -> new Event(1, 2, "") == new Event(1, 2, "") ? 1 : 0,
                "0: these objects cannot be compared with == in a handler; compare their numbers");
        assertThat(Refusals.message(() -> handlers.pre((p, regs) -> new Event(1, 2, "").hashCode())))
                .endsWith(": a handler cannot make strings or hash codes of records; print their components");
    }

    // ---- all at once ----

    @Test
    void everything_that_is_wrong_is_said_at_once() {
        refused(
                (p, regs) -> {
                    double load = regs.arg(0) * 1.5;
                    counter = 3;
                    if (regs.arg(1) > 3) {
                        new Object();
                    }
                    Object bytes = new String[3];
                    Kernel.printf("%d %s", bytes);
                    for (int i = 0; i < 3; i++) {
                        System.gc();
                    }
                    return (int) load;
                },
                "0: " + NO_FLOAT,
                "1: a handler cannot write the static field RefusalTest.counter: kernel and JVM share no heap; use a map or emit an event",
                "3: a handler cannot create an object (new Object); use a record or a map",
                "5: a handler cannot create an array (new String[n]); use a map or a record",
                "8: a handler cannot call System.gc; " + CALLS);
    }
}
