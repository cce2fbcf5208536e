package org.kprobe4j.internal;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.compiler.RegisterValue.Operator;

/**
 * Where control goes after an x86-64 instruction, from its own bytes: whether the next instruction in memory is the next one to
 * run and what the stack pointer is then, or what a transfer of control does. The length of an instruction that goes on is not
 * decoded here: the kernel is asked for the next boundary.
 *
 * <p>Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A (opcode maps);
 * arch/x86/kernel/kprobes/core.c.
 */
final class X86Flow {
    private static final int RSP = 4;
    private static final int WORD = 8;
    private static final RegisterValue SP = RegisterValue.register("sp");
    private static final RegisterValue CX = RegisterValue.register("cx");
    private static final String JUMP = "a jump";
    private static final String CALL = "a call";
    private static final String RETURN = "a return";
    private static final String NO_INSTRUCTION = "no instruction of 64-bit mode";

    private final byte[] code;
    private int at;
    private int rex;
    private boolean narrowOperand;
    private boolean narrowAddress;
    private boolean ownSegment;
    private boolean repeat;

    private X86Flow(byte[] code) {
        this.code = code;
    }

    /** Reads the instruction at the start of some bytes of kernel text. */
    static Flow of(byte[] code) {
        try {
            return new X86Flow(code).read();
        } catch (ArrayIndexOutOfBoundsException e) {
            return new Flow.Refused("a cut instruction");
        }
    }

    private int next() {
        return code[at++] & 0xff;
    }

    private int word() {
        return next() | next() << 8 | next() << 16 | next() << 24;
    }

    private boolean wide() {
        return (rex & 8) != 0;
    }

    private X86Operand operand() {
        return new X86Operand(code, at, rex);
    }

    private Flow read() {
        int opcode = next();
        while (isPrefix(opcode)) {
            opcode = next();
        }
        if ((opcode & 0xf0) == 0x40) {
            rex = opcode;
            opcode = next();
        }
        return opcode == 0x0f ? twoBytes(next()) : oneByte(opcode);
    }

    private boolean isPrefix(int opcode) {
        switch (opcode) {
            case 0x66 -> narrowOperand = true;
            case 0x67 -> narrowAddress = true;
            case 0x64, 0x65 -> ownSegment = true;
            case 0xf2, 0xf3 -> repeat = true;
            case 0x26, 0x2e, 0x36, 0x3e, 0xf0 -> {}
            default -> {
                return false;
            }
        }
        return true;
    }

    private static Flow on(RegisterValue stackPointer) {
        return new Flow.Next(stackPointer, false);
    }

    private static Flow unknownStack() {
        return new Flow.Refused("an instruction that sets the stack pointer to what cannot be computed before");
    }

    // ---- transfers ----

    private Flow transfer(String what, Map<String, RegisterValue> changes) {
        return narrowOperand
                ? new Flow.Refused("%s with an operand-size prefix".formatted(what))
                : new Flow.Transfer(what, changes);
    }

    /** An address so far behind the end of what was read; the saved ip is one byte into the instruction. */
    private RegisterValue ahead(long distance) {
        return RegisterValue.register("ip").plus(distance + at - 1);
    }

    private Flow conditional(RegisterValue test, boolean jumpsIfNot, long distance) {
        RegisterValue taken = ahead(distance);
        RegisterValue on = ahead(0);
        RegisterValue ip = new RegisterValue.Choice(test, jumpsIfNot ? on : taken, jumpsIfNot ? taken : on);
        return transfer("a conditional jump", Map.of("ip", ip));
    }

    /** What is not zero if a condition holds, the lowest bit of its number left out: that one negates it. */
    private static RegisterValue condition(int number) {
        RegisterValue flags = RegisterValue.register("flags");
        RegisterValue less =
                flags.shiftedDown(7).with(Operator.XOR, flags.shiftedDown(11)).masked(1);
        return switch (number >> 1) {
            case 0 -> flags.masked(0x800);
            case 1 -> flags.masked(0x1);
            case 2 -> flags.masked(0x40);
            case 3 -> flags.masked(0x41);
            case 4 -> flags.masked(0x80);
            case 5 -> flags.masked(0x4);
            case 6 -> less;
            default -> less.with(Operator.OR, flags.masked(0x40));
        };
    }

    private Flow jumpIf(int condition, long distance) {
        return conditional(condition(condition), (condition & 1) != 0, distance);
    }

    /** loopne, loope, loop, jrcxz. */
    private Flow loop(int opcode) {
        int distance = code[at++];
        RegisterValue all = RegisterValue.of(narrowAddress ? 0xffff_ffffL : -1);
        RegisterValue count = narrowAddress ? CX.with(Operator.AND, all) : CX;
        if (opcode == 0xe3) {
            return conditional(count, true, distance);
        }
        RegisterValue left = count.with(Operator.SUB, RegisterValue.of(1));
        RegisterValue after = narrowAddress ? left.with(Operator.AND, all) : left;
        RegisterValue zero = condition(4);
        RegisterValue nothing = RegisterValue.of(0);
        RegisterValue goesOn = switch (opcode) {
            case 0xe0 -> new RegisterValue.Choice(zero, nothing, after);
            case 0xe1 -> new RegisterValue.Choice(zero, after, nothing);
            default -> after;
        };
        RegisterValue ip = new RegisterValue.Choice(goesOn, ahead(distance), ahead(0));
        return transfer("a loop instruction", Map.of("ip", ip, "cx", after));
    }

    private Flow returns(int released) {
        return transfer(RETURN, Map.of("ip", new RegisterValue.Load(SP), "sp", SP.plus(WORD + released)));
    }

    private Flow call(RegisterValue target) {
        return transfer(CALL, Map.of("ip", target, "sp", SP.plus(-WORD)));
    }

    /** inc, dec, call, far call, jmp, far jmp, push of a register or memory. */
    private Flow group5() {
        X86Operand operand = operand();
        int operation = operand.operation();
        if (operation == 3 || operation == 5) {
            return new Flow.Refused("a far jump or call");
        } else if (operation == 6) {
            return pushed();
        } else if (operation == 7) {
            return new Flow.Refused(NO_INSTRUCTION);
        } else if (operation < 2) {
            return operand.isStackPointer() ? unknownStack() : on(SP);
        }
        if (!operand.isDirect() && (ownSegment || narrowAddress)) {
            return new Flow.Refused("an indirect jump or call through a segment or a narrow address");
        }
        return operation == 2 ? call(operand.value()) : transfer("an indirect jump", Map.of("ip", operand.value()));
    }

    // ---- one byte ----

    private Flow pushed() {
        return on(SP.plus(narrowOperand ? -2 : -WORD));
    }

    private Flow popped() {
        return on(SP.plus(narrowOperand ? 2 : WORD));
    }

    private Flow oneByte(int opcode) {
        if (opcode >= 0x70 && opcode <= 0x7f) {
            return jumpIf(opcode & 0xf, code[at++]);
        } else if (opcode >= 0x50 && opcode <= 0x57) {
            return pushed();
        } else if (opcode >= 0x58 && opcode <= 0x5f) {
            return isRegister(opcode) ? unknownStack() : popped();
        } else if (opcode >= 0xb0 && opcode <= 0xbf) {
            return isRegister(opcode) && (opcode >= 0xb8 || rex != 0) ? unknownStack() : on(SP);
        } else if (isString(opcode)) {
            return new Flow.Next(SP, repeat);
        }
        return switch (opcode) {
            case 0xe8 -> {
                long distance = word();
                yield call(ahead(distance));
            }
            case 0xe9 -> {
                long distance = word();
                yield transfer(JUMP, Map.of("ip", ahead(distance)));
            }
            case 0xeb -> {
                long distance = code[at++];
                yield transfer(JUMP, Map.of("ip", ahead(distance)));
            }
            case 0xe0, 0xe1, 0xe2, 0xe3 -> loop(opcode);
            case 0xc2 -> returns(next() | next() << 8);
            case 0xc3 -> returns(0);
            case 0xca, 0xcb -> new Flow.Refused("a far return");
            case 0xcf -> new Flow.Refused("a return from an interrupt");
            case 0xcc -> new Flow.Refused("a breakpoint of another tool");
            case 0xcd, 0xf1, 0xf4 -> new Flow.Refused("an interrupt or halt instruction");
            case 0x68, 0x6a, 0x9c -> pushed();
            case 0x9d -> popped();
            case 0xc8 -> unknownStack();
            case 0xc9 -> on(RegisterValue.register("bp").plus(WORD));
            case 0xff -> group5();
            case 0xc4, 0xc5, 0x62 -> on(SP); // VEX, EVEX
            case 0x06,
                    0x07,
                    0x0e,
                    0x16,
                    0x17,
                    0x1e,
                    0x1f,
                    0x27,
                    0x2f,
                    0x37,
                    0x3f,
                    0x60,
                    0x61,
                    0x82,
                    0x9a,
                    0xce,
                    0xd4,
                    0xd5,
                    0xd6,
                    0xea -> new Flow.Refused(NO_INSTRUCTION);
            default -> withOperand(opcode);
        };
    }

    private static boolean isString(int opcode) {
        return (opcode >= 0xa4 && opcode <= 0xaf && opcode != 0xa8 && opcode != 0xa9)
                || (opcode >= 0x6c && opcode <= 0x6f);
    }

    /** Whether the register in an opcode's lower bits is the stack pointer. */
    private boolean isRegister(int opcode) {
        return (opcode & 7) == RSP && (rex & 1) == 0;
    }

    /** Instructions with a ModRM byte; the rest have none and leave the stack pointer alone. */
    private Flow withOperand(int opcode) {
        if (opcode == 0x94 && (rex & 1) == 0) {
            return wide() ? on(RegisterValue.register("ax")) : unknownStack();
        }
        boolean arithmetic = opcode < 0x40 && (opcode & 7) < 4;
        boolean listed = opcode == 0x63 || opcode == 0x69 || opcode == 0x6b || (opcode >= 0x80 && opcode <= 0x8f);
        boolean shifts = opcode == 0xc0 || opcode == 0xc1 || (opcode >= 0xd0 && opcode <= 0xd3);
        if (!arithmetic
                && !listed
                && !shifts
                && opcode != 0xc6
                && opcode != 0xc7
                && opcode != 0xf6
                && opcode != 0xf7
                && opcode != 0xfe) {
            return on(SP);
        }
        X86Operand operand = operand();
        if ((opcode == 0xc6 || opcode == 0xc7) && operand.isDirect() && operand.operation() == 7) {
            return new Flow.Refused("an instruction of a transaction");
        }
        if (opcode == 0x8f) {
            return operand.isStackPointer() ? unknownStack() : popped();
        }
        boolean writesRm = operand.isStackPointer() && writesOperand(opcode, operand.operation());
        boolean writesReg = operand.isSecondStackPointer() && writesSecond(opcode);
        if (!writesRm && !writesReg) {
            return on(SP);
        }
        RegisterValue computed = wide() && !narrowAddress ? written(opcode, operand, writesRm) : null;
        return computed == null ? unknownStack() : on(computed);
    }

    private static boolean writesOperand(int opcode, int operation) {
        if (opcode < 0x40) {
            return (opcode & 7) < 2 && opcode < 0x38;
        }
        return switch (opcode) {
            case 0x80, 0x81, 0x83 -> operation != 7;
            case 0xf6, 0xf7 -> operation == 2 || operation == 3;
            case 0x63, 0x69, 0x6b, 0x84, 0x85, 0x8a, 0x8b, 0x8d, 0x8e -> false;
            default -> true;
        };
    }

    private static boolean writesSecond(int opcode) {
        if (opcode < 0x40) {
            return (opcode & 7) >= 2 && opcode < 0x38;
        }
        return switch (opcode) {
            case 0x63, 0x69, 0x6b, 0x86, 0x87, 0x8a, 0x8b, 0x8d -> true;
            default -> false;
        };
    }

    /** What the stack pointer is set to by an instruction of 64 bits; null where only the instruction knows. */
    private @Nullable RegisterValue written(int opcode, X86Operand operand, boolean writesRm) {
        RegisterValue other = writesRm ? operand.second() : operand.direct();
        if (!writesRm && !operand.isDirect() && opcode != 0x8d) {
            return null;
        }
        return switch (opcode) {
            case 0x01, 0x03 -> SP.with(Operator.ADD, other);
            case 0x29, 0x2b -> SP.with(Operator.SUB, other);
            case 0x21, 0x23 -> SP.with(Operator.AND, other);
            case 0x87, 0x89, 0x8b -> other;
            case 0x8d -> operand.isDirect() || ownSegment ? null : operand.address();
            case 0x81, 0x83 -> {
                at = operand.end();
                long value = opcode == 0x83 ? code[at++] : word();
                yield switch (operand.operation()) {
                    case 0 -> SP.plus(value);
                    case 4 -> SP.masked(value);
                    case 5 -> SP.plus(-value);
                    default -> null;
                };
            }
            default -> null;
        };
    }

    // ---- two bytes ----

    private Flow twoBytes(int opcode) {
        if (opcode >= 0x80 && opcode <= 0x8f) {
            int distance = word();
            return jumpIf(opcode & 0xf, distance);
        } else if (opcode >= 0xc8 && opcode <= 0xcf) {
            return isRegister(opcode) ? unknownStack() : on(SP);
        }
        return switch (opcode) {
            case 0x05, 0x07, 0x34, 0x35 -> new Flow.Refused("a system call instruction");
            case 0x0b, 0xb9, 0xff -> new Flow.Refused("an undefined instruction (BUG)");
            case 0xaa -> new Flow.Refused("a return from system management mode");
            case 0xa0, 0xa8 -> pushed();
            case 0xa1, 0xa9 -> popped();
            case 0x01 -> system(operand());
            default -> writesStackPointer(opcode) ? unknownStack() : on(SP);
        };
    }

    /** 0f 01: with a register operand they are instructions of their own, among them those that enter and leave virtual machines. */
    private static Flow system(X86Operand operand) {
        boolean virtual = operand.isDirect() && (operand.operation() == 0 || operand.operation() == 3);
        return virtual ? new Flow.Refused("an instruction of virtual machines") : on(SP);
    }

    /** Compilers write no such instruction, but one that is met must not pass for one that leaves the stack pointer alone. */
    private boolean writesStackPointer(int opcode) {
        X86Operand operand = operand();
        return switch (opcode) {
            case 0x02, 0x03, 0x2c, 0x2d, 0x50, 0xaf, 0xb6, 0xb7, 0xb8, 0xbc, 0xbd, 0xbe, 0xbf, 0xc5, 0xd7 ->
                operand.isSecondStackPointer();
            case 0x20, 0x21, 0x7e, 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xb0, 0xb1, 0xb3, 0xba, 0xbb, 0xc7 ->
                operand.isStackPointer();
            case 0xc0, 0xc1 -> operand.isStackPointer() || operand.isSecondStackPointer();
            default -> opcode >= 0x40 && opcode <= 0x4f && operand.isSecondStackPointer();
        };
    }
}
