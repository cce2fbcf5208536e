package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.UserMemory;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/** The probed function's arguments by name: at its entry from the registers, at its return as they were then. */
class FunctionArgumentsTest {
    private static final long FILE = 0xffff_9000_0000_0000L;
    private static final long POSITION = 0xffff_9000_0001_0000L;
    private static final long USER = 0x7fff_0000_0000L;
    private static final long STACK = 0xffff_c900_0000_4000L;
    /** What the calling convention leaves undefined above 32 bits. */
    private static final long NOISE = 0x7654_3210L << 32;

    interface File extends KernelStruct {
        int fKind();
    }

    interface VfsRead extends FunctionArguments {
        File file();

        @Name("file")
        long fileAddress();

        @UserMemory
        byte buf(int index);

        long count();

        @Name("count")
        int shortCount();

        long pos(int index);

        boolean sync();

        int nr();

        int seventh();

        default boolean isLong() {
            return count() > 100;
        }
    }

    interface Misspelled extends FunctionArguments {
        long fil();

        long zzzzzz();

        short count();
    }

    interface ByValue extends FunctionArguments {
        int first();

        int node();

        int last();
    }

    interface Wide extends FunctionArguments {
        int first();

        long second();

        int third();
    }

    static final class Data {
        int stamp;
    }

    private final FakeKernel kernel = new FakeKernel();

    private static Handlers handlers() {
        return new Handlers().btf(DataTypes::btf);
    }

    private static byte[] at(Architecture machine, long stackPointer, long... arguments) {
        byte[] context = Handlers.context(machine, arguments);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), machine, machine.sp(), stackPointer);
        return context;
    }

    @Test
    void values_are_cut_to_their_types() {
        kernel.kernel.put(FILE, DataTypes.file().array());
        kernel.kernel.put(POSITION, new byte[] {-2, -1, -1, -1, -1, -1, -1, -1, 5, 0, 0, 0, 0, 0, 0, 0});
        kernel.user.put(USER, new byte[] {4, 5, 6});
        PreHandler handler = (p, regs) -> {
            var args = regs.args(VfsRead.class);
            Kernel.printf("%d %x", args.file().fKind(), args.fileAddress());
            Kernel.printf("%d %d %b", args.count(), args.shortCount(), args.isLong());
            Kernel.printf("%d %d %d", args.pos(0), args.pos(1), args.buf(2));
            Kernel.printf("%b %d", args.sync(), args.nr());
            return 0;
        };
        var hit = Handlers.hit(
                handlers().pre(handler),
                kernel,
                at(
                        Architecture.X86_64,
                        STACK,
                        FILE,
                        USER,
                        NOISE | 0xffff_fff0L,
                        POSITION,
                        NOISE | 0x100,
                        NOISE | 0x1234_fffeL));
        assertThat(hit.lines()).containsExactly("22 ffff900000000000", "4294967280 -16 true", "-2 5 6", "false -2");
    }

    static long halfCount(PtRegs regs) {
        return regs.args(VfsRead.class).count() / 2;
    }

    static long doubled(VfsRead args) {
        return 2 * args.count();
    }

    @Test
    void methods_that_take_the_registers_or_the_arguments() {
        var program = handlers().pre((p, regs) -> {
            Kernel.printf("%d %d", halfCount(regs), doubled(regs.args(VfsRead.class)));
            return 0;
        });
        assertThat(Handlers.hit(program, kernel, at(Architecture.X86_64, STACK, 0, 0, 10))
                        .lines())
                .containsExactly("5 20");
    }

    @Test
    void a_function_of_a_module() {
        kernel.kernel.put(FILE, DataTypes.file().array());
        PreHandler handler = (p, regs) -> {
            var args = regs.args(VfsRead.class);
            Kernel.printf("%d %d", args.file().fKind(), args.count());
            return 0;
        };
        var program = new Handlers().btf(Types::btf).module(DataTypes.btf()).pre(handler);
        assertThat(Handlers.hit(program, kernel, at(Architecture.X86_64, STACK, FILE, 0, 7))
                        .lines())
                .containsExactly("22 7");
    }

    @Test
    void refusals() {
        Refusals.refused(
                handlers(),
                (p, regs) -> (int) regs.args(Misspelled.class).fil(),
                "0: vfs_read has no parameter fil; nearest: file; it has file, buf, count, pos, sync, nr, seventh");
        Refusals.refused(
                handlers(),
                (p, regs) -> (int) regs.args(Misspelled.class).zzzzzz(),
                "0: vfs_read has no parameter zzzzzz; it has file, buf, count, pos, sync, nr, seventh");
        Refusals.refused(
                handlers(),
                (p, regs) -> regs.args(Misspelled.class).count(),
                "0: FunctionArgumentsTest.Misspelled.count: the parameter count has 4 bytes, a Java short only 2; declare it as int");
        Refusals.refused(
                handlers(),
                (p, regs) -> regs.args(VfsRead.class).seventh(),
                "0: FunctionArgumentsTest.VfsRead.seventh: the parameter seventh is not in a register on X86; read the stack, from regs.sp() on, with Kernel.readLong");
        Refusals.refused(
                handlers().at("by_value"),
                (p, regs) -> {
                    var args = regs.args(ByValue.class);
                    Kernel.printf("%d", args.first());
                    Kernel.printf("%d", args.node());
                    return args.last();
                },
                "2: FunctionArgumentsTest.ByValue.node: the parameter node is struct inode, a structure passed by value; look up its registers and use regs.arg(n)",
                "3: FunctionArgumentsTest.ByValue.last: the parameter last comes after node, a structure passed by value, so its register is not known; look it up and use regs.arg(n)");
        Refusals.refused(
                handlers().at("vfs_read+0x8"),
                (p, regs) -> (int) regs.args(VfsRead.class).count(),
                "0: the argument registers hold the arguments at the function's first instruction only, and this probe is at vfs_read+0x8; probe vfs_read without an offset, or read the registers");
        Refusals.refused(
                handlers().at("vfs_write"),
                (p, regs) -> (int) regs.args(VfsRead.class).count(),
                "0: the kernel's BTF does not have the parameters of vfs_write; read them with regs.arg(n)");
        Refusals.refused(
                new Handlers(),
                (p, regs) -> (int) regs.args(VfsRead.class).count(),
                "0: this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work");
        Refusals.refused(
                handlers().shaped(new ProgramShape.Post(Handlers.next(Architecture.X86_64, 0))),
                (p, regs) -> (int) regs.args(VfsRead.class).count(),
                "0: the argument registers may hold other values after the probed instruction; use regs.args(FunctionArgumentsTest.VfsRead.class) in the pre handler");
        ReturnHandler<Void> atReturn =
                (ri, regs) -> (int) regs.args(VfsRead.class).count();
        assertThat(Refusals.message(
                        () -> handlers().shaped(new ProgramShape.Return(false)).ret(atReturn)))
                .isEqualTo(
                        "FunctionArgumentsTest.java:%d: the argument registers hold other values by the time the function returns; use ri.args(FunctionArgumentsTest.VfsRead.class), which are kept from its entry"
                                .formatted(Refusals.firstLine(atReturn)));
    }

    @Test
    void two_registers_on_32_bits() {
        var hit = Handlers.hit(
                handlers().on(Architecture.ARM).at("wide").pre((p, regs) -> {
                    var args = regs.args(Wide.class);
                    Kernel.printf("%d", args.first());
                    return 0;
                }),
                kernel,
                at(Architecture.ARM, STACK, -7, 1, 2, 3));
        assertThat(hit.lines()).containsExactly("-7");
        Refusals.refused(
                handlers().on(Architecture.ARM).at("wide"),
                (p, regs) -> {
                    var args = regs.args(Wide.class);
                    Kernel.printf("%d", args.second());
                    return args.third();
                },
                "1: FunctionArgumentsTest.Wide.second: the parameter second is unsigned long, of 64 bits, and takes two registers of Arm; use regs.arg(2) and regs.arg(3)",
                "2: FunctionArgumentsTest.Wide.third: the parameter third is not in a register on Arm; read the stack, from regs.sp() on, with Kernel.readLong");
    }

    // ---- kept for the return ----

    private CompiledProgram ret(Architecture machine) {
        return handlers()
                .on(machine)
                .data(Data.class)
                .shaped(new ProgramShape.Return(true))
                .<Data>ret((ri, regs) -> {
                    var args = ri.args(VfsRead.class);
                    Kernel.printf("%d %b %d %d", args.shortCount(), args.isLong(), ri.data().stamp, args.fileAddress());
                    return 0;
                });
    }

    private CompiledProgram entry(Architecture machine, CompiledProgram ret) {
        return handlers()
                .on(machine)
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), ret.keptArguments()))
                .<Data>entry((ri, regs) -> {
                    ri.data().stamp = ri.args(VfsRead.class).shortCount() + 1;
                    return 0;
                });
    }

    @ParameterizedTest
    @EnumSource
    void what_the_return_handler_reads_is_kept(Architecture machine) {
        CompiledProgram ret = ret(machine);
        assertThat(ret.keptArguments()).containsExactly(2, 0);
        CompiledProgram entry = entry(machine, ret);
        assertThat(entry.callBytes()).isEqualTo(32).isEqualTo(ret.callBytes());
        // The function calls itself: each call has arguments of its own.
        Handlers.hit(entry, kernel, at(machine, STACK, 1, 2, 30));
        Handlers.hit(entry, kernel, at(machine, STACK - 64, 3, 4, 200));
        int delta = machine.returnStackDelta();
        assertThat(Handlers.hit(ret, kernel, at(machine, STACK - 64 + delta, 9, 9, 9))
                        .lines())
                .containsExactly("200 true 201 3");
        kernel.rings.clear();
        assertThat(Handlers.hit(ret, kernel, at(machine, STACK + delta, 9, 9, 9))
                        .lines())
                .containsExactly("30 false 31 1");
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void without_data_and_for_a_call_that_was_not_seen() {
        CompiledProgram ret = handlers().shaped(new ProgramShape.Return(false)).<Void>ret((ri, regs) -> {
            Kernel.printf("%d", ri.args(VfsRead.class).count());
            return 0;
        });
        EntryHandler<Void> nothing = (ri, regs) -> 0;
        CompiledProgram entry = handlers()
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), ret.keptArguments()))
                .entry(nothing);
        var machine = Architecture.X86_64;
        var unseen = Handlers.hit(ret, kernel, at(machine, STACK + 8));
        assertThat(unseen.lines()).isEmpty();
        assertThat(unseen.count(Account.FILTERED)).isOne();
        Handlers.hit(entry, kernel, at(machine, STACK, 1, 2, NOISE | 5));
        assertThat(Handlers.hit(ret, kernel, at(machine, STACK + 8)).lines()).containsExactly("5");
    }

    @ParameterizedTest
    @EnumSource
    void by_number_at_the_entry_and_kept_for_the_return(Architecture machine) {
        CompiledProgram ret = handlers()
                .on(machine)
                .shaped(new ProgramShape.Return(true))
                .<Void>ret((ri, regs) -> {
                    Kernel.printf("%d %d", ri.arg(2), ri.arg(0));
                    return 0;
                });
        assertThat(ret.keptArguments()).containsExactly(2, 0);
        CompiledProgram entry = handlers()
                .on(machine)
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), ret.keptArguments()))
                .<Void>entry((ri, regs) -> ri.arg(1) == 2 ? 0 : 1);
        Handlers.hit(entry, kernel, at(machine, STACK, 1, 2, 30));
        Handlers.hit(entry, kernel, at(machine, STACK - 64, 1, 3, 30));
        int delta = machine.returnStackDelta();
        assertThat(Handlers.hit(ret, kernel, at(machine, STACK - 64 + delta, 9, 9, 9))
                        .lines())
                .isEmpty();
        assertThat(Handlers.hit(ret, kernel, at(machine, STACK + delta, 9, 9, 9))
                        .lines())
                .containsExactly("30 1");
    }

    @Test
    void a_number_beyond_the_registers_is_refused() {
        assertThatThrownBy(() -> handlers()
                        .shaped(new ProgramShape.Return(true))
                        .<Void>ret((ri, regs) -> ri.arg(6) == 0 ? 0 : 1))
                .hasMessageEndingWith(
                        ": arg(6) is not in a register on X86; name the registers yourself or read the stack");
    }
}
