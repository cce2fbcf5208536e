package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The simulated kernel itself: what it answers, and what it says of tests that ask for what is not there. */
class SimulatedKernelTest {
    private static final String IN_THE_KERNEL =
            " has a meaning only inside a handler, which runs in the kernel; to run a handler in the JVM, open a SimulatedKernel";

    record Event(long number) {}

    interface TaskStruct extends KernelStruct {
        int pid();

        byte policy();

        boolean running();

        MmStruct mm();

        TaskStruct parent();

        default int parentPid() {
            return parent().pid();
        }
    }

    interface MmStruct extends KernelStruct {
        long totalVm();
    }

    @Name("task_struct")
    interface OtherView extends KernelStruct {
        @Name("pid")
        long number();
    }

    private final SimulatedKernel kernel = SimulatedKernel.open();

    @AfterEach
    void close() {
        kernel.close();
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(UsageException.class).hasMessage(message);
    }

    @Test
    void without_one_the_kernel_does_not_answer() {
        kernel.close();
        assertThatThrownBy(Kernel::ktimeNs).hasMessage("Kernel.ktimeNs()" + IN_THE_KERNEL);
        assertThatThrownBy(() -> Kernel.current(TaskStruct.class))
                .hasMessage("Kernel.current(TaskStruct.class)" + IN_THE_KERNEL);
        assertThatThrownBy(() -> Kernel.struct(16, TaskStruct.class))
                .hasMessage("Kernel.struct(0x10, TaskStruct.class)" + IN_THE_KERNEL);
        assertThatThrownBy(() -> Kernel.printf("%d", 1))
                .hasMessage("Kernel.printf(\"%d\", … 1 arguments)" + IN_THE_KERNEL);
        refused(
                () -> kernel.runPre(
                        (p, regs) -> 0, kernel.kprobe("f"), kernel.regs().make()),
                "this simulated kernel is not the one that is open on this thread");
    }

    @Test
    void the_one_that_was_opened_last_answers() {
        kernel.pid(1);
        try (var inner = SimulatedKernel.open()) {
            inner.pid(2);
            assertThat(Kernel.pid()).isEqualTo(2);
        }
        assertThat(Kernel.pid()).isEqualTo(1);
    }

    @Test
    void stacks_and_symbols() {
        kernel.stack(kernel.symbol("vfs_read+0x1a"), kernel.symbol("ksys_read+0x65"), 0x1234);
        Kernel.printf("%pS", kernel.kprobe("vfs_read").addr());
        Kernel.printf("at%s", Kernel.stack());
        Kernel.dumpStack();
        assertThat(kernel.lines())
                .containsExactly(
                        "vfs_read+0x0/0x1000",
                        "at vfs_read+0x1a/0x1000\n ksys_read+0x65/0x1000\n 0x1234",
                        "Call Trace:\n vfs_read+0x1a/0x1000\n ksys_read+0x65/0x1000\n 0x1234");
        assertThatThrownBy(() -> kernel.kprobe("a b"))
                .isInstanceOf(UsageException.class)
                .hasMessageStartingWith("target \"a b\": ");
        refused(() -> kernel.kprobe("vfs_*"), "vfs_*: a simulated kernel knows single functions, by their names");
    }

    @Test
    void formats_are_checked_as_the_compiler_checks_them() {
        refused(() -> Kernel.printf("%d %d", 1), "the format \"%d %d\" has 2 conversions for 1 arguments");
        refused(() -> Kernel.printf("%d", "text"), "the format \"%d\" has %d for a text; use %s");
        refused(
                () -> Kernel.printf("%q", 1),
                "unknown conversion \"%q\" in the format \"%q\"; there are %d %u %x %X %o %c %b %s %p %pS");
    }

    // ---- records ----

    @Test
    void records_wait_or_are_taken() {
        RingBuffer<Event> events = RingBuffer.of(Event.class);
        events.emit(new Event(1));
        events.emit(new Event(2));
        assertThat(kernel.events(events)).containsExactly(new Event(1), new Event(2));
        List<Event> seen = new ArrayList<>();
        events.forEach(seen::add);
        events.emit(new Event(3));
        assertThat(seen).containsExactly(new Event(1), new Event(2), new Event(3));
        assertThat(kernel.events(events)).isEmpty();
        events.close();
    }

    @Test
    void a_full_ring_buffer_loses_records() {
        RingBuffer<Event> events = RingBuffer.of(Event.class, 4096);
        for (int i = 0; i < 300; i++) {
            events.emit(new Event(i));
        }
        assertThat(kernel.events(events)).hasSize(4095 / 16);
        assertThat(kernel.recordsLost()).isEqualTo(300 - 4095 / 16);
    }

    @Test
    void a_ring_buffer_belongs_to_one_world() {
        RingBuffer<Event> events = RingBuffer.of(Event.class);
        kernel.close();
        assertThatThrownBy(() -> events.emit(new Event(1))).hasMessage("emit(Event[number=1])" + IN_THE_KERNEL);
        refused(
                () -> events.captured().fd(),
                "a handler in the kernel cannot emit into a ring buffer that was made while a SimulatedKernel was open");
    }

    // ---- structures ----

    @Test
    void structures_have_addresses_and_change() {
        var mm = kernel.struct(MmStruct.class);
        var task = kernel.struct(
                TaskStruct.class,
                t -> t.set(TaskStruct::pid, 42).set(TaskStruct::running, true).set(TaskStruct::mm, mm));
        assertThat(task.pid()).isEqualTo(42);
        assertThat(task.running()).isTrue();
        assertThat(task.mm()).isSameAs(mm).isEqualTo(mm).hasSameHashCodeAs(mm);
        assertThat(mm.totalVm()).isZero();
        assertThat(task.parent().isNull()).isTrue();
        assertThat(task.parent()).isSameAs(kernel.nullOf(TaskStruct.class));
        assertThat(task).isNotEqualTo(kernel.struct(TaskStruct.class)).hasToString("TaskStruct at 0xffffffffc0001000");
        assertThat(Kernel.struct(task.address(), TaskStruct.class)).isSameAs(task);
        assertThat(Kernel.struct(task.address(), OtherView.class).number()).isEqualTo(42);
        kernel.change(TaskStruct.class, task, t -> t.set(TaskStruct::pid, 43));
        assertThat(Kernel.struct(task.address(), OtherView.class).number()).isEqualTo(43);
    }

    @Test
    void the_current_task() {
        assertThat(Kernel.current(TaskStruct.class).mm().isNull()).isTrue();
        assertThat(Kernel.current(OtherView.class).number()).isZero();
        var task = kernel.struct(TaskStruct.class, t -> t.set(TaskStruct::pid, 42));
        kernel.current(task);
        assertThat(Kernel.current(OtherView.class).number()).isEqualTo(42);
    }

    @Test
    void a_default_method_stops_at_its_own_line() {
        var task = kernel.struct(TaskStruct.class);
        kernel.current(task);
        var outcome = kernel.runPre(
                (p, regs) -> Kernel.current(TaskStruct.class).parentPid(),
                kernel.kprobe("f"),
                kernel.regs().make());
        assertThat(outcome.fault().orElseThrow())
                .isEqualTo(new SimulatedKernel.Fault(
                        "SimulatedKernelTest.java", 31, "read of pid at an address that is not mapped"));
        assertThat(kernel.faultLines())
                .containsExactly("SimulatedKernelTest.java:31: read of pid at an address that is not mapped (1 times)");
    }

    @Test
    void structures_that_are_not_there() {
        var task = kernel.struct(TaskStruct.class);
        refused(
                () -> kernel.change(TaskStruct.class, task, t -> t.set(TaskStruct::policy, 200)),
                "TaskStruct.policy is byte and does not hold 200");
        refused(
                () -> kernel.change(TaskStruct.class, task, t -> t.set(TaskStruct::parentPid, 2)),
                "name one field, by the accessor that reads it: set(TaskStruct::field, value)");
        refused(
                () -> kernel.change(TaskStruct.class, task, t -> t.set(x -> x.mm().totalVm(), 2)),
                "name one field, by the accessor that reads it: set(TaskStruct::field, value)");
        refused(
                () -> kernel.change(TaskStruct.class, kernel.nullOf(TaskStruct.class), t -> t.set(TaskStruct::pid, 2)),
                "there is no structure at 0x0; make it with SimulatedKernel.struct");
        refused(
                () -> Kernel.struct(task.address(), MmStruct.class).totalVm(),
                "at 0xffffffffc0000000 is a struct task_struct; the handler reads it as a struct mm_struct");
    }

    // ---- registers, probes, calls ----

    @Test
    void registers() {
        assertThat(kernel.regs().arg(0, 5).make().arg(0)).isEqualTo(5);
        assertThat(kernel.arm().arg(3, -1).make().r3()).isEqualTo(0xffff_ffffL);
        refused(
                () -> kernel.x86().arg(6, 1),
                "arg(6) is not in a register on X86; name the registers yourself or read the stack");
        refused(
                () -> kernel.arm64().make().arg(8),
                "arg(8) is not in a register on Arm64; name the registers yourself or read the stack");
        refused(() -> kernel.arm64().make().x(31), "Arm64 has no register x31; it has x0 to x30");
        refused(
                () -> kernel.arm().set("pstate", 1),
                "Arm has no register pstate; it has [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, fp, r12, sp, lr, pc, cpsr, origR0]");
    }

    static final class Data {
        final long number;

        Data(long number) {
            this.number = number;
        }
    }

    @Test
    void probes_and_calls() {
        var probe = kernel.kprobe("vfs_read+4");
        assertThat(probe.symbolName()).isEqualTo("vfs_read+0x4");
        assertThat(probe.addr()).isEqualTo(kernel.symbol("vfs_read") + 4);
        refused(probe::nmissed, "the probe of vfs_read+0x4 is simulated: no kernel counts its hits");
        refused(probe::account, "the probe of vfs_read+0x4 is simulated: no kernel counts its hits");
        probe.close();
        refused(
                () -> kernel.call("vfs_read").data(),
                "this probe has no private data; name its class: Kretprobe.at(symbol, MyData.class)");
        refused(
                () -> kernel.call("vfs_read", Data.class),
                "private data of class Data cannot be made: it needs a constructor without parameters (a class inside another must be static), and its package open to org.kprobe4j");
    }
}
