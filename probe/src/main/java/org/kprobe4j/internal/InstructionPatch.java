package org.kprobe4j.internal;

import java.io.IOException;
import java.util.Optional;
import org.kprobe4j.compiler.Architecture;

/**
 * Why the kernel lets no probe be planted at an instruction of probeable text: it rewrites the instruction itself, or needs its trap.
 * Told from the instruction's bytes. Source: check_kprobe_address_safe() in kernel/kprobes.c, arch/x86/kernel/kprobes/core.c,
 * arch/arm64/kernel/probes/kprobes.c.
 */
final class InstructionPatch {
    private static final int LONGEST_INSTRUCTION = 15;
    private static final int UD2 = 0x0b0f;
    private static final int INT3 = 0xcc;
    private static final int CALL = 0xe8;
    private static final int JUMP = 0xe9;
    private static final int SHORT_JUMP = 0xeb;
    private static final int MOV_TO_SEGMENT = 0x8e;
    private static final int OPERAND_SIZE = 0x66;
    private static final int NOP = 0x90;
    private static final int LONG_NOP = 0x1f0f;
    private static final int ARM64_NOP = 0xd503_201f;
    /** b and bl. */
    private static final int BRANCH = 0x1400_0000;

    private static final int BRANCH_MASK = 0x7c00_0000;
    private static final int BREAK = 0xd420_0000;
    private static final int BREAK_MASK = 0xffe0_001f;

    private InstructionPatch() {}

    /** In words; nothing where the bytes cannot be read or the architecture's are not known. */
    static Optional<String> at(long addr) {
        Architecture machine = Machine.architecture();
        if (machine == Architecture.ARM) {
            return Optional.empty();
        }
        try {
            if (machine == Architecture.ARM64 && ExceptionTable.running(machine).has(addr)) {
                return Optional.of("an instruction that may fault (it is in the kernel's exception table)");
            }
            byte[] code = KernelText.read(addr, LONGEST_INSTRUCTION);
            return Optional.of(machine == Architecture.ARM64 ? ofArm64(code) : of(code));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Source: arch/arm64/kernel/probes/decode-insn.c; ftrace's own places are refused, too. */
    static String ofArm64(byte[] code) {
        int word = (code[0] & 0xff) | (code[1] & 0xff) << 8 | (code[2] & 0xff) << 16 | code[3] << 24;
        if ((word & BREAK_MASK) == BREAK) {
            return "a BUG or WARN (brk), whose trap the kernel looks up by its address";
        } else if (word == ARM64_NOP || (word & BRANCH_MASK) == BRANCH) {
            return "what the kernel rewrites while it runs: a jump label (static branch), or the place that ftrace patches";
        }
        return "an instruction that the kernel rewrites or cannot step over";
    }

    static String of(byte[] code) {
        int first = code[0] & 0xff;
        int two = first | (code[1] & 0xff) << 8;
        if (two == UD2) {
            return "a BUG or WARN (ud2), whose trap the kernel looks up by its address";
        }
        if (two == LONG_NOP || two == (OPERAND_SIZE | NOP << 8) || first == JUMP || first == SHORT_JUMP) {
            return "a jump label (static branch), which the kernel rewrites while it runs";
        }
        return switch (first) {
            case CALL -> "a static call, which the kernel rewrites while it runs";
            case INT3 -> "a breakpoint that another part of the kernel has put there";
            case MOV_TO_SEGMENT -> "a load of a segment register, which masks the trap of a single step";
            default -> "an instruction that the kernel rewrites or cannot step over";
        };
    }
}
