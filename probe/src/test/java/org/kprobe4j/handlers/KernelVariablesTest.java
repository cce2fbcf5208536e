package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelGlobals;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;
import org.kprobe4j.PerCpu;
import org.kprobe4j.PreHandler;
import org.kprobe4j.compiler.Architecture;

/** Variables by symbol: at their addresses, each CPU's own at its offset. */
class KernelVariablesTest {
    private static final long JIFFIES = 0xffff_ffff_8200_0000L;
    private static final long INODE = 0xffff_ffff_8200_1000L;
    private static final long OFFSETS = 0xffff_ffff_8200_2000L;
    private static final long COUNT = 0xffff_ffff_8200_3000L;
    private static final long AREA = 0xffff_8880_1000_0000L;
    private static final long OWN = 0x2000;

    interface Inode extends KernelStruct {
        long iIno();
    }

    interface Vm extends KernelGlobals {
        long jiffies();

        @Name("jiffies")
        short lowerJiffies();

        @Name("jiffies")
        byte jiffiesByte(int index);

        @Name("the_inode")
        Inode node();

        @PerCpu
        Inode perCpuInode();

        @PerCpu
        Inode perCpuInode(int cpu);

        @PerCpu
        @Name("per_cpu_inode")
        int wrong();

        @Name("per_cpu_inode")
        Inode forgotten();

        @PerCpu
        Inode commonInode();

        long jifies();

        int twice();

        @Name("jiffies")
        int[] many();
    }

    private final FakeKernel kernel = new FakeKernel();

    private static Handlers handlers() {
        return new Handlers()
                .btf(DataTypes::btf)
                .variable("jiffies", JIFFIES)
                .variable("the_inode", INODE)
                .variable("per_cpu_inode", OWN)
                .variable("common_inode", INODE)
                .variable("__per_cpu_offset", OFFSETS)
                .variable("nr_cpu_ids", COUNT)
                .variable("twice", 1)
                .variable("twice", 2);
    }

    private Handlers.Hit hit(PreHandler handler, long... arguments) {
        kernel.kernel.put(JIFFIES, new byte[] {-2, -1, 3, 0, 0, 0, 0, 1});
        kernel.kernel.put(INODE, DataTypes.inode(5, 0));
        var offsets = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (int cpu = 0; cpu < 3; cpu++) {
            offsets.putLong(8 * cpu, AREA + 0x10000L * cpu);
            kernel.kernel.put(AREA + 0x10000L * cpu + OWN, DataTypes.inode(100 + cpu, 0));
        }
        kernel.kernel.put(OFFSETS, offsets.array());
        kernel.kernel.put(COUNT, new byte[] {3, 0, 0, 0});
        return Handlers.hit(handlers().pre(handler), kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    @Test
    void numbers_and_structures() {
        var hit = hit((p, regs) -> {
            var vm = Kernel.globals(Vm.class);
            Kernel.printf("%x %d %d", vm.jiffies(), vm.lowerJiffies(), vm.jiffiesByte(2));
            Kernel.printf("%d %x", vm.node().iIno(), vm.node().address());
            return 0;
        });
        assertThat(hit.lines()).containsExactly("10000000003fffe -2 3", "5 ffffffff82001000");
    }

    @Test
    void each_cpus_own() {
        PreHandler handler = (p, regs) -> {
            var vm = Kernel.globals(Vm.class);
            Kernel.printf("%d %d", vm.perCpuInode().iIno(), vm.perCpuInode(2).iIno());
            Kernel.printf("%d", vm.perCpuInode((int) regs.arg(0)).iIno());
            return 0;
        };
        assertThat(hit(handler, 0).lines()).containsExactly("101 102", "100");
        for (long wrong : new long[] {3, -1}) {
            assertThat(hit(handler, wrong).faults()).containsExactly("there is no CPU of that number");
        }
    }

    @Test
    void on_a_kernel_for_one_cpu() {
        kernel.kernel.put(INODE, DataTypes.inode(5, 0));
        var program = new Handlers()
                .btf(DataTypes::btf)
                .variable("per_cpu_inode", INODE)
                .pre((p, regs) -> {
                    Kernel.printf("%d", Kernel.globals(Vm.class).perCpuInode().iIno());
                    return 0;
                });
        assertThat(Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64))
                        .lines())
                .containsExactly("5");
    }

    @Test
    void refusals() {
        Refusals.refused(
                handlers(),
                (p, regs) -> (int) Kernel.globals(Vm.class).jifies(),
                "0: the kernel has no variable jifies; nearest: jiffies; if it is not misspelled, the kernel was built without CONFIG_KALLSYMS_ALL");
        Refusals.refused(
                handlers(),
                (p, regs) -> Kernel.globals(Vm.class).twice(),
                "0: the kernel has 2 variables named twice; find the address and use Kernel.readLong");
        Refusals.refused(
                handlers(),
                (p, regs) -> Kernel.globals(Vm.class).forgotten().isNull() ? 1 : 0,
                "0: KernelVariablesTest.Vm.forgotten: the variable per_cpu_inode is each CPU's own; add @PerCpu");
        Refusals.refused(
                handlers(),
                (p, regs) -> Kernel.globals(Vm.class).commonInode().isNull() ? 1 : 0,
                "0: KernelVariablesTest.Vm.commonInode: the variable common_inode is one for all CPUs; leave out @PerCpu");
        Refusals.refused(
                handlers(),
                (p, regs) -> Kernel.globals(Vm.class).wrong(),
                "0: KernelVariablesTest.Vm.wrong: the variable per_cpu_inode is struct inode; give it an interface for its type");
        Refusals.refused(
                handlers(),
                (p, regs) -> Kernel.globals(Vm.class).many()[0],
                "0: KernelVariablesTest.Vm.many: the variable jiffies has no type in this kernel's BTF; declare it as a number or a structure");
        Refusals.refused(
                handlers().variable("hidden", 0),
                (p, regs) -> (int) Kernel.globals(Vm.class).jiffies(),
                "0: the kernel's variables cannot be found: the kernel shows every address as 0");
    }
}
