package org.kprobe4j.internal;

/**
 * Where control goes after an x86-64 instruction, from its own bytes: enough to say whether the next instruction in memory is
 * the next one to run, and what the stack pointer does on the way. Its length is not decoded here: the kernel is asked for the
 * next boundary.
 *
 * <p>Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A (opcode maps).
 */
final class X86Flow {
    /** What follows an instruction. */
    sealed interface Flow {
        /** The next instruction in memory; {@code stackDelta} is what this one adds to the stack pointer, in bytes. */
        record Straight(int stackDelta) implements Flow {}

        /** Anything else, in words. */
        record Other(String what) implements Flow {}
    }

    private static final int RSP = 4;
    private static final int PUSHED = 8;

    private final byte[] code;
    private int at;
    private boolean wide;
    private boolean extendedRm;
    private boolean extendedReg;

    private X86Flow(byte[] code) {
        this.code = code;
    }

    /** Reads the instruction at the start of some bytes of kernel text. */
    static Flow of(byte[] code) {
        try {
            return new X86Flow(code).read();
        } catch (ArrayIndexOutOfBoundsException e) {
            return new Flow.Other("a cut instruction");
        }
    }

    private int next() {
        return code[at++] & 0xff;
    }

    private Flow read() {
        int opcode = next();
        while (isPrefix(opcode)) {
            if (opcode == 0xf2 || opcode == 0xf3) {
                int after = code[at] & 0xff;
                if (isStringOperation(after) || ((after & 0xf0) == 0x40 && isStringOperation(code[at + 1] & 0xff))) {
                    return new Flow.Other("a repeated string instruction");
                }
            }
            opcode = next();
        }
        if ((opcode & 0xf0) == 0x40) {
            wide = (opcode & 8) != 0;
            extendedReg = (opcode & 4) != 0;
            extendedRm = (opcode & 1) != 0;
            opcode = next();
        }
        return opcode == 0x0f ? twoBytes(next()) : oneByte(opcode);
    }

    private static boolean isPrefix(int opcode) {
        return switch (opcode) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> false;
        };
    }

    private static boolean isStringOperation(int opcode) {
        return (opcode >= 0xa4 && opcode <= 0xaf && opcode != 0xa8 && opcode != 0xa9)
                || (opcode >= 0x6c && opcode <= 0x6f);
    }

    private static Flow twoBytes(int opcode) {
        if (opcode >= 0x80 && opcode <= 0x8f) {
            return new Flow.Other("a conditional jump");
        }
        return switch (opcode) {
            case 0x05, 0x07, 0x34, 0x35 -> new Flow.Other("a system call instruction");
            case 0x0b, 0xb9, 0xff -> new Flow.Other("an undefined instruction (BUG)");
            case 0xa0, 0xa8 -> new Flow.Straight(-PUSHED);
            case 0xa1, 0xa9 -> new Flow.Straight(PUSHED);
            default -> new Flow.Straight(0);
        };
    }

    private Flow oneByte(int opcode) {
        if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xe0 && opcode <= 0xe3)) {
            return new Flow.Other("a conditional jump");
        } else if ((opcode >= 0x50 && opcode <= 0x57) || opcode == 0x68 || opcode == 0x6a || opcode == 0x9c) {
            return new Flow.Straight(-PUSHED);
        } else if (opcode >= 0x58 && opcode <= 0x5f) {
            boolean intoStackPointer = opcode == 0x58 + RSP && !extendedRm;
            return intoStackPointer ? unknownStack() : new Flow.Straight(PUSHED);
        } else if (opcode == 0x9d) {
            return new Flow.Straight(PUSHED);
        }
        return switch (opcode) {
            case 0xe8 -> new Flow.Other("a call");
            case 0xe9, 0xeb -> new Flow.Other("a jump");
            case 0xc2, 0xc3, 0xca, 0xcb, 0xcf -> new Flow.Other("a return");
            case 0xcc -> new Flow.Other("a breakpoint of another tool");
            case 0xcd, 0xce, 0xf1, 0xf4 -> new Flow.Other("an interrupt or halt instruction");
            case 0xc8, 0xc9 -> unknownStack();
            case 0xff -> group5();
            case 0x81, 0x83 -> immediate(opcode == 0x83);
            default -> writesStackPointer(opcode) ? unknownStack() : new Flow.Straight(0);
        };
    }

    private static Flow unknownStack() {
        return new Flow.Other("an instruction that sets the stack pointer");
    }

    /** inc, dec, call, jmp, push of a register or memory. */
    private Flow group5() {
        return switch (code[at] >> 3 & 7) {
            case 0, 1 -> new Flow.Straight(0);
            case 6 -> new Flow.Straight(-PUSHED);
            default -> new Flow.Other("an indirect jump or call");
        };
    }

    /** add, or, …, cmp with an immediate; of the stack pointer only add and sub can be followed. */
    private Flow immediate(boolean oneByte) {
        int modrm = next();
        boolean stackPointer = (modrm & 0xc0) == 0xc0 && (modrm & 7) == RSP && !extendedRm && wide;
        int operation = modrm >> 3 & 7;
        if (!stackPointer || operation == 7) {
            return new Flow.Straight(0);
        }
        int value = oneByte ? code[at] : next() | next() << 8 | next() << 16 | next() << 24;
        return switch (operation) {
            case 0 -> new Flow.Straight(value);
            case 5 -> new Flow.Straight(-value);
            default -> unknownStack();
        };
    }

    /** Register forms whose destination is the stack pointer: mov, lea, arithmetic. */
    private boolean writesStackPointer(int opcode) {
        int modrm = code[at] & 0xff;
        boolean direct = (modrm & 0xc0) == 0xc0;
        boolean rmIsStack = direct && (modrm & 7) == RSP && !extendedRm;
        boolean regIsStack = (modrm >> 3 & 7) == RSP && !extendedReg;
        return switch (opcode) {
            case 0x89, 0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0xc7, 0x8f -> rmIsStack;
            case 0x8b, 0x8d, 0x03, 0x0b, 0x13, 0x1b, 0x23, 0x2b, 0x33, 0x63 -> wide && regIsStack;
            case 0xbc, 0x94 -> !extendedRm;
            default -> false;
        };
    }
}
