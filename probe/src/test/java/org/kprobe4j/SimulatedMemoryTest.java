package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What lies in the memory of a simulated kernel, and what is said where a test asks for what is not there. */
class SimulatedMemoryTest {
    enum PidType {
        PIDTYPE_PID,
        @Name("PIDTYPE_PGID")
        GROUP
    }

    interface Inode extends KernelStruct {
        long iIno();
    }

    interface In6Addr extends KernelStruct {}

    interface File extends KernelStruct {
        PidType type();

        @Name("type")
        int number();

        int[] slots();

        @MaxBytes(6)
        String name();

        int count();

        Inode inode();

        @UserMemory
        Inode user();

        Inode fd(int index);
    }

    interface Vm extends KernelGlobals {
        long jiffies();

        @PerCpu
        Inode own();

        @PerCpu
        Inode own(int cpu);

        Inode theOne();
    }

    interface Call extends FunctionArguments {
        int count();
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
    void enumerations() {
        var file = kernel.struct(File.class, f -> f.set(File::type, PidType.GROUP));
        assertThat(file.type()).isEqualTo(PidType.GROUP);
        refused(
                file::number,
                "the value of PIDTYPE_PGID is not known; tell it with SimulatedKernel.memory().enumValue(\"pid_type\", \"PIDTYPE_PGID\", value)");
        kernel.memory().enumValue("pid_type", "PIDTYPE_PGID", 7);
        assertThat(file.number()).isEqualTo(7);
        assertThat(Kernel.enumValue("pid_type", "PIDTYPE_PGID")).isEqualTo(7);
        kernel.change(File.class, file, f -> f.set(File::number, 7));
        assertThat(file.type()).isEqualTo(PidType.GROUP);
        kernel.change(File.class, file, f -> f.set(File::number, 3));
        refused(file::type, "no constant of PidType has the value 3; set one of its constants");
    }

    @Test
    void what_has_no_zero_must_be_set() {
        var file = kernel.struct(File.class);
        refused(file::slots, "File.slots is not set; set what the handler is to read, as 0 is no int[]");
        refused(file::name, "File.name is not set; set what the handler is to read, as 0 is no String");
        kernel.change(File.class, file, f -> f.set(File::name, "longer"));
        refused(file::name, "File.name gives less than 6 bytes; set what is left of the text");
        assertThat(file.fd(3).isNull()).isTrue();
        var inode = kernel.struct(Inode.class);
        kernel.change(File.class, file, f -> f.set(x -> x.fd(3), inode));
        assertThat(file.fd(3)).isSameAs(inode);
    }

    @Test
    void memory_of_the_process_is_not_the_kernels() {
        var inode = kernel.memory().userStruct(Inode.class, i -> i.set(Inode::iIno, 5L));
        var file = kernel.struct(File.class, f -> f.set(File::user, inode).set(File::inode, inode));
        assertThat(file.user().iIno()).isEqualTo(5);
        assertThatThrownBy(() -> file.inode().iIno()).hasMessage("read of iIno at an address that is not mapped");
        long text = kernel.memory().userText("x");
        assertThat(Kernel.userString(text)).isEqualTo("x");
        assertThat(Kernel.readUserByte(text)).isEqualTo((byte) 'x');
        assertThatThrownBy(() -> Kernel.readByte(text)).hasMessage("readByte at an address that is not mapped");
        assertThatThrownBy(() -> Kernel.string(text)).hasMessage("read of a string at an address that is not mapped");
        assertThat(Kernel.string(0)).isNull();
    }

    @Test
    void variables() {
        var inode = kernel.struct(Inode.class, i -> i.set(Inode::iIno, 5L));
        kernel.memory().global(Vm.class, v -> v.set(Vm::jiffies, 9L).set(x -> x.own(1), inode));
        assertThat(Kernel.globals(Vm.class).jiffies()).isEqualTo(9);
        assertThat(Kernel.globals(Vm.class).own().iIno()).isZero();
        kernel.cpu(1);
        assertThat(Kernel.globals(Vm.class).own().iIno()).isEqualTo(5);
        assertThat(Kernel.globals(Vm.class).theOne().iIno()).isZero();
    }

    @Test
    void files_addresses_and_types() throws UnknownHostException {
        var file = kernel.struct(File.class);
        refused(
                () -> Kernel.path(file),
                "File at 0xffffffffc0000000 has no name; give it one with SimulatedKernel.memory().path(structure, \"/etc/passwd\")");
        kernel.memory().path(file, "/etc/passwd");
        assertThat(Kernel.path(file)).isEqualTo("/etc/passwd");
        var address = (Inet6Address) InetAddress.getByName("2001:db8::1");
        assertThat(Kernel.ipv6(kernel.memory().ipv6(In6Addr.class, address))).isEqualTo(address);
        assertThat(Kernel.exists(File.class)).isTrue();
        kernel.memory().lacks(File.class, "f_gone");
        assertThat(Kernel.exists(File.class, "f_gone")).isFalse();
        kernel.memory().lacks(File.class);
        assertThat(Kernel.exists(File.class, "count")).isFalse();
    }

    @Test
    void the_structure_around_another() {
        var inode = kernel.struct(Inode.class);
        refused(
                () -> Kernel.containerOf(inode, File.class, "inode"),
                "no struct file has Inode at 0xffffffffc0000000 as its inode; make one that does, with SimulatedKernel.struct");
        var file = kernel.struct(File.class, f -> f.set(File::inode, inode));
        assertThat(Kernel.containerOf(inode, File.class, "inode")).isSameAs(file);
    }

    @Test
    void arguments_that_were_not_given() {
        refused(
                () -> kernel.regs().make().args(Call.class),
                "these registers have no arguments by name; give them: regs().args(Call.class, a -> a.set(…))");
        var call = kernel.call("f");
        refused(
                () -> call.args(Call.class),
                "this call of f was not entered; enter it with SimulatedKernel.runEntry, or enter without an entry handler");
        kernel.enter(
                call, kernel.regs().args(Call.class, a -> a.set(Call::count, 3)).make());
        assertThat(call.args(Call.class).count()).isEqualTo(3);
    }

    @Test
    void maps_counters_and_histograms_belong_to_one_world() {
        var map = KernelMap.of(Integer.class, Integer.class, 1);
        var counter = Counter.of();
        var histogram = Histogram.linear(0, 10, 5);
        map.put(1, 2);
        assertThatThrownBy(() -> map.put(2, 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith(
                        " is full: it holds 1 entries; make it for more with KernelMap.of(…, maxEntries)");
        kernel.runPre(
                (p, regs) -> {
                    map.put(2, 2);
                    map.add(1, Integer.MAX_VALUE);
                    counter.add(5);
                    histogram.record(7);
                    return 0;
                },
                kernel.kprobe("f"),
                kernel.regs().make());
        assertThat(kernel.entriesLost()).isOne();
        assertThat(map.get(1)).isEqualTo(Integer.MIN_VALUE + 1);
        assertThat(counter.sum()).isEqualTo(5);
        assertThat(histogram.buckets()).isEqualTo(List.of(new Distribution.Bucket(5, 9, 1)));
        assertThat(histogram.take().buckets()).containsExactly(new Distribution.Bucket(5, 9, 1));
        assertThat(histogram.take().isEmpty()).isTrue();
        assertThat(List.of(counter.take(), counter.take())).containsExactly(5L, 0L);
        counter.reset();
        assertThat(counter.sum()).isZero();
        kernel.close();
        assertThatThrownBy(() -> counter.add(1))
                .hasMessage(
                        "add(1) has a meaning only inside a handler, which runs in the kernel; to run a handler in the JVM, open a SimulatedKernel");
        refused(
                () -> map.captured().fd(),
                "a handler in the kernel cannot use a map that was made while a SimulatedKernel was open");
        refused(
                () -> counter.captured().fd(),
                "a handler in the kernel cannot use a counter that was made while a SimulatedKernel was open");
        map.close();
        counter.close();
        histogram.close();
    }
}
