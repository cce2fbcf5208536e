package org.kprobe4j;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.internal.StackNames;
import org.kprobe4j.internal.StackSymbols;

/** All registers as lines of text: what the kernel's __show_regs() prints in an oops, number for number. */
final class RegisterDump {
    /** What an exception that is no system call leaves there. */
    private static final long NO_SYSTEM_CALL = -1;

    private static final int SELECTOR = 0xffff;
    private static final int FRAME_POINTER = 29;
    private static final int LINK = 30;
    private static final int IN_A_LINE = 3;
    private static final long MODE = 0xf;

    private RegisterDump() {}

    /** A place in the kernel's code: {@code symbol+0xoffset/0xsize}, or the bare address. */
    private static String code(long address) {
        SimulatedKernel simulated = SimulatedKernel.current();
        StackNames names = simulated == null ? StackNames.running() : simulated.stackNames();
        return names.kernel(new StackSymbols.Stack(List.of(address), 0))
                .getFirst()
                .toString();
    }

    /** Source: show_iret_regs() in arch/x86/kernel/dumpstack.c, __show_regs() in arch/x86/kernel/process_64.c. */
    static String of(PtRegs.X86 r) {
        String original = r.origAx() == NO_SYSTEM_CALL ? "" : " ORIG_RAX: %016x".formatted(r.origAx());
        return String.join(
                "\n",
                "RIP: %04x:%s".formatted(r.cs() & SELECTOR, code(r.ip())),
                "RSP: %04x:%016x EFLAGS: %08x%s".formatted(r.ss() & SELECTOR, r.sp(), r.flags(), original),
                "RAX: %016x RBX: %016x RCX: %016x".formatted(r.ax(), r.bx(), r.cx()),
                "RDX: %016x RSI: %016x RDI: %016x".formatted(r.dx(), r.si(), r.di()),
                "RBP: %016x R08: %016x R09: %016x".formatted(r.bp(), r.r8(), r.r9()),
                "R10: %016x R11: %016x R12: %016x".formatted(r.r10(), r.r11(), r.r12()),
                "R13: %016x R14: %016x R15: %016x".formatted(r.r13(), r.r14(), r.r15()));
    }

    /** Source: __show_regs() in arch/arm64/kernel/process.c. */
    static String of(PtRegs.Arm64 r) {
        var lines = new ArrayList<String>();
        lines.add("pstate: %08x (%s)".formatted(r.pstate(), FlagText.pstate(r.pstate())));
        boolean user = (r.pstate() & MODE) == 0;
        lines.add("pc : " + (user ? "%016x".formatted(r.pc()) : code(r.pc())));
        lines.add("lr : " + (user ? "%016x".formatted(r.x(LINK)) : code(r.x(LINK))));
        lines.add("sp : %016x".formatted(r.sp()));
        var line = new ArrayList<String>();
        for (int i = FRAME_POINTER; i >= 0; i--) {
            line.add("x%-2d: %016x".formatted(i, r.x(i)));
            if (i % IN_A_LINE == 0) {
                lines.add(String.join(" ", line));
                line.clear();
            }
        }
        return String.join("\n", lines);
    }

    /** Source: __show_regs() in arch/arm/kernel/process.c. */
    static String of(PtRegs.Arm r) {
        return String.join(
                "\n",
                "PC is at " + code(r.pc()),
                "LR is at " + code(r.lr()),
                "pc : [<%08x>]    lr : [<%08x>]    psr: %08x".formatted(r.pc(), r.lr(), r.cpsr()),
                "sp : %08x  ip : %08x  fp : %08x".formatted(r.sp(), r.r12(), r.fp()),
                "r10: %08x  r9 : %08x  r8 : %08x".formatted(r.r10(), r.r9(), r.r8()),
                "r7 : %08x  r6 : %08x  r5 : %08x  r4 : %08x".formatted(r.r7(), r.r6(), r.r5(), r.r4()),
                "r3 : %08x  r2 : %08x  r1 : %08x  r0 : %08x".formatted(r.r3(), r.r2(), r.r1(), r.r0()),
                "Flags: %s  IRQs o%s  FIQs o%s  Mode %s  ISA %s".formatted((Object[]) FlagText.armParts(r.cpsr())));
    }
}
