package org.kprobe4j.internal;

import java.io.IOException;
import java.util.Optional;
import org.kprobe4j.compiler.Architecture;

/**
 * Why the kernel lets no probe be planted at an instruction of probeable text: it rewrites the instruction itself, or needs its trap.
 * Told from the instruction's bytes. Source: check_kprobe_address_safe() in kernel/kprobes.c, arch/x86/kernel/kprobes/core.c.
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

    private InstructionPatch() {}

    /** In words; nothing where the bytes cannot be read or the architecture's are not known. */
    static Optional<String> at(long addr) {
        if (Machine.architecture() != Architecture.X86_64) {
            return Optional.empty();
        }
        try {
            return Optional.of(of(KernelText.read(addr, LONGEST_INSTRUCTION)));
        } catch (IOException e) {
            return Optional.empty();
        }
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
