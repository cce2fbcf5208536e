package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelGlobals;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;
import org.kprobe4j.OnFault;
import org.kprobe4j.PerCpu;
import org.kprobe4j.PreHandler;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.UserMemory;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfType.Param;
import org.kprobe4j.btf.BtfType.SectionVariable;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/** Strings wherever the kernel has them: in arrays, in arrays of structures, as arguments, as variables. */
class TextPlacesTest {
    private static final long TABLE = 0xffff_9000_0010_0000L;
    private static final long TEXT = 0xffff_9000_0011_0000L;
    private static final long USER = 0x7fff_0000_1000L;
    private static final long VARIABLE = 0xffff_ffff_8200_0000L;
    private static final long NOT_MAPPED = 0xdead_0000_0000_0000L;

    interface Entry extends KernelStruct {
        String name();

        int n();
    }

    interface Table extends KernelStruct {
        Entry[] entries();

        @Name("entries")
        Entry entry(int index);

        String[] names();

        @Name("names")
        @OnFault
        String name(int index);

        String words(int index);

        String more(int index);
    }

    interface Open extends FunctionArguments {
        Table table();

        @UserMemory
        String filename();

        @UserMemory
        @OnFault
        @Name("filename")
        @MaxBytes(5)
        String shortName();

        @Name("filename")
        String forgotten();

        @Name("table")
        String wrong();

        int flags();
    }

    interface Variables extends KernelGlobals {
        @PerCpu
        String perCpuName();

        String banner();

        @Name("banner")
        KernelStruct bannerAddress();

        @Name("command")
        long commandAddress();
    }

    private final FakeKernel kernel = new FakeKernel();

    private static Handlers handlers() {
        return new Handlers()
                .btf(TextPlacesTest::btf)
                .variable("per_cpu_name", VARIABLE)
                .variable("banner", VARIABLE)
                .variable("command", VARIABLE + 0x100);
    }

    private static Optional<Btf> btf() {
        var out = new BtfWriter();
        int character = out.integer("char", 1, true);
        int s32 = out.integer("int", 4, true);
        int pointer = out.pointer(out.modifier(BtfKind.CONST, character));
        int entry = out.struct(
                "entry",
                12,
                List.of(new Member("name", out.array(character, s32, 8), 0, 0), new Member("n", s32, 64, 0)));
        int table = out.struct(
                "table",
                80,
                List.of(
                        new Member("entries", out.array(entry, s32, 3), 0, 0),
                        new Member("names", out.array(pointer, s32, 2), 40 * 8, 0),
                        new Member("words", out.array(out.array(character, s32, 4), s32, 3), 56 * 8, 0),
                        new Member("more", out.pointer(pointer), 72 * 8, 0)));
        out.function(
                "do_open",
                out.functionProto(
                        s32,
                        List.of(
                                new Param("table", out.pointer(table)),
                                new Param("filename", pointer),
                                new Param("flags", s32)),
                        false),
                Linkage.GLOBAL);
        int own = out.variable("per_cpu_name", out.array(character, s32, 5), Linkage.GLOBAL);
        out.dataSection(".data..percpu", 5, List.of(new SectionVariable(own, 0, 5)));
        return Optional.of(Btf.parse(ByteBuffer.wrap(out.toBytes(ByteOrder.LITTLE_ENDIAN))));
    }

    private static byte[] nulEnded(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    private Handlers.Hit hit(CompiledProgram program, long... arguments) {
        kernel.rings.clear();
        var table = ByteBuffer.allocate(96).order(ByteOrder.LITTLE_ENDIAN);
        table.put(0, nulEnded("zero"))
                .put(12, "complete".getBytes(StandardCharsets.UTF_8))
                .put(24, nulEnded("two"));
        table.putInt(8, 10).putInt(20, 11).putInt(32, 12);
        table.putLong(40, TEXT)
                .putLong(48, NOT_MAPPED)
                .putLong(72, TABLE + 80)
                .putLong(80, NOT_MAPPED)
                .putLong(88, TEXT);
        table.put(56, nulEnded("abc")).put(60, nulEnded("d")).put(64, "full".getBytes(StandardCharsets.UTF_8));
        kernel.kernel.put(TABLE, table.array());
        kernel.kernel.put(TEXT, nulEnded("a text"));
        kernel.kernel.put(VARIABLE, nulEnded("Linux version"));
        kernel.kernel.put(
                VARIABLE + 0x100,
                ByteBuffer.allocate(8)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(TEXT)
                        .array());
        kernel.user.put(USER, nulEnded("/etc/passwd"));
        return Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    @Test
    void in_arrays() {
        PreHandler handler = (p, regs) -> {
            var table = Kernel.struct(regs.arg(0), Table.class);
            int found = -1;
            for (Entry entry : table.entries()) {
                if (entry.name().equals("complete")) {
                    found = entry.n();
                }
                Kernel.printf("%s", entry.name());
            }
            int index = (int) regs.arg(1);
            Kernel.printf(
                    "%d %s %b",
                    found,
                    table.entry(index).name(),
                    table.entries()[index].name().startsWith("t"));
            Kernel.printf("%s [%s] %s %s", table.names()[0], table.name(1), table.words(index), table.words(0));
            Kernel.printf("%s", table.more(1));
            return 0;
        };
        var program = handlers().pre(handler);
        var hit = hit(program, TABLE, 2);
        assertThat(hit.lines())
                .containsExactly("zero", "complete", "two", "11 two true", "a text [] full abc", "a text");
        assertThat(hit.faults()).containsExactly("read of a string at an address that is not mapped");
        assertThat(hit(program, TABLE, 3).faults()).containsExactly("Index out of bounds for length 3");
    }

    @Test
    void as_arguments() {
        PreHandler handler = (p, regs) -> {
            var args = regs.args(Open.class);
            Kernel.printf(
                    "%s %s %b %d %s",
                    args.filename(),
                    args.shortName(),
                    args.filename().endsWith("passwd"),
                    args.flags(),
                    args.table().words(1));
            return 0;
        };
        var program = handlers().at("do_open").pre(handler);
        assertThat(hit(program, TABLE, USER, 3).lines()).containsExactly("/etc/passwd /etc true 3 d");
        var absent = hit(program, TABLE, NOT_MAPPED, 3);
        assertThat(absent.lines()).isEmpty();
        assertThat(absent.faults()).contains("read of a string in user memory that is not present");
        Refusals.refused(
                handlers().at("do_open"),
                (p, regs) -> regs.args(Open.class).wrong().isEmpty() ? 1 : 0,
                "0: TextPlacesTest.Open.wrong: the parameter table is struct table *, neither char * nor an array of char");
    }

    @Test
    void kernel_pointers_need_no_annotation() {
        var program = handlers().at("do_open").pre((p, regs) -> {
            Kernel.printf("%s", regs.args(Open.class).forgotten());
            return 0;
        });
        assertThat(hit(program, TABLE, TEXT, 0).lines()).containsExactly("a text");
        assertThat(hit(program, TABLE, USER, 0).faults())
                .containsExactly("read of a string at an address that is not mapped");
    }

    @Test
    void arguments_at_the_return() {
        ReturnHandler<Void> atReturn = (ri, regs) -> {
            Kernel.printf("%s %d", ri.args(Open.class).filename(), regs.returnValue());
            return 0;
        };
        var back =
                handlers().at("do_open").shaped(new ProgramShape.Return(true)).ret(atReturn);
        EntryHandler<Void> atEntry = (ri, regs) -> 0;
        var entry = handlers()
                .at("do_open")
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), back.keptArguments()))
                .entry(atEntry);
        hit(entry, TABLE, USER, 3);
        byte[] context = Handlers.context(Architecture.X86_64);
        ByteBuffer registers = ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN);
        Handlers.put(
                registers,
                Architecture.X86_64,
                Architecture.X86_64.sp(),
                0xffff_c900_0000_1000L + Architecture.X86_64.returnStackDelta());
        assertThat(Handlers.hit(back, kernel, context).lines()).containsExactly("/etc/passwd 0");
    }

    @Test
    void as_variables() {
        PreHandler handler = (p, regs) -> {
            var variables = Kernel.globals(Variables.class);
            Kernel.printf(
                    "%s %s %s",
                    variables.perCpuName(),
                    Kernel.string(variables.bannerAddress().address()),
                    Kernel.string(variables.commandAddress()));
            return 0;
        };
        assertThat(hit(handlers().pre(handler)).lines()).containsExactly("Linux Linux version a text");
        Refusals.refused(
                handlers(),
                (p, regs) -> Kernel.globals(Variables.class).banner().isEmpty() ? 1 : 0,
                "0: TextPlacesTest.Variables.banner: the variable banner has no type in this kernel's BTF; of a char * declare long banner() and use Kernel.string(banner()), of an array KernelStruct banner() and Kernel.string(banner().address())");
    }
}
