package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.KernelStack;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Places;
import org.kprobe4j.compiler.Planted;
import org.kprobe4j.compiler.Planted.Numbering;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RecordLayout;
import org.kprobe4j.internal.RecordBytes;

/** One program at several places: it knows at which it is, and keeps their calls apart. */
class PlacesTest {
    private static final String PATTERN = "vfs_*";
    private static final List<String> NAMES = List.of("vfs_read", "vfs_write", "vfs_fsync_range");
    private static final long FIRST = 0xffff_ffff_8100_0000L;
    private static final long STACK = 0xffff_c900_0000_1000L;

    record Hit(String name, long addr) {}

    record Key(int cpu, String name) {}

    record Odd(
            byte before,
            @MaxBytes(17) String name,
            @MaxBytes(32) String longer,
            @MaxBytes(8) String cut) {}

    record Walked(KernelStack stack) {}

    static final class Data {
        long stamp;
    }

    interface VfsRead extends FunctionArguments {
        int count();

        long file();
    }

    private final FakeKernel kernel = new FakeKernel().cells(Places.HITS_MAP, NAMES.size());
    private final Handlers handlers = new Handlers();

    private Handlers at(Numbering numbering) {
        return at(numbering, Optional.empty());
    }

    private Handlers at(Numbering numbering, Optional<String> typesOf) {
        return handlers.btf(DataTypes::btf).at(PATTERN, NAMES.size(), numbering, typesOf);
    }

    private static long address(int place) {
        return FIRST + place * 0x100L;
    }

    private void table() {
        int row = Places.rowBytes(Handlers.NAME_BYTES);
        kernel.cells(Places.MAP, NAMES.size() * row / Long.BYTES);
        for (int i = 0; i < NAMES.size(); i++) {
            Places.write(ByteBuffer.wrap(kernel.bytes(Places.MAP)), i * row, address(i), NAMES.get(i));
        }
    }

    private static byte[] context(long stackPointer, long... arguments) {
        byte[] context = Handlers.context(Architecture.X86_64, arguments);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), Architecture.X86_64, "sp", stackPointer);
        return context;
    }

    private Handlers.Hit hit(CompiledProgram program, int place, byte[] context) {
        kernel.place = place;
        return Handlers.hit(program, kernel, context);
    }

    private Handlers.Hit hit(CompiledProgram program, int place) {
        return hit(program, place, context(STACK));
    }

    private List<Long> hits() {
        return List.of(
                kernel.cell(Places.HITS_MAP, 0), kernel.cell(Places.HITS_MAP, 1), kernel.cell(Places.HITS_MAP, 2));
    }

    @ParameterizedTest
    @EnumSource
    void each_place_has_its_hits(Numbering numbering) {
        CompiledProgram program = at(numbering).pre((p, regs) -> 0);
        assertThat(hit(program, 0).count(Account.HITS)).isZero();
        hit(program, 2);
        assertThat(hit(program, 2).count(Account.HITS)).isZero();
        assertThat(hits()).containsExactly(1L, 0L, 2L);
        assertThat(program.registers()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void a_line_names_the_place(Numbering numbering) {
        table();
        CompiledProgram program = at(numbering).pre((p, regs) -> {
            Kernel.printf("%s at 0x%x, %-10s|", p.symbolName(), p.addr(), p.symbolName());
            return 0;
        });
        for (int place : List.of(1, 2, 0)) {
            kernel.rings.clear();
            String name = NAMES.get(place);
            assertThat(hit(program, place).lines())
                    .containsExactly("%s at 0x%x, %-10s|".formatted(name, address(place), name));
        }
        assertThat(hits()).containsExactly(1L, 1L, 1L);
    }

    @ParameterizedTest
    @EnumSource
    void a_post_handler_names_the_place(Numbering numbering) {
        table();
        CompiledProgram pre = at(numbering)
                .shaped(new ProgramShape.Pre(Optional.of(Handlers.next(Architecture.X86_64, -8))))
                .pre((p, regs) -> 0);
        CompiledProgram post = at(numbering)
                .shaped(new ProgramShape.Post(Handlers.next(Architecture.X86_64, -8)))
                .post((p, regs, flags) -> {
                    Kernel.printf("%s %x", p.symbolName(), p.addr());
                });
        hit(pre, 1);
        assertThat(hit(post, 0, context(STACK - 8)).count(Account.FILTERED)).isOne();
        assertThat(hit(post, 1, context(STACK - 8)).lines()).containsExactly("vfs_write ffffffff81000100");
        assertThat(kernel.calls).isEmpty();
        assertThat(pre.registers()).containsExactly("sp");
        assertThat(post.registers()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void the_name_is_a_text_like_any_other(Numbering numbering) {
        table();
        CompiledProgram program = at(numbering).pre((p, regs) -> {
            String name = p.symbolName();
            int chosen = switch (name) {
                case "vfs_read" -> 1;
                case "vfs_write" -> 2;
                default -> 3;
            };
            int letters = 0;
            for (int i = 0; i < Kernel.cpu() + 2; i++) {
                letters += name.startsWith("vfs_f") ? 1 : 0;
            }
            Kernel.printf(
                    "%b %b %b %d %b %d %d %b",
                    name.equals("vfs_read"),
                    "vfs_write".equals(name),
                    name.equals(p.symbolName()),
                    chosen,
                    name.contains("sync"),
                    letters,
                    Kernel.byteLength(name),
                    name == null);
            return 0;
        });
        hit(program, 0);
        hit(program, 1);
        assertThat(hit(program, 2).lines())
                .containsExactly(
                        "true false true 1 false 0 8 false",
                        "false true true 2 false 0 9 false",
                        "false false true 3 true 3 15 false");
    }

    @ParameterizedTest
    @EnumSource
    void records_and_keys_hold_the_name(Numbering numbering) {
        table();
        kernel.hash("counts", 24, 8, 8);
        RingBuffer<Hit> ring = handlers.ring("ring", Hit.class);
        KernelMap<Key, Long> counts = handlers.map("counts", Key.class, Long.class);
        CompiledProgram program = at(numbering).pre((p, regs) -> {
            ring.emit(new Hit(p.symbolName(), p.addr()));
            counts.add(new Key(Kernel.cpu(), p.symbolName()), 1);
            return 0;
        });
        hit(program, 1);
        hit(program, 2);
        hit(program, 1);
        RecordBytes<Hit> bytes = new RecordBytes<>(Hit.class, RecordLayout.of(Hit.class));
        assertThat(kernel.rings.get("ring"))
                .extracting(record -> bytes.read(MemorySegment.ofArray(record)))
                .containsExactly(
                        new Hit("vfs_write", address(1)),
                        new Hit("vfs_fsync_range", address(2)),
                        new Hit("vfs_write", address(1)));
        assertThat(kernel.entries("counts")).hasSize(2);
        ByteBuffer key = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        key.putInt((int) kernel.cpu).putInt(0).put("vfs_write".getBytes(StandardCharsets.US_ASCII));
        assertThat(kernel.entries("counts").get(FakeKernel.boxed(key.array())))
                .isEqualTo(new byte[] {2, 0, 0, 0, 0, 0, 0, 0});
    }

    @ParameterizedTest
    @EnumSource
    void a_component_of_another_size_holds_what_fits(Numbering numbering) {
        table();
        kernel.hash("odd", RecordLayout.of(Odd.class).sizeBytes(), 8, 8);
        RingBuffer<Odd> ring = handlers.ring("ring", Odd.class);
        KernelMap<Odd, Long> odd = handlers.map("odd", Odd.class, Long.class);
        CompiledProgram program = at(numbering).pre((p, regs) -> {
            var made = new Odd((byte) 7, p.symbolName(), p.symbolName(), p.symbolName());
            ring.emit(made);
            odd.add(made, 1);
            return 0;
        });
        hit(program, 2);
        var bytes = new RecordBytes<>(Odd.class, RecordLayout.of(Odd.class));
        var expected = new Odd((byte) 7, "vfs_fsync_range", "vfs_fsync_range", "vfs_fsy");
        assertThat(bytes.read(MemorySegment.ofArray(kernel.rings.get("ring").getLast())))
                .isEqualTo(expected);
        List<Byte> key = kernel.entries("odd").keySet().iterator().next();
        byte[] content = new byte[key.size()];
        for (int i = 0; i < content.length; i++) {
            content[i] = key.get(i);
        }
        assertThat(bytes.read(MemorySegment.ofArray(content))).isEqualTo(expected);
    }

    // ---- pairs ----

    @ParameterizedTest
    @EnumSource
    void calls_at_one_stack_pointer_are_those_of_different_places(Numbering numbering) {
        table();
        handlers.data(Data.class);
        CompiledProgram ret = at(numbering, Optional.of("vfs_read"))
                .shaped(new ProgramShape.Return(true))
                .<Data>ret((ri, regs) -> {
                    Kernel.printf(
                            "%s %x: %d after %d, count %d",
                            ri.symbolName(),
                            ri.addr(),
                            regs.returnValue(),
                            Kernel.ktimeNs() - ri.data().stamp,
                            ri.args(VfsRead.class).count());
                    return 0;
                });
        assertThat(ret.keptArguments()).containsExactly(2);
        assertThat(ret.registers()).containsExactly("ax");
        CompiledProgram entry = at(numbering, Optional.of("vfs_read"))
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), ret.keptArguments()))
                .<Data>entry((ri, regs) -> {
                    if (ri.symbolName().equals("vfs_fsync_range")) {
                        return 1;
                    }
                    ri.data().stamp = Kernel.ktimeNs();
                    return 0;
                });
        assertThat(entry.registers()).containsExactly("dx");
        hit(entry, 0, context(STACK, 1, 2, 30));
        kernel.time += 1_000;
        // The first function ends with a jump to the second: both return to one caller.
        hit(entry, 1, context(STACK, 1, 2, 31));
        assertThat(hit(entry, 2, context(STACK, 1, 2, 32)).count(Account.FILTERED))
                .isOne();
        assertThat(kernel.calls).hasSize(2);
        assertThat(kernel.calls.keySet())
                .allMatch(key -> key.get(0) == 0 && key.get(1) == 0)
                .extracting(key -> key.get(4))
                .containsExactlyInAnyOrder((byte) 0, (byte) 1);
        assertThat(hit(ret, 2, context(STACK + 8)).count(Account.FILTERED)).isOne();
        byte[] returned = context(STACK + 8);
        Handlers.put(ByteBuffer.wrap(returned).order(ByteOrder.LITTLE_ENDIAN), Architecture.X86_64, "ax", 7);
        hit(ret, 1, returned);
        assertThat(hit(ret, 0, returned).lines())
                .containsExactly(
                        "vfs_write ffffffff81000100: 7 after 10, count 31",
                        "vfs_read ffffffff81000000: 7 after 1030, count 30");
        assertThat(kernel.calls).isEmpty();
        assertThat(hits()).containsExactly(2L, 2L, 2L);
    }

    @ParameterizedTest
    @EnumSource
    void at_a_return_the_stack_begins_with_the_place(Numbering numbering) {
        table();
        RingBuffer<Walked> ring = handlers.ring("ring", Walked.class);
        CompiledProgram program = at(numbering)
                .shaped(new ProgramShape.Return(false))
                .ret((ri, regs) -> {
                    ring.emit(new Walked(Kernel.stack()));
                    return 0;
                });
        hit(program, 2);
        var bytes = new RecordBytes<>(Walked.class, RecordLayout.of(Walked.class));
        assertThat(bytes.read(MemorySegment.ofArray(kernel.rings.get("ring").getLast()))
                        .stack()
                        .addresses())
                .containsExactly(address(2), kernel.stack[1]);
        assertThat(program.registers()).containsExactlyInAnyOrder("ip", "sp", "bp", "flags");
    }

    // ---- what stands around it ----

    @Test
    void a_cookie_that_is_no_place_ends_the_program() {
        CompiledProgram program = at(Numbering.COOKIE).pre((p, regs) -> {
            Kernel.printf("never");
            return 0;
        });
        assertThat(hit(program, NAMES.size()).lines()).isEmpty();
        assertThat(hits()).containsExactly(0L, 0L, 0L);
    }

    @Test
    void by_cookie_the_number_is_looked_up_and_bounded() {
        assertThat(Handlers.listing(at(Numbering.COOKIE).pre((p, regs) -> 0))).isEqualTo("""
                r0 = map[account][0]+0
                r0 = *(u64 *)(r0 +64)
                if r0 == 0 goto +12
                call bpf_get_attach_cookie#174
                if r0 >= 3 goto +8
                r0 <<= 3
                r1 = map[place_hits][0]+0
                r1 += r0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void linked_it_is_a_part_of_addresses() {
        assertThat(Handlers.listing(at(Numbering.LINKED).pre((p, regs) -> {
                    Kernel.printf("%d", p.addr());
                    return 0;
                })))
                .startsWith("""
                r0 = map[account][0]+0
                r0 = *(u64 *)(r0 +64)
                if r0 == 0 goto +47
                r1 = map[place_hits][0]+0+8*place
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                r0 = map[places][0]+0+24*place
                r6 = *(u64 *)(r0 +0)
                """);
    }

    @Test
    void a_name_is_compared_and_sent_where_it_lies() {
        assertThat(Handlers.listing(at(Numbering.LINKED).pre((p, regs) -> {
                    if (p.symbolName().equals("vfs_read")) {
                        Kernel.printf("%s", p.symbolName());
                    }
                    return 0;
                })))
                .isEqualTo("""
                r0 = map[account][0]+0
                r0 = *(u64 *)(r0 +64)
                if r0 == 0 goto +61
                r1 = map[place_hits][0]+0+8*place
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                r2 = map[places][0]+8+24*place
                r1 = *(u64 *)(r2 +0)
                r0 = 0x646165725f736676 ll
                if r1 != r0 goto +4
                r0 = *(u8 *)(r2 +8)
                if w0 != 0 goto +2
                w0 = 0
                goto +1
                w0 = -1
                if w0 != 0 goto +16
                r6 = map[places][0]+8+24*place
                r1 = map[log]
                r2 = 24
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +10
                *(u64 *)(r0 +0) = 1
                r1 = *(u64 *)(r6 +0)
                *(u64 *)(r0 +8) = r1
                r1 = *(u64 *)(r6 +8)
                *(u64 *)(r0 +16) = r1
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                r0 = 16
                *(u64 *)(r10 -24) = r0
                r1 = map[log]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048543 goto +15
                r1 = map[log]
                r2 = 24
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -23
                r0 = *(u64 *)(r10 -24)
                r0 -= 1
                *(u64 *)(r10 -24) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -24
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -29
                w0 = 0
                exit
                """);
    }

    @Test
    void the_row_is_found_where_it_is_used_and_the_number_bounded_again() {
        assertThat(Handlers.listing(at(Numbering.COOKIE).pre((p, regs) -> {
                    if (regs.arg(0) == 0) {
                        Kernel.printf("%d", p.addr());
                    }
                    return 0;
                })))
                .startsWith("""
                r6 = r1
                r0 = map[account][0]+0
                r0 = *(u64 *)(r0 +64)
                if r0 == 0 goto +63
                r1 = r6
                call bpf_get_attach_cookie#174
                r1 = r0
                if r0 >= 3 goto +28
                r0 <<= 3
                r2 = map[place_hits][0]+0
                r2 += r0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r0 = *(u64 *)(r6 +112)
                if r0 != 0 goto +18
                r0 = r1
                if r0 >= 3 goto +20
                r0 *= 24
                r1 = map[places][0]+0
                r1 += r0
                r6 = *(u64 *)(r1 +0)
                r1 = map[log]
                """);
    }

    @Test
    void a_row_is_an_address_and_a_name() {
        assertThat(Places.nameBytes(7)).isEqualTo(8);
        assertThat(Places.nameBytes(8)).isEqualTo(16);
        assertThat(Places.rowBytes(16)).isEqualTo(24);
        ByteBuffer table = ByteBuffer.allocate(48);
        Places.write(table, 24, 0x0102, "ab");
        byte[] expected = new byte[48];
        expected[24] = 2;
        expected[25] = 1;
        expected[32] = 'a';
        expected[33] = 'b';
        assertThat(table.array()).isEqualTo(expected);
        assertThatThrownBy(() -> Places.write(table, 1, 0, "x")).hasMessage("no row begins at byte 1");
        assertThatThrownBy(() -> new Planted.Many(PATTERN, 0, 8, Numbering.COOKIE, Optional.empty()))
                .hasMessage("0 places of vfs_*");
        assertThatThrownBy(() -> new Planted.Many(PATTERN, 1, 12, Numbering.COOKIE, Optional.empty()))
                .hasMessage("a name's field has 12 bytes, which is no multiple of 8");
    }

    @Test
    void registers_that_are_read() {
        assertThat(new Handlers().pre((p, regs) -> (int) regs.arg(0)).registers())
                .isEmpty();
        assertThat(new Handlers()
                        .pre((p, regs) -> {
                            Kernel.printf("%d %d", regs.arg(1), regs.ip());
                            return 0;
                        })
                        .registers())
                .containsExactlyInAnyOrder("si", "ip");
        assertThat(new Handlers()
                        .on(Architecture.ARM)
                        .shaped(new ProgramShape.Entry(OptionalLong.of(7)))
                        .<Void>entry((ri, regs) -> 0)
                        .registers())
                .containsExactly("lr");
        assertThat(new Handlers()
                        .pre((p, regs) -> {
                            Kernel.printf("%s", Kernel.userStack());
                            return 0;
                        })
                        .registers())
                .isEmpty();
    }

    // ---- refusals ----

    @ParameterizedTest
    @EnumSource
    void arguments_by_name_need_one_prototype(Numbering numbering) {
        PreHandler pre = (p, regs) -> regs.args(VfsRead.class).count();
        Refusals.refused(
                at(numbering),
                pre,
                "0: the functions of vfs_* do not all take the same arguments; read them by number: regs.arg(0)");
        EntryHandler<Void> entry = (ri, regs) -> ri.args(VfsRead.class).count();
        assertThat(Refusals.message(() -> at(numbering)
                        .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                        .entry(entry)))
                .isEqualTo(
                        "PlacesTest.java:%d: the functions of vfs_* do not all take the same arguments; read them by number: regs.arg(0)"
                                .formatted(Refusals.firstLine(entry)));
        ReturnHandler<Void> ret = (ri, regs) -> ri.args(VfsRead.class).count();
        assertThat(Refusals.message(() ->
                        at(numbering).shaped(new ProgramShape.Return(false)).ret(ret)))
                .isEqualTo(
                        "PlacesTest.java:%d: the functions of vfs_* do not all take the same arguments; read them by number in the entry handler, regs.arg(0), and keep them in ri.data()"
                                .formatted(Refusals.firstLine(ret)));
        ReturnHandler<Void> returned = (ri, regs) -> (int) ri.returnValue();
        assertThat(Refusals.message(() ->
                        at(numbering).shaped(new ProgramShape.Return(false)).ret(returned)))
                .isEqualTo(
                        "PlacesTest.java:%d: the functions of vfs_* do not all have the same prototype, so what they return has no one type; use regs.returnValue(), the whole register"
                                .formatted(Refusals.firstLine(returned)));
        PreHandler misspelled = (p, regs) -> regs.args(Misspelled.class).cound();
        Refusals.refused(
                at(numbering, Optional.of("vfs_read")).shaped(new ProgramShape.Pre()),
                misspelled,
                "0: vfs_read has no parameter cound; nearest: count; it has file, buf, count, pos, sync, nr, seventh");
    }

    interface Misspelled extends FunctionArguments {
        int cound();
    }

    @Test
    void what_only_a_known_name_can_do() {
        RingBuffer<Hit> ring = handlers.ring("ring", Hit.class);
        handlers.at(PATTERN, NAMES.size(), Numbering.COOKIE, Optional.empty());
        Refusals.refused(
                handlers,
                (p, regs) -> p.symbolName().length(),
                "0: a handler cannot call length on a string of the kernel, whose characters would have to be decoded; use Kernel.byteLength(s)");
        assertThat(ring).isNotNull();
    }
}
