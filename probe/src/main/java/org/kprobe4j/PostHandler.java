package org.kprobe4j;

import java.io.Serializable;

/**
 * A kprobe's post handler: called just after the probed instruction was executed, once after each pre handler that ran to its end.
 *
 * <p>Where it runs depends on the instruction:
 *
 * <ul>
 *   <li><b>Jumps, conditional jumps, calls, returns, loops</b> and the no-op that ftrace owns at a function's entry: in the same trap
 *       as the pre handler, as the kernel's own kprobes do where they emulate the instruction. Both run on one CPU with nothing between
 *       them. What the instruction does to the registers is computed: {@code regs.ip()} is where control goes now (the branch that is
 *       taken, the function that is called, the address that is returned to), {@code regs.sp()} the stack pointer then; on Arm the link
 *       register holds the return address after a call. Memory is as it was: the return address that a call of x86 pushes is not there
 *       yet, and the call stack is that of the probed function.
 *   <li><b>All that goes on to the next instruction</b>, whatever it does to the stack pointer as long as that can be computed before:
 *       in a second probe at the next instruction, when the same thread is there with the stack pointer that the instruction leaves. It may
 *       have been interrupted or have moved to another CPU since. Registers and memory are real. A string instruction with a repeat
 *       prefix is one hit, however many rounds it makes.
 * </ul>
 *
 * <p>The probe is refused, with the reason, where a post handler could not be exact: an instruction that may fault and go on elsewhere (it
 * is in the kernel's exception table, as reads and writes of user memory are), BUG, system calls and returns from interrupts, far
 * transfers, an instruction that loads the stack pointer from memory, a next instruction that takes no probe, 32-bit Arm. Modules have
 * exception tables of their own, which are not looked at.
 *
 * <p>If the kernel does not run a post handler at the next instruction, because another program is running on that CPU,
 * {@link PostAccount#lost} counts it.
 *
 * <p>It is compiled to eBPF and runs in the kernel. It is serializable so that its class and method can be found at run time.
 * Source: Documentation/trace/kprobes.rst; arch/x86/kernel/kprobes/core.c; arch/arm64/kernel/probes/simulate-insn.c.
 */
@FunctionalInterface
public interface PostHandler extends Serializable {
    /**
     * Handles one hit.
     *
     * @param p the probe: its name and address
     * @param regs the registers after the instruction
     * @param flags always 0, as in the kernel
     */
    void handle(Kprobe p, PtRegs regs, long flags);
}
