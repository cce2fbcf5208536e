package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Registers and flags as text: dumps as the kernel's __show_regs() prints them. */
class RegisterTextTest {
    private final SimulatedKernel kernel = SimulatedKernel.open();

    @Test
    void a_dump_on_x86() {
        try (kernel) {
            var regs = kernel.x86()
                    .ip(kernel.symbol("vfs_read+0x1"))
                    .sp(0xffff_c900_0123_fe90L)
                    .set("cs", 0x10)
                    .set("ss", 0x18)
                    .set("flags", 0x10246)
                    .set("ax", -2)
                    .set("r15", 0xf)
                    .set("origAx", -1);
            assertThat(regs.make()).hasToString("""
                            RIP: 0010:vfs_read+0x1/0x1000
                            RSP: 0018:ffffc9000123fe90 EFLAGS: 00010246
                            RAX: fffffffffffffffe RBX: 0000000000000000 RCX: 0000000000000000
                            RDX: 0000000000000000 RSI: 0000000000000000 RDI: 0000000000000000
                            RBP: 0000000000000000 R08: 0000000000000000 R09: 0000000000000000
                            R10: 0000000000000000 R11: 0000000000000000 R12: 0000000000000000
                            R13: 0000000000000000 R14: 0000000000000000 R15: 000000000000000f""");
            assertThat(regs.set("origAx", 0x101).ip(0x10).make().toString().lines())
                    .startsWith(
                            "RIP: 0010:0x10", "RSP: 0018:ffffc9000123fe90 EFLAGS: 00010246 ORIG_RAX: 0000000000000101");
        }
    }

    @Test
    void a_dump_on_arm64() {
        try (kernel) {
            var regs = kernel.arm64()
                    .ip(kernel.symbol("vfs_read"))
                    .set("x30", kernel.symbol("ksys_read+0x70"))
                    .sp(0xffff_8000_8123_bd30L)
                    .set("pstate", 0x6040_0005)
                    .set("x29", 0x29)
                    .set("x0", 5);
            assertThat(regs.make().toString().lines())
                    .hasSize(14)
                    .startsWith(
                            "pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)",
                            "pc : vfs_read+0x0/0x1000",
                            "lr : ksys_read+0x70/0x1000",
                            "sp : ffff80008123bd30",
                            "x29: 0000000000000029 x28: 0000000000000000 x27: 0000000000000000",
                            "x26: 0000000000000000 x25: 0000000000000000 x24: 0000000000000000")
                    .endsWith("x2 : 0000000000000000 x1 : 0000000000000000 x0 : 0000000000000005");
            assertThat(regs.set("pstate", 0x8000_0000L)
                            .ip(0x40_0000)
                            .make()
                            .toString()
                            .lines())
                    .startsWith(
                            "pstate: 80000000 (Nzcv daif -PAN -UAO -TCO -DIT -SSBS BTYPE=--)", "pc : 0000000000400000");
        }
    }

    @Test
    void a_dump_on_arm() {
        try (kernel) {
            assertThat(kernel.arm()
                            .ip(0x10)
                            .set("lr", 0x20)
                            .set("cpsr", 0x6000_0013)
                            .set("r12", 0xc)
                            .set("fp", 0xb)
                            .set("r10", -1)
                            .sp(0xc123_4567L)
                            .make())
                    .hasToString("""
                            PC is at 0x10
                            LR is at 0x20
                            pc : [<00000010>]    lr : [<00000020>]    psr: 60000013
                            sp : c1234567  ip : 0000000c  fp : 0000000b
                            r10: ffffffff  r9 : 00000000  r8 : 00000000
                            r7 : 00000000  r6 : 00000000  r5 : 00000000  r4 : 00000000
                            r3 : 00000000  r2 : 00000000  r1 : 00000000  r0 : 00000000
                            Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM""");
        }
    }

    @Test
    void flags_have_names() {
        assertThat(PtRegs.X86.flagNames(0x246)).isEqualTo("[ PF ZF IF ]");
        assertThat(PtRegs.X86.flagNames(2)).isEqualTo("[ ]");
        assertThat(PtRegs.X86.flagNames(-1)).isEqualTo("[ CF PF AF ZF SF TF IF DF OF NT RF VM AC VIF VIP ID IOPL=3 ]");
        assertThat(PtRegs.Arm64.flagNames(0x6040_0005)).isEqualTo("nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=-- EL1h");
        assertThat(PtRegs.Arm64.flagNames(0xffff_ffefL)).isEqualTo("NZCV DAIF +PAN +UAO +TCO +DIT +SSBS BTYPE=j- EL3h");
        assertThat(PtRegs.Arm64.flagNames(8)).endsWith(" EL2t");
        assertThat(PtRegs.Arm64.flagNames(0x2000_0030)).isEqualTo("nzCv q T32 LE aif -DIT -SSBS AArch32");
        assertThat(PtRegs.Arm.flagNames(0x6000_0013)).isEqualTo("nZCv IRQs on FIQs on Mode SVC_32 ISA ARM");
        assertThat(PtRegs.Arm.flagNames(0x8000_00f0L)).isEqualTo("Nzcv IRQs off FIQs off Mode USER_32 ISA Thumb");
        kernel.close();
    }

    @Test
    void registers_know_their_flags() {
        try (kernel) {
            PtRegs regs = kernel.x86().set("flags", 0x242).make();
            assertThat(regs.flagNames()).isEqualTo("[ ZF IF ]");
            assertThat(kernel.arm64().make().flagNames()).endsWith(" EL0t");
            assertThat(kernel.arm().make().flagNames()).contains("USER_26");
        }
    }
}
