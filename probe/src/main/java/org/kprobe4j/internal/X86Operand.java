package org.kprobe4j.internal;

import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.compiler.RegisterValue.Operator;

/**
 * The ModRM byte of an x86-64 instruction with what belongs to it: a register's number and a register or an address.
 *
 * <p>Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2.
 */
final class X86Operand {
    private static final int STACK_POINTER = 4;
    private static final int BASE_POINTER = 5;
    private static final String[] REGISTERS = {
        "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };

    private final byte[] code;
    private final int mode;
    private final int reg;
    private final int rm;
    private final int extendedReg;
    private final RegisterValue address;
    private int at;

    /** Reads it at an offset; {@code rex} is the REX prefix, 0 if there is none. */
    X86Operand(byte[] code, int from, int rex) {
        this.code = code;
        this.at = from;
        int modrm = next();
        mode = modrm >> 6;
        reg = modrm >> 3 & 7;
        extendedReg = reg | (rex & 4) << 1;
        int low = modrm & 7;
        rm = low | (rex & 1) << 3;
        address = mode == 3 ? RegisterValue.of(0) : address(low, rex);
    }

    /** The value of a register before the instruction. */
    static RegisterValue register(int number) {
        return RegisterValue.register(REGISTERS[number]);
    }

    private int next() {
        return code[at++] & 0xff;
    }

    private int word() {
        return next() | next() << 8 | next() << 16 | next() << 24;
    }

    private RegisterValue address(int low, int rex) {
        if (low == STACK_POINTER) {
            return scaled(next(), rex);
        }
        if (mode == 0 && low == BASE_POINTER) {
            int displacement = word();
            // The instruction ends here, where nothing follows the operand; the saved ip is one byte into it.
            return RegisterValue.register("ip").plus((long) displacement + at - 1);
        }
        return register(rm).plus(displacement());
    }

    private RegisterValue scaled(int sib, int rex) {
        int index = (sib >> 3 & 7) | (rex & 2) << 2;
        boolean noBase = mode == 0 && (sib & 7) == BASE_POINTER;
        RegisterValue base = noBase ? RegisterValue.of(word()) : register((sib & 7) | (rex & 1) << 3);
        if (index != STACK_POINTER) {
            RegisterValue scaled = register(index).with(Operator.SHL, RegisterValue.of(sib >> 6));
            base = base.with(Operator.ADD, scaled);
        }
        return base.plus(displacement());
    }

    private long displacement() {
        return switch (mode) {
            case 1 -> code[at++];
            case 2 -> word();
            default -> 0;
        };
    }

    /** Whether the operand is a register, not memory. */
    boolean isDirect() {
        return mode == 3;
    }

    /** The second operand's number without its extension: in some groups the operation. */
    int operation() {
        return reg;
    }

    /** The second operand. */
    RegisterValue second() {
        return register(extendedReg);
    }

    /** The register that this operand is. */
    RegisterValue direct() {
        return register(rm);
    }

    /** The address of this operand in memory. */
    RegisterValue address() {
        return address;
    }

    /** What this operand holds: a register, or a word of memory. */
    RegisterValue value() {
        return isDirect() ? direct() : new RegisterValue.Load(address);
    }

    boolean isStackPointer() {
        return isDirect() && rm == STACK_POINTER;
    }

    boolean isSecondStackPointer() {
        return extendedReg == STACK_POINTER;
    }

    /** Where the operand ends. */
    int end() {
        return at;
    }
}
