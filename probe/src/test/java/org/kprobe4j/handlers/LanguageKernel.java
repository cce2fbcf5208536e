package org.kprobe4j.handlers;

import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.PtRegs;
import org.kprobe4j.handlers.Types.MmStruct;
import org.kprobe4j.handlers.Types.SchedEntity;
import org.kprobe4j.handlers.Types.TaskStruct;

/** Rows about what a handler asks of the kernel and what it tells user space. */
@SuppressWarnings("unused")
final class LanguageKernel {
    record Opened(int pid, long flags, String comm) {}

    interface Missing extends KernelStruct {
        int pidd();

        int flags();

        int schedReset();

        int comm();
    }

    @org.kprobe4j.Name("task_struct")
    interface Task extends KernelStruct {
        int pidd();

        int flags();

        int schedReset();

        int comm();
    }

    private LanguageKernel() {}

    /** A task with its memory and its parent. */
    static void memory(Twin twin) {
        var jvm = twin.jvm;
        jvm.memory().enumValue("exit_state", "ZOMBIE", 1);
        jvm.memory().lacks(LanguageData.NoSuch.class);
        long jiffies = twin.bytes(new byte[] {5, 0, 0, 0, 0, 0, 0, 0});
        twin.handlers().variable("jiffies", jiffies);
        jvm.memory().global(LanguageData.Vm.class, v -> v.set(LanguageData.Vm::jiffies, 5L));
        var mm = twin.mapped(
                MmStruct.class,
                jvm.struct(MmStruct.class, m -> m.set(MmStruct::mmUsers, 7).set(MmStruct::totalVm, 512)));
        var parent = twin.mapped(TaskStruct.class, jvm.struct(TaskStruct.class, t -> t.set(TaskStruct::pid, 1)));
        var entity = jvm.struct(SchedEntity.class, s -> s.set(SchedEntity::vruntime, 99));
        jvm.current(twin.mapped(
                TaskStruct.class,
                jvm.struct(
                        TaskStruct.class,
                        t -> t.set(TaskStruct::pid, 42)
                                .set(TaskStruct::tgid, 42)
                                .set(TaskStruct::mm, mm)
                                .set(TaskStruct::parent, parent)
                                .set(TaskStruct::se, entity))));
    }

    static void rows(LanguageTable table) {
        memory(table.twin);
        table.area("Data of the kernel", LanguageKernel.class);
        registers(table);
        structures(table);
        table.area("Output", LanguageKernel.class);
        output(table);
    }

    private static void registers(LanguageTable table) {
        table.works("arguments of the probed function", (p, regs) -> regs.arg(0) + (int) regs.arg(1));
        table.works("the return value", (p, regs) -> regs.returnValue());
        table.works("the probe", (p, regs) -> p.addr() + p.symbolName().length());
        table.works("a machine's own registers", (p, regs) -> regs instanceof PtRegs.X86 r ? r.r15() + r.flags() : 0);
        table.works("the current task", (p, regs) -> Kernel.pid() + Kernel.tid() + Kernel.uid() + Kernel.gid());
        table.works("the clock", (p, regs) -> Kernel.ktimeNs() - Kernel.bootTimeNs());
        table.works(
                "CPU, control group, random number",
                (p, regs) -> Kernel.cpu() + Kernel.cgroupId() + (Kernel.random() & 7));
        table.refused(
                "an argument that is not in a register",
                (p, regs) -> regs.arg(6),
                "arg(6) is not in a register on X86; name the registers yourself or read the stack");
        table.refused(
                "an argument chosen by a variable", (p, regs) -> regs.arg(Kernel.cpu()), "arg needs a constant number");
        table.refused(
                "another machine's registers",
                (p, regs) -> ((PtRegs.Arm64) regs).x0(),
                "these are the registers of X86, not PtRegs.Arm64; use a switch over the register sets");
    }

    private static void structures(LanguageTable table) {
        table.works(
                "fields of a structure",
                (p, regs) -> Kernel.current(TaskStruct.class).pid());
        table.works(
                "pointers to structures",
                (p, regs) -> Kernel.current(TaskStruct.class).mm().totalVm());
        table.works(
                "structures within structures",
                (p, regs) -> Kernel.current(TaskStruct.class).se().vruntime());
        table.works(
                "default methods of the interface",
                (p, regs) -> Kernel.current(TaskStruct.class).isLeader() ? 1 : 0);
        table.works(
                "the null pointer",
                (p, regs) -> Kernel.current(TaskStruct.class).parent().mm().isNull() ? 1 : 0);
        table.works(
                "the same structure",
                (p, regs) -> Kernel.current(TaskStruct.class).parent() == Kernel.current(TaskStruct.class) ? 1 : 0);
        table.stops(
                "a structure at an address",
                (p, regs) -> {
                    var task = Kernel.struct(
                            regs.arg(0) == 8
                                    ? 8
                                    : Kernel.current(TaskStruct.class).address(),
                            TaskStruct.class);
                    return task.tgid();
                },
                8,
                "read of tgid at an address that is not mapped");
        table.works("a list followed for some steps", (p, regs) -> {
            var task = Kernel.current(TaskStruct.class);
            int depth = 0;
            while (depth < 10 && !task.parent().isNull()) {
                task = task.parent();
                depth++;
            }
            return depth;
        });
        table.refused(
                "a structure that the kernel does not have",
                (p, regs) -> Kernel.current(Missing.class).pidd(),
                "this kernel has no struct missing");
        table.refused(
                "a field that the structure does not have",
                (p, regs) -> Kernel.current(Task.class).pidd(),
                "struct task_struct has no field pidd; nearest: pid");
        table.refused(
                "a type that is too small for the field",
                (p, regs) -> Kernel.current(Task.class).flags(),
                "LanguageKernel.Task.flags: the field flags has 8 bytes, a Java int only 4; declare it as long");
        table.works("a bit field", (p, regs) -> Kernel.current(Task.class).schedReset());
        table.refused(
                "an array in a structure as a number",
                (p, regs) -> Kernel.current(Task.class).comm(),
                "LanguageKernel.Task.comm: the field comm is signed char[16]; declare it as an array, or as int comm(int index)");
        table.refused(
                "a structure compared with null",
                (p, regs) -> Kernel.current(TaskStruct.class).mm() == null ? 1 : 0,
                "a kernel structure is never Java's null; ask isNull() for the null pointer");
        table.refused(
                "a structure or null",
                (p, regs) -> {
                    TaskStruct task = null;
                    if (regs.arg(0) > 0) {
                        task = Kernel.current(TaskStruct.class);
                    }
                    return task.pid();
                },
                "a variable cannot hold a kernel structure on one path and Java's null on another; begin with the null pointer, Kernel.struct(0, TaskStruct.class), and ask isNull()");
        table.refused(
                "a structure cast to another",
                (p, regs) -> ((SchedEntity) (KernelStruct) Kernel.current(TaskStruct.class)).load(),
                "a Types.TaskStruct is no Types.SchedEntity; use Kernel.struct(x.address(), Types.SchedEntity.class)");
    }

    private static void output(LanguageTable table) {
        var events = table.twin.ring(Opened.class);
        var made = new Opened(1, 2, "x");
        table.handler("a printed line", (p, regs) -> {
            Kernel.printf("%s: %s reads %d bytes at 0x%x", p.symbolName(), Kernel.comm(), regs.arg(0), regs.arg(1));
            return 0;
        });
        table.handler("a record", (p, regs) -> {
            events.emit(new Opened(Kernel.pid(), regs.arg(1), Kernel.comm()));
            return 0;
        });
        table.refusedHandler(
                "a format that is not known",
                (p, regs) -> {
                    Kernel.printf(Kernel.comm());
                    return 0;
                },
                "Kernel.printf needs a format that is known when the handler is compiled");
        table.refusedHandler(
                "a format that does not fit",
                (p, regs) -> {
                    Kernel.printf("%d %d", regs.arg(0));
                    return 0;
                },
                "the format \"%d %d\" has 2 conversions for 1 arguments");
        table.refusedHandler(
                "an object in a line",
                (p, regs) -> {
                    Kernel.printf("%s", p);
                    return 0;
                },
                "this object cannot be printed; print its parts");
        table.refusedHandler(
                "a record made outside",
                (p, regs) -> {
                    events.emit(made);
                    return 0;
                },
                "emit needs a record that the handler makes: emit(new MyEvent(…))");
        table.refusedHandler(
                "standard output",
                (p, regs) -> {
                    System.out.println("hit");
                    return 0;
                },
                "a handler cannot call PrintStream.println; use Kernel.printf");
        table.refusedEntry(
                "private data of a probe that has none",
                (ri, regs) -> ri.data() == null ? 1 : 0,
                "this probe has no private data; name its class: Kretprobe.at(symbol, MyData.class)");
    }
}
