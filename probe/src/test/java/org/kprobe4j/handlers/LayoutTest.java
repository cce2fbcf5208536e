package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.PreHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.internal.RecordBytes;

/** What a record of any shape says when it arrives is what the handler put into it. */
class LayoutTest {
    private static final long TEXT = 0xffff_9000_0010_0000L;
    private static final long NOT_MAPPED = 0xdead_0000_0000_0000L;

    enum Way {
        IN,
        OUT
    }

    record Point(byte x, long y) {}

    record Line(Point from, Point to, short width) {}

    record Everything(
            boolean flag,
            Line line,
            @MaxBytes(21) String path,
            Way way,
            Inet4Address from,
            Inet6Address to,
            InetAddress either,
            String comm) {}

    record Addresses(InetAddress a, InetAddress b, InetAddress none) {}

    record Name(String name) {}

    record Small(@MaxBytes(4) String name, int n) {}

    interface In6Addr extends KernelStruct {}

    private final FakeKernel kernel = new FakeKernel();
    private final Handlers handlers = new Handlers();

    private <T extends Record> T event(Class<T> type, PreHandler handler, long... arguments) {
        kernel.rings.clear();
        var hit = Handlers.hit(handlers.pre(handler), kernel, Handlers.context(Architecture.X86_64, arguments));
        assertThat(hit.faults()).isEmpty();
        byte[] record = kernel.rings.get("e").getFirst();
        return new RecordBytes<>(type, RecordLayout.of(type)).read(MemorySegment.ofArray(record));
    }

    private void put(long address, String text) {
        kernel.kernel.put(address, (text + "\0").getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void places() {
        RecordLayout layout = RecordLayout.of(Everything.class);
        assertThat(layout.components())
                .extracting(RecordLayout.Component::offset)
                .containsExactly(0, 8, 48, 69, 72, 80, 96, 120);
        assertThat(layout.components())
                .extracting(RecordLayout.Component::sizeBytes)
                .containsExactly(1, 40, 21, 1, 4, 16, 20, 16);
        assertThat(layout.sizeBytes()).isEqualTo(136);
    }

    @Test
    void everything() throws UnknownHostException {
        put(TEXT, "/usr/share/doc/linux/a long name");
        kernel.kernel.put(TEXT + 0x1000, new byte[] {0x20, 1, 0xd, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7});
        RingBuffer<Everything> events = handlers.ring("e", Everything.class);
        var known = new Point((byte) 9, 10);
        Everything event = event(
                Everything.class,
                (p, regs) -> {
                    events.emit(new Everything(
                            true,
                            new Line(new Point((byte) regs.arg(1), regs.arg(1)), known, (short) 3),
                            Kernel.string(regs.arg(0)),
                            Way.OUT,
                            Kernel.ipv4((int) regs.arg(2)),
                            Kernel.ipv6(Kernel.struct(regs.arg(0) + 0x1000, In6Addr.class)),
                            Kernel.ipv4((int) regs.arg(2)),
                            Kernel.comm()));
                    return 0;
                },
                TEXT,
                -300,
                0x0100007f);
        assertThat(event)
                .isEqualTo(new Everything(
                        true,
                        new Line(new Point((byte) -300, -300), known, (short) 3),
                        "/usr/share/doc/linux",
                        Way.OUT,
                        (Inet4Address) InetAddress.getByName("127.0.0.1"),
                        (Inet6Address) InetAddress.getByName("2001:db8::7"),
                        InetAddress.getByName("127.0.0.1"),
                        "bash"));
    }

    @Test
    void addresses() throws UnknownHostException {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
        kernel.kernel.put(TEXT, mapped);
        RingBuffer<Addresses> events = handlers.ring("e", Addresses.class);
        InetAddress known = InetAddress.getByName("10.1.2.3");
        PreHandler handler = (p, regs) -> {
            var in6 = Kernel.struct(regs.arg(0), In6Addr.class);
            var v4 = regs.arg(1) > 3 ? Kernel.ipv4((int) regs.arg(1)) : Kernel.ipv4(-1);
            events.emit(new Addresses(Kernel.ipv6(in6), known, null));
            Kernel.printf(
                    "%s [%16s] %d %d %x",
                    Kernel.ipv6(in6),
                    v4,
                    Kernel.ntohs((short) regs.arg(2)),
                    Kernel.ntohs((int) regs.arg(2)),
                    Kernel.ntohl((int) regs.arg(2)));
            return 0;
        };
        Addresses event = event(Addresses.class, handler, TEXT, 0x0100007f, 0x89ab_cdefL);
        assertThat(event).isEqualTo(new Addresses(Inet6Address.getByAddress(null, mapped, -1), known, null));
        assertThat(Handlers.hit(
                                handlers.pre(handler),
                                kernel,
                                Handlers.context(Architecture.X86_64, TEXT, 5, 0x89ab_cdefL))
                        .lines()
                        .getLast())
                .isEqualTo("::ffff:10.0.0.1 [         5.0.0.0] 61389 61389 efcdab89");
    }

    @Test
    void strings_that_fit_and_strings_that_are_cut() {
        put(TEXT, "123456789");
        RingBuffer<Small> events = handlers.ring("e", Small.class);
        assertThat(event(
                        Small.class,
                        (p, regs) -> {
                            events.emit(new Small(Kernel.string(regs.arg(0)), 7));
                            return 0;
                        },
                        TEXT))
                .isEqualTo(new Small("123", 7));
        RingBuffer<Name> names = handlers.ring("e", Name.class);
        assertThat(event(
                        Name.class,
                        (p, regs) -> {
                            names.emit(new Name(Kernel.string(regs.arg(0), 16)));
                            return 0;
                        },
                        TEXT))
                .isEqualTo(new Name("123456789"));
    }

    @Test
    void a_string_that_cannot_be_read_takes_its_record_with_it() {
        RingBuffer<Name> events = handlers.ring("e", Name.class);
        var hit = Handlers.hit(
                handlers.pre((p, regs) -> {
                    events.emit(new Name(Kernel.string(regs.arg(0), 16)));
                    Kernel.printf("after");
                    return 0;
                }),
                NOT_MAPPED);
        assertThat(hit.kernel().rings).isEmpty();
        assertThat(hit.faults()).containsExactly("read of a string at an address that is not mapped");
        assertThat(hit.count(Account.RING_FULL)).isZero();
    }

    record Self(Self next) {}

    record Lists(List<String> list) {}

    record Long(@MaxBytes(4097) String text) {}

    record Within(Lists lists) {}

    @Test
    void records_without_a_layout() {
        assertThatThrownBy(() -> RecordLayout.of(Self.class)).hasMessage("record Self contains itself: it has no end");
        assertThatThrownBy(() -> RecordLayout.of(Within.class))
                .hasMessage(
                        "record Lists: component list of type List has no layout in the kernel; use boolean, byte, short, char, int, long, String, an enum, an InetAddress, a KernelStack, a UserStack, PtRegs or a record of them");
        assertThatThrownBy(() -> RecordLayout.of(Long.class))
                .hasMessage("record Long: component text has @MaxBytes(4097); a string has 1 to 4096 bytes");
    }

    record Enums(Way way) {}

    record Ipv4(Inet4Address address) {}

    record Nested(Point point) {}

    @Test
    void values_that_do_not_fit() {
        RingBuffer<Name> names = handlers.ring("n", Name.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    names.emit(new Name(Kernel.string(regs.arg(0))));
                    return 0;
                },
                "0: the component name holds 16 bytes and a kernel string may be longer: declare @MaxBytes(256) String name");
        RingBuffer<Small> small = handlers.ring("s", Small.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    small.emit(new Small(Kernel.comm(), 1));
                    return 0;
                },
                "0: the component name holds 4 bytes, a comm has 16: declare @MaxBytes(16) String name");
        RingBuffer<Enums> enums = handlers.ring("e", Enums.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    enums.emit(new Enums(null));
                    return 0;
                },
                "0: the component way takes a constant of Way that is known when the handler is compiled; send a number instead, or emit in each branch");
        RingBuffer<Ipv4> addresses = handlers.ring("a", Ipv4.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    addresses.emit(new Ipv4(null));
                    return 0;
                },
                "0: the component address takes an Inet4Address: Kernel.ipv4(…) makes an Inet4Address, Kernel.ipv6(…) an Inet6Address");
        RingBuffer<Nested> nested = handlers.ring("p", Nested.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    nested.emit(new Nested(null));
                    return 0;
                },
                "0: the component point takes a record: new Point(…)");
    }

    sealed interface Either {}

    record Left(int n) implements Either {}

    record Right(long n) implements Either {}

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"}) // what raw types let through
    void a_record_that_the_ring_does_not_take() {
        RingBuffer either = handlers.ring("e", Either.class);
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    either.emit(new Small("", 1));
                    return 0;
                },
                "0: this ring buffer takes Left, Right; it has no place for LayoutTest.Small");
        RingBuffer<Either> typed = either;
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    typed.emit(regs.arg(0) > 0 ? new Left(1) : new Right(2));
                    return 0;
                },
                "0: emit cannot tell which record this is: different branches made it; emit in each branch");
    }

    @Test
    void the_number_of_its_class_is_in_front_of_each_record() {
        RingBuffer<Either> either = handlers.ring("e", Either.class);
        var hit = Handlers.hit(
                handlers.pre((p, regs) -> {
                    either.emit(new Right(regs.arg(0)));
                    either.emit(new Left((int) regs.arg(0)));
                    return 0;
                }),
                kernel,
                Handlers.context(Architecture.X86_64, -2));
        assertThat(hit.faults()).isEmpty();
        assertThat(kernel.rings.get("e"))
                .containsExactly(
                        new byte[] {1, 0, 0, 0, 0, 0, 0, 0, -2, -1, -1, -1, -1, -1, -1, -1},
                        new byte[] {0, 0, 0, 0, 0, 0, 0, 0, -2, -1, -1, -1, 0, 0, 0, 0});
    }

    // ---- records and constants that a handler captured ----

    record Config(int limit, long mask, String name, Way way, Point point) {
        boolean matches(long value) {
            return (value & mask) != 0 && value < limit;
        }
    }

    @Test
    void captured_records_are_constants() {
        var config = new Config(100, 0xf, "config", Way.IN, new Point((byte) 5, 6));
        Object either = config;
        var program = handlers.pre((p, regs) -> {
            int way = switch (config.way()) {
                case IN -> 1;
                case OUT -> 2;
            };
            long y = either instanceof Config(int limit, long mask, String name, Way w, Point(byte px, long py))
                    ? limit + px * py
                    : -1;
            Kernel.printf(
                    "%b %s %d %d %d %b",
                    config.matches(regs.arg(0)),
                    config.name(),
                    way,
                    config.point().y(),
                    y,
                    Kernel.comm().equals(config.name()));
            return 0;
        });
        assertThat(Handlers.hit(program, 17).lines()).containsExactly("true config 1 6 130 false");
        assertThat(Handlers.hit(program, 170).lines()).containsExactly("false config 1 6 130 false");
    }

    @Test
    void records_of_numbers_can_be_compared() {
        var program = handlers.pre((p, regs) -> {
            var a = new Point((byte) regs.arg(0), 5);
            var b = new Point((byte) 7, regs.arg(1));
            Kernel.printf(
                    "%b %b %b",
                    a.equals(b), new Line(a, b, (short) 1).equals(new Line(b, a, (short) 1)), a.equals(null));
            return 0;
        });
        assertThat(Handlers.hit(program, 7, 5).lines()).containsExactly("true true false");
        assertThat(Handlers.hit(program, 7, 6).lines()).containsExactly("false false false");
    }
}
