package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;
import org.kprobe4j.OnFault;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.UserMemory;

/** Text, arrays, arguments by name and what handlers keep, in the JVM and compiled: both do the same. */
class SimulatedDataTest {
    enum PidType {
        PIDTYPE_PID,
        PIDTYPE_TGID,
        @Name("PIDTYPE_PGID")
        GROUP
    }

    interface Inode extends KernelStruct {
        long iIno();

        int iMode();
    }

    interface File extends KernelStruct {
        int[] slots();

        @Name("slots")
        int slot(int index);

        int fKind();

        boolean fOk();

        Inode fInode();

        @UserMemory
        String buf();

        PidType type();

        @OnFault(-1)
        @Name("f_pos")
        long position();
    }

    interface VfsRead extends FunctionArguments {
        File file();

        int count();
    }

    enum Way {
        IN,
        OUT
    }

    record Place(long inode, short mode) {}

    record Seen(int pid, Place place, Way way, @MaxBytes(32) String name, Inet4Address from) {}

    record Key(int pid, String comm) {}

    static final class Call {
        long start;
    }

    private final Twin twin = new Twin(DataTypes::btf);

    @AfterEach
    void close() {
        twin.close();
    }

    private String line(PreHandler handler, long... arguments) {
        twin.pre(handler, twin.regs(arguments));
        return twin.jvm.lines().isEmpty() ? "" : twin.jvm.lines().getLast();
    }

    private String fault(PreHandler handler, long... arguments) {
        return twin.pre(handler, twin.regs(arguments)).fault().orElseThrow().what();
    }

    /** The file of {@link DataTypes#file()}, by name and as bytes. */
    private File file() {
        var inode = twin.jvm.struct(Inode.class, i -> i.set(Inode::iIno, 77L).set(Inode::iMode, 0x81a4));
        twin.laidOut(inode.address(), DataTypes.inode(77, 0x81a4));
        var file = twin.jvm.struct(
                File.class,
                f -> f.set(File::slots, new int[] {-10, -20, -30, -40})
                        .set(File::fKind, 0b10110)
                        .set(File::fOk, true)
                        .set(File::type, PidType.GROUP)
                        .set(File::fInode, inode)
                        .set(File::position, -5L));
        var bytes = DataTypes.file().putLong(8, inode.address());
        twin.laidOut(file.address(), bytes.array());
        return file;
    }

    @Test
    void text() {
        PreHandler handler = (p, regs) -> {
            String name = Kernel.string(regs.arg(0), 16);
            String user = Kernel.userString(regs.arg(1));
            switch (name) {
                case "/etc/passwd" -> Kernel.printf("that one");
                case "x", "" -> Kernel.printf("short");
                default -> Kernel.printf("other: %s", name);
            }
            Kernel.printf(
                    "%b %b %b %b %d %s",
                    name.startsWith("/etc"),
                    name.endsWith("wd"),
                    name.contains("c/p"),
                    name.equals(user),
                    Kernel.byteLength(name),
                    user);
            return 0;
        };
        assertThat(line(handler, twin.text("/etc/passwd"), twin.userText("/etc/passwd")))
                .isEqualTo("true true true true 11 /etc/passwd");
        assertThat(line(handler, twin.text("/a/longer/one/that/is/cut"), twin.userText("ä")))
                .isEqualTo("false false false false 15 ä");
        line(handler, twin.text(""), twin.userText("x"));
        assertThat(twin.jvm.lines()).contains("that one", "other: /a/longer/one/t", "short");
        PreHandler printed = (p, regs) -> {
            Kernel.printf("%s %s", Kernel.string(regs.arg(0)), Kernel.userString(regs.arg(1)));
            return 0;
        };
        assertThat(fault(printed, 0x1234, twin.userText("x")))
                .isEqualTo("read of a string at an address that is not mapped");
        assertThat(fault(printed, twin.text("x"), twin.text("y")))
                .isEqualTo("read of a string in user memory that is not present");
    }

    @Test
    void local_arrays() {
        PreHandler handler = (p, regs) -> {
            byte[] bytes = new byte[8];
            Kernel.read(regs.arg(0), bytes, 0, (int) regs.arg(1));
            int sum = 0;
            for (byte b : bytes) {
                sum += b;
            }
            Kernel.printf("%d %d %d", sum, bytes[(int) regs.arg(2)], Kernel.readShort(regs.arg(0)));
            return 0;
        };
        long address = twin.bytes(new byte[] {1, 2, 3, -4, 5, 6, 7, 8, 9});
        assertThat(line(handler, address, 8, 3)).isEqualTo("28 -4 513");
        assertThat(line(handler, address, 2, 3)).isEqualTo("3 0 513");
        assertThat(fault(handler, address, 8, 8)).isEqualTo("Index out of bounds for length 8");
        assertThat(fault(handler, address, 9, 0)).isEqualTo("Range out of bounds for length 8");
        assertThat(fault(handler, 8, 8, 0)).isEqualTo("read of kernel memory at an address that is not mapped");
    }

    @Test
    void fields_of_every_kind() {
        PreHandler handler = (p, regs) -> {
            var file = Kernel.struct(regs.arg(0), File.class);
            long sum = 0;
            for (int slot : file.slots()) {
                sum += slot;
            }
            int kind = switch (file.type()) {
                case PIDTYPE_PID -> 10;
                case PIDTYPE_TGID -> 20;
                case GROUP -> 30;
            };
            Kernel.printf(
                    "%d %d %d %b %d %s %d %d",
                    sum,
                    file.slots()[(int) regs.arg(1)],
                    file.slot(1),
                    file.fOk(),
                    kind,
                    file.type(),
                    file.fKind(),
                    file.fInode().iIno());
            return 0;
        };
        long file = file().address();
        assertThat(line(handler, file, 2)).isEqualTo("-100 -30 -20 true 30 PIDTYPE_PGID 22 77");
        assertThat(fault(handler, file, 4)).isEqualTo("Index out of bounds for length 4");
        assertThat(fault(handler, file, -1)).isEqualTo("Index out of bounds for length 4");
    }

    @Test
    void a_fault_after_which_it_goes_on() {
        PreHandler handler = (p, regs) -> {
            var file = Kernel.struct(regs.arg(0), File.class);
            Kernel.printf("%d", file.position());
            return 0;
        };
        assertThat(line(handler, file().address())).isEqualTo("-5");
        assertThat(line(handler, 8)).isEqualTo("-1");
        assertThat(twin.jvm.faultLines())
                .singleElement()
                .asString()
                .endsWith(": read of position at an address that is not mapped (1 times)");
    }

    @Test
    void arguments_by_name() {
        var file = file();
        twin.pre(
                (p, regs) -> {
                    var args = regs.args(VfsRead.class);
                    Kernel.printf("%d of %d", args.count(), args.file().fInode().iIno());
                    return 0;
                },
                twin.jvm
                        .x86()
                        .arg(0, file.address())
                        .arg(2, 512)
                        .args(VfsRead.class, a -> a.set(VfsRead::file, file).set(VfsRead::count, 512))
                        .make());
        assertThat(twin.jvm.lines()).containsExactly("512 of 77");
    }

    @Test
    void what_handlers_keep() {
        var starts = twin.map(Integer.class, Long.class, 2);
        var names = twin.map(Key.class, Integer.class, 10);
        var hits = twin.counter();
        var sizes = twin.log2();
        PreHandler handler = (p, regs) -> {
            Long before = starts.get((int) regs.arg(0));
            if (before == null) {
                starts.put((int) regs.arg(0), regs.arg(1));
            } else if (before == 7) {
                starts.remove((int) regs.arg(0));
            } else {
                starts.add((int) regs.arg(0), 1);
            }
            names.add(new Key(Kernel.pid(), Kernel.comm()), -2);
            Kernel.printf("%b", starts.putIfAbsent(1, 3L));
            hits.increment();
            sizes.record(regs.arg(1));
            return 0;
        };
        twin.jvm.comm("cat").pid(42);
        for (long argument : new long[] {1, 5, 5, 6, 7, 5}) {
            line(handler, argument, 5 + argument / 5);
        }
        assertThat(starts.entries()).isEqualTo(Map.of(1, 5L));
        assertThat(names.entries()).isEqualTo(Map.of(new Key(42, "cat"), -12));
        assertThat(hits.sum()).isEqualTo(6);
        assertThat(sizes.count()).isEqualTo(6);
        assertThat(twin.jvm.entriesLost()).isEqualTo(2);
    }

    @Test
    void records_of_any_shape() {
        var events = twin.ring(Seen.class);
        PreHandler handler = (p, regs) -> {
            var inode = Kernel.struct(regs.arg(0), File.class).fInode();
            var place = new Place(inode.iIno(), (short) inode.iMode());
            String name = Kernel.string(regs.arg(1), 32);
            Inet4Address from = Kernel.ipv4((int) regs.arg(2));
            Kernel.printf("%s %d %x", from, Kernel.ntohs((short) 0x5000), Kernel.ntohl(0x01020304));
            if (regs.arg(2) > 5) {
                events.emit(new Seen(Kernel.pid(), place, Way.OUT, name, from));
            } else {
                events.emit(new Seen(Kernel.pid(), place, Way.IN, "constant", from));
            }
            return 0;
        };
        long file = file().address();
        assertThat(line(handler, file, twin.text("a name"), 0x0100007f)).isEqualTo("127.0.0.1 80 4030201");
        line(handler, file, twin.text("x".repeat(40)), 6);
        line(handler, file, twin.text("unused"), 5);
        assertThat(twin.jvm.events(events))
                .extracting(Seen::name)
                .containsExactly("a name", "x".repeat(31), "constant");
    }

    @Test
    void arguments_at_the_return() {
        var took = twin.map(Long.class, Long.class, 10);
        EntryHandler<Call> entered = (ri, regs) -> {
            ri.data().start = Kernel.ktimeNs();
            return ri.args(VfsRead.class).count() < 100 ? 1 : 0;
        };
        ReturnHandler<Call> returned = (ri, regs) -> {
            took.put((long) ri.args(VfsRead.class).count(), Kernel.ktimeNs() - ri.data().start);
            return 0;
        };
        var jvm = twin.jvm;
        var call = jvm.call("vfs_read", Call.class);
        jvm.runEntry(
                entered,
                call,
                jvm.regs().args(VfsRead.class, a -> a.set(VfsRead::count, 512)).make());
        jvm.advance(Duration.ofNanos(30));
        jvm.runReturn(returned, call, jvm.regs().returnValue(512).make());
        assertThat(took.entries()).isEqualTo(Map.of(512L, 30L));
    }
}
