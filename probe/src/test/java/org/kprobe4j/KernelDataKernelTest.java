package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a handler reads by name in a real kernel, compared with what is known of it otherwise. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class KernelDataKernelTest {
    enum PidType {
        PIDTYPE_PID,
        PIDTYPE_TGID,
        PIDTYPE_PGID,
        PIDTYPE_SID
    }

    interface Inode extends KernelStruct {
        long iIno();
    }

    interface File extends KernelStruct {
        Inode fInode();
    }

    interface NullLseek extends FunctionArguments {
        File file();

        long offset();

        int orig();
    }

    interface WriteNull extends FunctionArguments {
        @UserMemory
        byte buf(int index);

        long count();
    }

    interface SendSignal extends FunctionArguments {
        int sig();

        PidType type();

        @Name("p")
        Task task();
    }

    interface DentryOpen extends FunctionArguments {
        File f();
    }

    interface ListHead extends KernelStruct {
        ListHead next();

        ListHead prev();
    }

    interface Rlimit extends KernelStruct {
        long rlimCur();
    }

    interface Upid extends KernelStruct {
        int nr();
    }

    interface Pid extends KernelStruct {
        Upid numbers(int index);
    }

    interface Signal extends KernelStruct {
        Rlimit[] rlim();

        Pid[] pids();
    }

    @Name("task_struct")
    interface Task extends KernelStruct {
        int pid();

        int tgid();

        Task groupLeader();

        @Name("signal")
        @OnFault
        SignalStruct signals();

        ListHead tasks();

        byte comm(int index);

        @OnFault(-7)
        @Name("pid")
        int pidIfMapped();

        @Name("field_of_no_kernel")
        int nowhere();
    }

    interface SignalStruct extends Signal {}

    interface Kobject extends KernelStruct {
        boolean stateInitialized();

        int stateInSysfs();

        boolean stateRemoveUeventSent();
    }

    interface Kset extends KernelStruct {
        Kobject kobj();
    }

    interface Rq extends KernelStruct {
        int cpu();
    }

    interface Variables extends KernelGlobals {
        long jiffies();

        @Name("jiffies_64")
        long wholeJiffies();

        Task initTask();

        long moduleKset();

        @PerCpu
        Rq runqueues();

        @PerCpu
        Rq runqueues(int cpu);
    }

    record Seek(long ino, long offset, int orig) {}

    record Numbers(long a, long b, long c, long d) {}

    private static List<Numbers> numbers(RingBuffer<Numbers> events) {
        List<Numbers> seen = Collections.synchronizedList(new ArrayList<>());
        events.forEach(seen::add);
        return seen;
    }

    @Test
    void argumentsByNameAndAWalkFromThem() throws IOException {
        List<Seek> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Seek.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    var args = regs.args(NullLseek.class);
                    events.emit(new Seek(args.file().fInode().iIno(), args.offset(), args.orig()));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (kp) {
                DevNull.seek(100);
            }
        }
        assertThat(seen)
                .extracting(Seek::offset)
                .containsExactlyElementsOf(LongStream.range(0, 100).boxed().toList());
        assertThat(seen).extracting(Seek::ino).containsOnly((Long)
                Files.getAttribute(Path.of("/dev/null"), "unix:ino"));
        assertThat(seen).extracting(Seek::orig).containsOnly(0);
    }

    @Test
    void argumentsAreKeptForTheReturnWithoutEntryHandlerAndData() {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        var rp = Kretprobe.at(DevNull.FUNCTION)
                .handler((ri, regs) -> {
                    var args = ri.args(NullLseek.class);
                    events.emit(new Numbers(args.offset(), regs.returnValue(), args.orig(), 0));
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (rp) {
                DevNull.seek(100);
            }
        }
        assertThat(seen)
                .extracting(Numbers::a)
                .containsExactlyElementsOf(LongStream.range(0, 100).boxed().toList());
        assertThat(seen).extracting(Numbers::b).containsOnly(0L);
        assertThat(rp.account().hits()).isEqualTo(100);
        assertThat(rp.account().delivered()).isEqualTo(100);
        assertThat(rp.addr()).isNotZero();
    }

    static final class Entry {
        long file;
    }

    @Test
    void dataWithoutAnEntryHandlerIsZero() {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        var rp = Kretprobe.at(DevNull.FUNCTION, Entry.class)
                .handler((ri, regs) -> {
                    events.emit(
                            new Numbers(ri.data().file, ri.args(NullLseek.class).offset(), 0, 0));
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (rp) {
                DevNull.seek(3);
            }
        }
        assertThat(seen).containsExactly(new Numbers(0, 0, 0, 0), new Numbers(0, 1, 0, 0), new Numbers(0, 2, 0, 0));
    }

    @Test
    void argumentsOfNestedCallsAreTheirOwn() throws IOException {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        // Opening a file of an overlay opens the file below it within the same function.
        var rp = Kretprobe.at("do_dentry_open", Entry.class)
                .entryHandler((ri, regs) -> {
                    ri.data().file = ri.args(DentryOpen.class).f().address();
                    return 0;
                })
                .handler((ri, regs) -> {
                    events.emit(new Numbers(
                            ri.data().file, ri.args(DentryOpen.class).f().address(), Kernel.tid(), 0));
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (rp) {
                for (int i = 0; i < 20; i++) {
                    Files.readAllBytes(Path.of("/etc/hostname"));
                }
            }
        }
        assertThat(seen).hasSizeGreaterThanOrEqualTo(20).allMatch(n -> n.a() == n.b() && n.a() != 0);
        assertThat(rp.account().delivered()).isEqualTo(seen.size());
    }

    @Test
    void enumerations() throws Exception {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        long self = ProcessHandle.current().pid();
        var kp = Kprobe.at("do_send_sig_info")
                .preHandler((p, regs) -> {
                    var args = regs.args(SendSignal.class);
                    if (Kernel.pid() != self) {
                        return 0;
                    }
                    int what = switch (args.type()) {
                        case PIDTYPE_TGID -> 10;
                        case PIDTYPE_PID -> 20;
                        default -> 30;
                    };
                    events.emit(new Numbers(
                            args.sig(),
                            what,
                            args.type() == PidType.PIDTYPE_TGID ? Kernel.enumValue("pid_type", "PIDTYPE_TGID") : 0,
                            args.task().tgid()));
                    return 0;
                })
                .register();
        long pid;
        try (events) {
            seen = numbers(events);
            try (kp) {
                Process process = new ProcessBuilder("sleep", "100").start();
                pid = process.pid();
                process.destroy();
                process.waitFor();
            }
        }
        assertThat(seen).contains(new Numbers(15, 10, 1, pid));
    }

    @Test
    void arraysListsAndWhatDoesNotExist() throws IOException {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    var leader = Kernel.current(Task.class).groupLeader();
                    var signals = leader.signals();
                    int found = 0;
                    for (Pid pid : signals.pids()) {
                        found += pid.isNull() ? 0 : 1;
                    }
                    events.emit(new Numbers(
                            signals.rlim()[7].rlimCur(),
                            signals.rlim().length,
                            signals.pids()[1].numbers(0).nr(),
                            found));
                    var next = Kernel.containerOf(leader.tasks().next(), Task.class, "tasks");
                    int missing = Kernel.exists(Task.class, "field_of_no_kernel") ? leader.nowhere() : -1;
                    events.emit(new Numbers(
                            Kernel.containerOf(leader.tasks(), Task.class, "tasks") == leader ? 1 : 0,
                            next.tasks().prev().address() == leader.tasks().address() ? 1 : 0,
                            Kernel.exists(Task.class, "se.vruntime") ? 1 : 0,
                            missing));
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (kp) {
                DevNull.seek(1);
            }
        }
        long files = Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(line -> line.startsWith("Max open files"))
                .mapToLong(line -> Long.parseLong(line.split(" {2,}")[1].strip()))
                .findFirst()
                .orElseThrow();
        assertThat(seen)
                .containsExactly(new Numbers(files, 16, ProcessHandle.current().pid(), 3), new Numbers(1, 1, 1, -1));
        assertThat(kp.account().faulted()).isZero();
    }

    @Test
    void variablesEachCpusOwnAndBitFields() {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    var kernel = Kernel.globals(Variables.class);
                    events.emit(new Numbers(
                            kernel.runqueues().cpu() == Kernel.cpu() ? 1 : 0,
                            kernel.runqueues(0).cpu(),
                            kernel.wholeJiffies() - kernel.jiffies(),
                            kernel.jiffies()));
                    var kobject = Kernel.struct(kernel.moduleKset(), Kset.class).kobj();
                    events.emit(new Numbers(
                            kobject.stateInitialized() ? 1 : 0,
                            kobject.stateInSysfs(),
                            kobject.stateRemoveUeventSent() ? 1 : 0,
                            kernel.initTask().comm(0)));
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (kp) {
                DevNull.seek(1);
            }
        }
        assertThat(seen).hasSize(2);
        assertThat(seen.getFirst().a()).isOne();
        assertThat(seen.getFirst().b()).isZero();
        assertThat(seen.getFirst().c()).isBetween(-1000L, 1000L);
        assertThat(seen.getFirst().d()).isNotZero();
        assertThat(seen.getLast()).isEqualTo(new Numbers(1, 1, 0, 's'));
    }

    @Test
    void aReadThatFaultsGivesItsValueAndIsNoLostHit() {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    var nowhere = Kernel.struct(16, Task.class);
                    events.emit(new Numbers(
                            nowhere.pidIfMapped(),
                            nowhere.signals().isNull() ? 1 : 0,
                            Kernel.current(Task.class).pidIfMapped(),
                            Kernel.readInt(Kernel.globals(Variables.class)
                                            .initTask()
                                            .address())
                                    & 0));
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (kp) {
                DevNull.seek(3);
            }
        }
        assertThat(seen).hasSize(3).allMatch(n -> n.a() == -7 && n.b() == 1 && n.c() > 0);
        assertThat(kp.account().delivered()).isEqualTo(3);
        assertThat(kp.account().faulted()).isZero();
    }

    @Test
    void userMemory() throws IOException {
        var events = RingBuffer.of(Numbers.class);
        List<Numbers> seen;
        long self = ProcessHandle.current().pid();
        var kp = Kprobe.at("write_null")
                .preHandler((p, regs) -> {
                    var args = regs.args(WriteNull.class);
                    if (Kernel.pid() == self) {
                        events.emit(new Numbers(
                                args.buf(0), args.buf(1), Kernel.readUserByte(regs.arg(1) + 2), args.count()));
                    }
                    return 0;
                })
                .register();
        try (events) {
            seen = numbers(events);
            try (kp;
                    var file = new RandomAccessFile("/dev/null", "rw")) {
                file.write("text".getBytes(StandardCharsets.US_ASCII));
            }
        }
        assertThat(seen).contains(new Numbers('t', 'e', 'x', 4));
    }
}
