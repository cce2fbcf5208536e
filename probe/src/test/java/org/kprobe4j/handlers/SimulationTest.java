package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.SimulatedKernel.Outcome;
import org.kprobe4j.handlers.Types.MmStruct;
import org.kprobe4j.handlers.Types.SchedEntity;
import org.kprobe4j.handlers.Types.TaskStruct;

/** A handler in the JVM does what it does compiled: the same lines, records, results and faults. */
class SimulationTest {
    record Event(byte a, long b, boolean c, char d, short e, int f, String comm) {}

    static final class Data {
        long stamp = 5;
        int pid;
        byte small;
        boolean flag;
    }

    private final Twin twin = new Twin();

    @AfterEach
    void close() {
        twin.close();
    }

    private void prints(PreHandler handler, PtRegs regs, String... lines) {
        int before = twin.jvm.lines().size();
        twin.pre(handler, regs);
        assertThat(twin.jvm.lines().subList(before, twin.jvm.lines().size())).containsExactly(lines);
    }

    @Test
    void the_task_the_clock_and_the_probe() {
        twin.jvm
                .ktimeNs(50)
                .advance(Duration.ofNanos(7))
                .pid(42)
                .tid(43)
                .uid(1000)
                .gid(100);
        twin.jvm.comm("a name that is too long").cpu(3).cgroupId(99);
        prints(
                (p, regs) -> {
                    Kernel.printf(
                            "%d %d %d %d %d", Kernel.pid(), Kernel.tid(), Kernel.uid(), Kernel.gid(), Kernel.cpu());
                    Kernel.printf("%d %d %d", Kernel.ktimeNs(), Kernel.bootTimeNs(), Kernel.cgroupId());
                    Kernel.printf("[%s] [%20s] [%.3s]", Kernel.comm(), Kernel.comm(), Kernel.comm());
                    Kernel.printf("%s %b", p.symbolName(), p.addr() < 0);
                    return 0;
                },
                twin.regs(),
                "42 43 1000 100 3",
                "57 5057 99",
                "[a name that is ] [     a name that is ] [a n]",
                "vfs_read true");
    }

    @Test
    void random_numbers_and_formats() {
        PreHandler handler = (p, regs) -> {
            Kernel.printf("%d %d", Kernel.random(), Kernel.random());
            Kernel.printf(
                    "%5d|%-5d|%05d|%+d|%x|%#x|%X|%o|%u|%c|%b|%p",
                    regs.arg(0),
                    (int) regs.arg(0),
                    (short) regs.arg(0),
                    (byte) regs.arg(0),
                    regs.arg(0),
                    (int) regs.arg(0),
                    (int) regs.arg(0),
                    (int) regs.arg(0),
                    (int) regs.arg(0),
                    (char) regs.arg(1),
                    regs.arg(1) > 3,
                    regs.arg(1));
            return 0;
        };
        for (long argument : LanguageTest.INTERESTING) {
            twin.pre(handler, twin.regs(argument, 'x'));
        }
        assertThat(twin.jvm.lines().get(1)).isEqualTo("    0|0    |00000|+0|0|0x0|0|0|0|x|true|0x78");
    }

    @Test
    void each_machine_has_its_registers() {
        PreHandler handler = (p, regs) -> {
            switch (regs) {
                case PtRegs.X86 r -> Kernel.printf("ip = %x, flags = 0x%x", r.ip(), r.flags());
                case PtRegs.Arm64 r -> Kernel.printf("pc = 0x%x, x7 = %d", r.pc(), r.x(7));
                case PtRegs.Arm r -> Kernel.printf("pc = 0x%x, r12 = %d", r.pc(), r.r12());
            }
            Kernel.printf("%d %x %x %d", regs.arg(0), regs.ip(), regs.sp(), regs.returnValue());
            return 0;
        };
        var jvm = twin.jvm;
        prints(
                handler,
                jvm.x86().arg(0, -5).ip(0x10).set("flags", 0x246).returnValue(3).make(),
                "ip = 10, flags = 0x246",
                "-5 10 ffffc90000004000 3");
        prints(
                handler,
                jvm.arm64().arg(0, -5).ip(0x10).set("x7", -7).sp(0x20).make(),
                "pc = 0x10, x7 = -7",
                "-5 10 20 -5");
        prints(
                handler,
                jvm.arm().arg(0, -5).ip(0x10).set("r12", -7).sp(0x20).make(),
                "pc = 0x10, r12 = 4294967289",
                "-5 10 20 -5");
    }

    @Test
    void events() {
        var events = twin.ring(Event.class);
        PreHandler handler = (p, regs) -> {
            events.emit(new Event(
                    (byte) regs.arg(0),
                    regs.arg(0),
                    regs.arg(0) > 0,
                    (char) regs.arg(0),
                    (short) regs.arg(0),
                    (int) regs.arg(0),
                    Kernel.comm()));
            events.emit(new Event((byte) 0, 0, false, ' ', (short) 0, 0, null));
            return 0;
        };
        for (long argument : LanguageTest.INTERESTING) {
            twin.pre(handler, twin.regs(argument));
        }
    }

    sealed interface Sent {}

    record Read(long bytes, String comm) implements Sent {}

    sealed interface Odd extends Sent {}

    record Negative(byte low, int number) implements Odd {}

    record Zero(short nothing) implements Odd {}

    private static void sent(RingBuffer<Sent> events, long bytes) {
        if (bytes < 0) {
            events.emit(new Negative((byte) bytes, (int) bytes));
        } else if (bytes == 0) {
            events.emit(new Zero((short) -1));
        } else {
            events.emit(new Read(bytes, Kernel.comm()));
        }
    }

    @Test
    void events_of_several_types_share_a_ring() {
        var events = twin.ring(Sent.class);
        PreHandler handler = (p, regs) -> {
            sent(events, regs.arg(0));
            return 0;
        };
        for (long argument : LanguageTest.INTERESTING) {
            twin.pre(handler, twin.regs(argument));
        }
        assertThat(twin.jvm.events(events)).hasOnlyElementsOfTypes(Read.class, Negative.class, Zero.class);
    }

    // ---- structures ----

    private TaskStruct family() {
        var jvm = twin.jvm;
        var mm = twin.mapped(
                MmStruct.class,
                jvm.struct(MmStruct.class, m -> m.set(MmStruct::mmUsers, 7).set(MmStruct::totalVm, 1L << 40)));
        var parent = twin.mapped(TaskStruct.class, jvm.struct(TaskStruct.class, t -> t.set(TaskStruct::pid, 1)));
        var task = twin.mapped(
                TaskStruct.class,
                jvm.struct(
                        TaskStruct.class,
                        t -> t.set(TaskStruct::pid, 42)
                                .set(TaskStruct::tgid, 42)
                                .set(TaskStruct::mm, mm)
                                .set(TaskStruct::parent, parent)
                                .set(TaskStruct::prio, -20)
                                .set(TaskStruct::wholePolicy, 200)
                                .set(TaskStruct::nice, (byte) -5)
                                .set(TaskStruct::startTime, 123_456_789_012L)
                                .set(
                                        TaskStruct::se,
                                        jvm.struct(
                                                SchedEntity.class,
                                                s -> s.set(SchedEntity::load, 1024)
                                                        .set(SchedEntity::vruntime, -1)))));
        jvm.current(task);
        return task;
    }

    @Test
    void fields() {
        family();
        prints(
                (p, regs) -> {
                    var task = Kernel.current(TaskStruct.class);
                    Kernel.printf("%d %d %b", task.pid(), task.group(), task.isLeader());
                    Kernel.printf("%d %d %d %d", task.prio(), task.wholePrio(), task.policy(), task.wholePolicy());
                    Kernel.printf("%d %d %d", task.nice(), task.startTime(), task.exitState());
                    Kernel.printf("%d %d", task.se().load(), task.se().vruntime());
                    Kernel.printf("%d %d", task.mm().mmUsers(), task.mm().totalVm());
                    Kernel.printf(
                            "%b %b", task.mm().isNull(), task.parent().mm().isNull());
                    Kernel.printf("%b", task.parent() == task);
                    Kernel.printf("%p %x", task.mm(), task.mm().address());
                    return 0;
                },
                twin.regs(),
                "42 42 true",
                "-20 -20 -56 200",
                "-5 123456789012 0",
                "1024 -1",
                "7 1099511627776",
                "false true",
                "false",
                "0xffffffffc0000000 ffffffffc0000000");
    }

    @Test
    void a_structure_at_an_argument_of_each_machine() {
        var task = family();
        PreHandler handler = (p, regs) -> {
            Kernel.printf("%d", Kernel.struct(regs.arg(0), TaskStruct.class).pid());
            return 0;
        };
        prints(handler, twin.regs(task.address()), "42");
        prints(handler, twin.jvm.arm64().arg(0, task.address()).make(), "42");
        prints(handler, twin.jvm.arm().arg(0, task.address()).make(), "42");
    }

    @Test
    void a_read_that_faults_stops_the_handler() {
        family();
        PreHandler handler = (p, regs) -> {
            Kernel.printf("before");
            Kernel.printf(
                    "%d", Kernel.current(TaskStruct.class).parent().parent().pid());
            Kernel.printf("after");
            return 5;
        };
        Outcome outcome = twin.pre(handler, twin.regs());
        assertThat(twin.jvm.lines()).containsExactly("before");
        assertThat(outcome.result()).isEmpty();
        assertThat(outcome.fault().orElseThrow().what()).isEqualTo("read of pid at an address that is not mapped");
        twin.pre(handler, twin.regs());
        assertThat(twin.jvm.faultLines())
                .containsExactly("SimulationTest.java:%d: read of pid at an address that is not mapped (2 times)"
                        .formatted(outcome.fault().orElseThrow().line()));
    }

    @Test
    void a_division_by_zero_stops_the_handler() {
        Outcome outcome = twin.pre((p, regs) -> (int) (100 / regs.arg(0)), twin.regs(0));
        assertThat(outcome.fault().orElseThrow().what()).isEqualTo("/ by zero");
        outcome = twin.pre((p, regs) -> Math.toIntExact(regs.arg(0)), twin.regs(1L << 40));
        assertThat(outcome.fault().orElseThrow().what()).isEqualTo("ArithmeticException");
        assertThat(twin.pre((p, regs) -> (int) (100 / regs.arg(0)), twin.regs(5))
                        .result())
                .isEqualTo(OptionalInt.of(20));
    }

    // ---- post, entry, return ----

    @Test
    void post_handlers() {
        Outcome outcome = twin.post((p, regs, flags) -> Kernel.printf("%d %d", regs.arg(0), flags), twin.regs(3));
        assertThat(outcome.result()).isEmpty();
        assertThat(twin.jvm.lines()).containsExactly("3 0");
    }

    @Test
    void entry_and_return_share_the_data_of_a_call() {
        EntryHandler<Data> entered = (ri, regs) -> {
            Kernel.printf("%d", ri.data().stamp);
            if (regs.arg(0) == 1) {
                return 1;
            }
            ri.data().stamp = Kernel.ktimeNs() / regs.arg(0);
            ri.data().pid = -Kernel.pid();
            ri.data().small = (byte) 200;
            ri.data().flag = regs.arg(0) == 5;
            return 0;
        };
        ReturnHandler<Data> returned = (ri, regs) -> {
            var data = ri.data();
            Kernel.printf(
                    "%s %d %d %d %d %b",
                    ri.symbolName(),
                    regs.returnValue(),
                    Kernel.ktimeNs() - data.stamp,
                    data.pid,
                    data.small,
                    data.flag);
            return 0;
        };
        var call = twin.call(Data.class);
        twin.jvm.ktimeNs(100).pid(42);
        twin.entry(entered, call, twin.regs(5));
        twin.jvm.advance(Duration.ofNanos(1000));
        twin.ret(returned, call, twin.jvm.x86().returnValue(-7).make());
        assertThat(twin.jvm.lines()).containsExactly("0", "vfs_read -7 1080 -42 -56 true");

        for (long ignoring : List.of(1L, 0L)) {
            var ignored = twin.call(Data.class);
            twin.entry(entered, ignored, twin.regs(ignoring));
            assertThatThrownBy(() -> twin.jvm.runReturn(returned, ignored, twin.regs()))
                    .hasMessage(
                            "the entry handler did not return 0 for this call of vfs_read: the kernel does not run the return handler then");
        }
    }

    @Test
    void a_walk_in_a_loop() {
        family();
        prints(
                (p, regs) -> {
                    var task = Kernel.current(TaskStruct.class);
                    int depth = 0;
                    while (depth < 10 && !task.mm().isNull()) {
                        task = task.parent();
                        depth++;
                    }
                    Kernel.printf("%d %d", depth, task.pid());
                    return 0;
                },
                twin.regs(),
                "1 1");
    }
}
