package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.ProgramShape;

/** What registers, structures and private data cannot be asked for, and what is said then. */
@SuppressWarnings("unused")
class KernelRefusalTest {
    private final Handlers handlers = new Handlers().btf(Types::btf);

    private void refused(PreHandler handler, String... messages) {
        Refusals.refused(handlers, handler, messages);
    }

    // ---- registers ----

    @Test
    void registers() {
        refused(
                (p, regs) -> (int) regs.arg(9),
                "0: arg(9) is not in a register on X86; name the registers yourself or read the stack");
        refused((p, regs) -> (int) regs.arg(Kernel.cpu()), "0: arg needs a constant number");
        refused(
                (p, regs) -> (int) ((PtRegs.Arm64) regs).x0(),
                "0: these are the registers of X86, not PtRegs.Arm64; use a switch over the register sets");
        Refusals.refused(
                new Handlers().on(Architecture.ARM),
                (p, regs) -> regs instanceof PtRegs.Arm arm ? (int) arm.arg(4) : 0,
                "0: arg(4) is not in a register on Arm; name the registers yourself or read the stack");
    }

    // ---- kernel structures ----

    interface Odd extends KernelStruct {}

    interface TaskStruct extends KernelStruct {
        int pidd();

        boolean startTime();

        byte flags();

        int comm();

        int se();

        double pid();

        Odd tgid();

        int prio(int index);
    }

    interface TaskStrukt extends KernelStruct {
        int pid();
    }

    @Test
    void structures() {
        refused(
                (p, regs) -> Kernel.current(TaskStrukt.class).pid(),
                "0: this kernel has no struct task_strukt; nearest: task_struct");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).pidd(),
                "0: struct task_struct has no field pidd; nearest: pid");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).startTime() ? 1 : 0,
                "0: KernelRefusalTest.TaskStruct.startTime: the field start_time has 8 bytes, a Java boolean only 1; declare it as long");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).flags(),
                "0: KernelRefusalTest.TaskStruct.flags: the field flags has 8 bytes, a Java byte only 1; declare it as long");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).comm(),
                "0: KernelRefusalTest.TaskStruct.comm: the field comm is signed char[16]; declare it as an array, or as int comm(int index)");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).se(),
                "0: KernelRefusalTest.TaskStruct.se: the field se is struct sched_entity; give it an interface for its type");
        refused(
                (p, regs) -> (int) Kernel.current(TaskStruct.class).pid(),
                "0: KernelRefusalTest.TaskStruct.pid: double cannot hold a kernel value; use boolean, byte, short, char, int, long, an array of them, an enum or an interface");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).tgid().isNull() ? 1 : 0,
                "0: KernelRefusalTest.TaskStruct.tgid: the field tgid is int, neither a structure nor a pointer to one");
        refused(
                (p, regs) -> Kernel.current(TaskStruct.class).prio(3),
                "0: KernelRefusalTest.TaskStruct.prio: the field prio is short, neither an array nor a pointer, so it takes no index");
    }

    interface Leader extends TaskStruct {}

    @Test
    void references_to_structures() {
        String never = "a kernel structure is never Java's null; ask isNull() for the null pointer";
        refused((p, regs) -> Kernel.current(TaskStruct.class) == null ? 1 : 0, "0: " + never);
        refused(
                (p, regs) -> null == Kernel.current(TaskStruct.class).tgid() ? 1 : 0,
                "0: KernelRefusalTest.TaskStruct.tgid: the field tgid is int, neither a structure nor a pointer to one");
        refused(
                (p, regs) -> {
                    TaskStruct found = null;
                    if (regs.arg(0) > 3) {
                        found = Kernel.current(TaskStruct.class);
                    }
                    return found == null ? 1 : 0;
                },
                "4: a variable cannot hold a kernel structure on one path and Java's null on another; begin with the null pointer, Kernel.struct(0, TaskStruct.class), and ask isNull()");
        refused(
                (p, regs) -> (KernelStruct) Kernel.current(TaskStruct.class) == Kernel.current(Odd.class) ? 1 : 0,
                "0: structures seen through different interfaces cannot be compared with ==; compare their address()");
        refused(
                (p, regs) -> ((Leader) Kernel.current(TaskStruct.class)).pidd(),
                "0: a KernelRefusalTest.TaskStruct is no KernelRefusalTest.Leader; use Kernel.struct(x.address(), KernelRefusalTest.Leader.class)");
    }

    @Test
    void no_btf() {
        Refusals.refused(
                new Handlers(),
                (p, regs) -> Kernel.current(TaskStruct.class).pidd(),
                "0: this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work");
    }

    // ---- private data ----

    static final class Wrong {
        double load;
    }

    static final class Large {
        long a0,
                a1,
                a2,
                a3,
                a4,
                a5,
                a6,
                a7,
                a8,
                a9,
                b0,
                b1,
                b2,
                b3,
                b4,
                b5,
                b6,
                b7,
                b8,
                b9,
                c0,
                c1,
                c2,
                c3,
                c4,
                c5,
                c6,
                c7,
                c8,
                c9,
                d0,
                d1,
                d2,
                d3,
                d4,
                d5,
                d6,
                d7,
                d8,
                d9,
                e0,
                e1,
                e2,
                e3,
                e4,
                e5,
                e6,
                e7,
                e8,
                e9,
                f0,
                f1,
                f2,
                f3,
                f4,
                f5,
                f6,
                f7;
        long g0, g1, g2, g3, g4, g5;
    }

    @Test
    void private_data() {
        EntryHandler<Wrong> wrong = (ri, regs) -> ri.data().load > 1 ? 1 : 0;
        assertThat(Refusals.message(() -> new Handlers().data(Wrong.class).entry(wrong)))
                .isEqualTo(
                        "KernelRefusalTest.java: KernelRefusalTest.Wrong.load: private data holds boolean, byte, short, char, int and long only");
        EntryHandler<Wrong> without = (ri, regs) -> ri.data() == null ? 1 : 0;
        assertThat(Refusals.message(() -> new Handlers().entry(without)))
                .isEqualTo(
                        "KernelRefusalTest.java:%d: this probe has no private data; name its class: Kretprobe.at(symbol, MyData.class)"
                                .formatted(Refusals.firstLine(without)));
    }

    @Test
    void private_data_that_is_larger_than_the_stack() {
        EntryHandler<Large> large = (ri, regs) -> {
            ri.data().a0 = 7;
            ri.data().g5 = regs.arg(0);
            return 0;
        };
        var program = new Handlers()
                .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                .data(Large.class)
                .entry(large);
        var hit = Handlers.hit(program, 9);
        assertThat(hit.kernel().calls).hasSize(1);
        byte[] data = hit.kernel().calls.values().iterator().next().bytes();
        // The task comes first.
        assertThat(data).hasSize(8 + 64 * 8);
        assertThat(data[8]).isEqualTo((byte) 7);
        assertThat(data[8 + 63 * 8]).isEqualTo((byte) 9);
    }
}
