package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.KretprobeInstance;
import org.kprobe4j.ReturnHandler;
import org.kprobe4j.SimulatedKernel;
import org.kprobe4j.UsageException;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType.Enumerator;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.ProgramShape;

/** What a function returned, by the type that the kernel's BTF declares. */
class ReturnValueTest {
    private static final long INODE = 0xffff_9000_0000_0000L;
    /** What the calling convention leaves undefined above 32 bits. */
    private static final long NOISE = 0x7654_3210L << 32;

    interface Inode extends KernelStruct {
        int iMode();
    }

    interface Dentry extends KernelStruct {
        int dFlags();
    }

    private final FakeKernel kernel = new FakeKernel();

    private static Optional<Btf> btf() {
        var out = new BtfWriter();
        int s8 = out.integer("signed char", 1, true);
        int u16 = out.integer("unsigned short", 2, false);
        int s32 = out.integer("int", 4, true);
        int u32 = out.integer("unsigned int", 4, false);
        int u64 = out.integer("unsigned long", 8, false);
        int bool = out.bool("_Bool");
        int inode = out.struct("inode", 8, List.of(new Member("i_mode", u32, 32, 0)));
        out.struct("dentry", 4, List.of(new Member("d_flags", u32, 0, 0)));
        function(out, "signed_char", s8);
        function(out, "unsigned_short", u16);
        function(out, "signed_int", out.typedef("vm_fault_t", s32));
        function(out, "unsigned_int", u32);
        function(out, "unsigned_long", u64);
        function(out, "truth", bool);
        function(
                out,
                "mood",
                out.enumeration("mood", 4, List.of(new Enumerator("GLOOMY", -1), new Enumerator("GAY", 1))));
        function(out, "inode", out.pointer(out.modifier(BtfKind.CONST, inode)));
        function(out, "by_value", inode);
        function(out, "nothing", 0);
        return Optional.of(Btf.parse(ByteBuffer.wrap(out.toBytes(ByteOrder.LITTLE_ENDIAN))));
    }

    private static void function(BtfWriter out, String name, int result) {
        out.function(name, out.functionProto(result, List.of(), false), Linkage.GLOBAL);
    }

    private static Handlers of(String function) {
        return new Handlers().btf(ReturnValueTest::btf).at(function).shaped(new ProgramShape.Return(false));
    }

    private List<String> lines(Handlers compiler, Architecture machine, long register, ReturnHandler<Void> handler) {
        byte[] context = Handlers.context(machine);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), machine, machine.returnValue(), register);
        return Handlers.hit(compiler.on(machine).ret(handler), kernel, context).lines();
    }

    @ParameterizedTest
    @CsvSource({
        "signed_char, -2",
        "unsigned_short, 65534",
        "signed_int, -2",
        "unsigned_int, 4294967294",
        "mood, -2",
    })
    void a_number_has_the_width_and_sign_of_its_type(String function, long expected) {
        ReturnHandler<Void> handler = (ri, regs) -> {
            Kernel.printf("%d", ri.returnValue());
            return 0;
        };
        assertThat(lines(of(function), Architecture.X86_64, NOISE | 0xffff_fffeL, handler))
                .containsExactly(Long.toString(expected));
        kernel.rings.clear();
        assertThat(lines(of(function), Architecture.ARM64, NOISE | 0xffff_fffeL, handler))
                .containsExactly(Long.toString(expected));
        kernel.rings.clear();
        assertThat(lines(of(function), Architecture.ARM, 0xffff_fffeL, handler))
                .containsExactly(Long.toString(expected));
    }

    @Test
    void all_of_the_register_is_a_long_and_a_pointer() {
        ReturnHandler<Void> handler = (ri, regs) -> {
            Kernel.printf("%x %x", ri.returnValue(), regs.returnValue());
            return 0;
        };
        assertThat(lines(of("unsigned_long"), Architecture.X86_64, NOISE | 1, handler))
                .containsExactly("7654321000000001 7654321000000001");
        kernel.rings.clear();
        assertThat(lines(of("truth"), Architecture.X86_64, NOISE | 0x7701, handler))
                .containsExactly("1 7654321000007701");
        kernel.rings.clear();
        assertThat(lines(of("inode"), Architecture.X86_64, INODE, handler))
                .containsExactly("ffff900000000000 ffff900000000000");
    }

    /** The kernel leaves the register unset there: it is where the registers themselves end. */
    @Test
    void the_stack_pointer_at_a_return_of_32_bit_arm_follows_from_where_the_registers_lie() {
        ReturnHandler<Void> handler = (ri, regs) -> {
            Kernel.printf("0x%x", regs.sp());
            return 0;
        };
        var arm = Architecture.ARM;
        byte[] context = Handlers.context(arm);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), arm, arm.sp(), 0x8040_1040L);
        var program = of("signed_int").on(arm).ret(handler);
        assertThat(Handlers.hit(program, kernel, context).lines()).containsExactly("0x80401040");
        assertThat(program.code().disassemble()).contains(" += 64").doesNotContain("*(u32 *)(");
    }

    @Test
    void a_structure_is_read_where_the_pointer_leads() {
        kernel.kernel.put(INODE, new byte[] {9, 9, 9, 9, 5, 0, 0, 0});
        ReturnHandler<Void> handler = (ri, regs) -> {
            var inode = ri.returnValue(Inode.class);
            if (inode.isNull() || ri.returnValue() < 0 && ri.returnValue() >= -4095) {
                Kernel.printf("none: %d", ri.returnValue());
            } else {
                Kernel.printf("%d", inode.iMode());
            }
            return 0;
        };
        assertThat(lines(of("inode"), Architecture.X86_64, INODE, handler)).containsExactly("5");
        kernel.rings.clear();
        assertThat(lines(of("inode"), Architecture.X86_64, 0, handler)).containsExactly("none: 0");
        kernel.rings.clear();
        assertThat(lines(of("inode"), Architecture.X86_64, -2, handler)).containsExactly("none: -2");
        // Without the test an error is an address that is not mapped.
        ReturnHandler<Void> careless = (ri, regs) -> ri.returnValue(Inode.class).iMode();
        byte[] context = Handlers.context(Architecture.X86_64);
        Handlers.put(
                ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN),
                Architecture.X86_64,
                Architecture.X86_64.returnValue(),
                -2);
        assertThat(Handlers.hit(of("inode").ret(careless), kernel, context).faults())
                .singleElement()
                .asString()
                .contains("read of iMode at an address that is not mapped");
    }

    private static void refused(Handlers compiler, ReturnHandler<Void> handler, String message) {
        assertThat(Refusals.message(() -> compiler.ret(handler)))
                .isEqualTo("ReturnValueTest.java:%d: %s".formatted(Refusals.firstLine(handler), message));
    }

    @Test
    void refusals() {
        refused(of("nothing"), (ri, regs) -> (int) ri.returnValue(), "nothing returns nothing (void)");
        refused(
                of("static.isra.0"),
                (ri, regs) -> (int) ri.returnValue(),
                "the kernel's BTF does not have the type that static.isra.0 returns; use regs.returnValue(), the whole register");
        refused(
                of("by_value"),
                (ri, regs) -> (int) ri.returnValue(),
                "ri.returnValue(): what by_value returns is struct inode, a structure passed by value; look up its registers and use regs.returnValue()");
        refused(
                of("signed_int"),
                (ri, regs) -> ri.returnValue(Inode.class).iMode(),
                "ri.returnValue(ReturnValueTest.Inode.class): what signed_int returns is vm_fault_t, neither a structure nor a pointer to one");
        refused(
                of("inode"),
                (ri, regs) -> ri.returnValue(Dentry.class).dFlags(),
                "the kernel declares this as struct inode, and the interface ReturnValueTest.Dentry stands for struct dentry; put @Name(\"dentry\") on ReturnValueTest.Dentry to read it as that");
        refused(
                new Handlers().at("vfs_read").shaped(new ProgramShape.Return(false)),
                (ri, regs) -> (int) ri.returnValue(),
                "this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work");
        EntryHandler<Void> early = (ri, regs) -> (int) ri.returnValue();
        assertThat(Refusals.message(() -> new Handlers()
                        .btf(ReturnValueTest::btf)
                        .at("signed_int")
                        .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                        .entry(early)))
                .isEqualTo(
                        "ReturnValueTest.java:%d: the function has not returned yet; use ri.returnValue() in the return handler"
                                .formatted(Refusals.firstLine(early)));
    }

    @Test
    void in_the_jvm_it_is_what_the_test_put_there() {
        try (var simulated = SimulatedKernel.open()) {
            var inode = simulated.struct(Inode.class, i -> i.set(Inode::iMode, 5));
            var regs = simulated.regs().returnValue(inode.address()).make();
            KretprobeInstance<Void> ri = simulated.call("inode");
            EntryHandler<Void> early = (call, entry) -> (int) call.returnValue();
            assertThatThrownBy(() -> simulated.runEntry(early, ri, regs))
                    .isInstanceOf(UsageException.class)
                    .hasMessage("this call of inode has not returned yet; use ri.returnValue() in the return handler");
            KretprobeInstance<Void> second = simulated.call("inode");
            ReturnHandler<Void> late = (call, back) -> call.returnValue() == back.returnValue()
                    ? call.returnValue(Inode.class).iMode()
                    : -1;
            assertThat(simulated.runReturn(late, second, regs).result()).hasValue(5);
        }
    }
}
