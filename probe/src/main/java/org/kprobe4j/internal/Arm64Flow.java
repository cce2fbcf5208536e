package org.kprobe4j.internal;

import java.util.Map;
import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.compiler.RegisterValue.Operator;

/**
 * Where control goes after an instruction of 64-bit Arm: whether the next one in memory is the next one to run and what the stack
 * pointer is then, or what a branch or a move does.
 *
 * <p>Source: Arm Architecture Reference Manual for A-profile, chapter C4 (A64 instruction set encoding);
 * arch/arm64/kernel/probes/simulate-insn.c.
 */
final class Arm64Flow {
    static final int BYTES = 4;
    private static final int NOP = 0xd503_201f;
    private static final int ZERO_OR_SP = 31;
    private static final long LOWER_HALF = 0xffff_ffffL;
    private static final RegisterValue PC = RegisterValue.register("pc");
    private static final RegisterValue SP = RegisterValue.register("sp");
    private static final RegisterValue STATE = RegisterValue.register("pstate");
    /** Bits of pstate. */
    private static final int V = 28;

    private static final int C = 29;
    private static final int Z = 30;
    private static final int N = 31;

    private final int word;

    private Arm64Flow(int word) {
        this.word = word;
    }

    /** Reads the instruction at the start of some bytes of kernel text. */
    static Flow of(byte[] code) {
        if (code.length < BYTES) {
            return new Flow.Refused("a cut instruction");
        }
        return new Arm64Flow((code[0] & 0xff) | (code[1] & 0xff) << 8 | (code[2] & 0xff) << 16 | code[3] << 24).read();
    }

    private int bits(int from, int count) {
        return (word >>> from) & ((1 << count) - 1);
    }

    private long signed(int from, int count) {
        return ((long) word << (Long.SIZE - from - count)) >> (Long.SIZE - count);
    }

    private boolean matches(int mask, int value) {
        return (word & mask) == value;
    }

    private static RegisterValue register(int number) {
        return number == ZERO_OR_SP ? RegisterValue.of(0) : RegisterValue.register("x" + number);
    }

    private static RegisterValue orSp(int number) {
        return number == ZERO_OR_SP ? SP : register(number);
    }

    private Flow read() {
        if (matches(0x7c00_0000, 0x1400_0000)) {
            return branch(PC.plus(signed(0, 26) * BYTES), word < 0, "a jump");
        } else if (matches(0xff00_0000, 0x5400_0000)) {
            return conditional(condition(bits(1, 3)), bits(0, 1) != 0 && bits(0, 4) != 15, signed(5, 19));
        } else if (matches(0x7e00_0000, 0x3400_0000)) {
            RegisterValue tested = register(bits(0, 5));
            return conditional(word < 0 ? tested : tested.masked(LOWER_HALF), bits(24, 1) == 0, signed(5, 19));
        } else if (matches(0x7e00_0000, 0x3600_0000)) {
            int bit = bits(19, 5) | (word < 0 ? 32 : 0);
            return conditional(register(bits(0, 5)).shiftedDown(bit).masked(1), bits(24, 1) == 0, signed(5, 14));
        } else if (matches(0xfe00_0000, 0xd600_0000)) {
            return indirect();
        } else if (matches(0xff00_0000, 0xd400_0000)) {
            return new Flow.Refused("an instruction that raises an exception");
        } else if (matches(0xffff_0000, 0)) {
            return new Flow.Refused("an undefined instruction");
        } else if (word == NOP) {
            return new Flow.Transfer("a no-op", Map.of("pc", PC.plus(BYTES)));
        } else if (matches(0xffe0_ffe0, 0xaa00_03e0) && bits(0, 5) != ZERO_OR_SP) {
            return moved();
        }
        return stackPointer();
    }

    /**
     * From one register to another: known before, so that no second probe is needed. Most functions begin with {@code mov x9, x30}, and
     * no probe can be planted behind it: there ftrace patches.
     */
    private Flow moved() {
        return new Flow.Transfer("a move", Map.of("x" + bits(0, 5), register(bits(16, 5)), "pc", PC.plus(BYTES)));
    }

    private static Flow branch(RegisterValue target, boolean links, String what) {
        return links
                ? new Flow.Transfer("a call", Map.of("pc", target, "x30", PC.plus(BYTES)))
                : new Flow.Transfer(what, Map.of("pc", target));
    }

    private static Flow conditional(RegisterValue test, boolean jumpsIfZero, long words) {
        RegisterValue taken = PC.plus(words * BYTES);
        RegisterValue on = PC.plus(BYTES);
        return new Flow.Transfer(
                "a conditional jump",
                Map.of("pc", new RegisterValue.Choice(test, jumpsIfZero ? on : taken, jumpsIfZero ? taken : on)));
    }

    /** What is not zero if a condition holds, the lowest bit of its number left out: that one negates it, but not the last. */
    private static RegisterValue condition(int number) {
        RegisterValue zero = STATE.masked(1L << Z);
        RegisterValue less =
                STATE.shiftedDown(N).with(Operator.XOR, STATE.shiftedDown(V)).masked(1);
        RegisterValue one = RegisterValue.of(1);
        return switch (number) {
            case 0 -> zero;
            case 1 -> STATE.masked(1L << C);
            case 2 -> STATE.masked(1L << N);
            case 3 -> STATE.masked(1L << V);
            case 4 -> new RegisterValue.Choice(zero, RegisterValue.of(0), STATE.masked(1L << C));
            case 5 -> less.with(Operator.XOR, one);
            case 6 -> new RegisterValue.Choice(zero, RegisterValue.of(0), less.with(Operator.XOR, one));
            default -> one;
        };
    }

    /** BR, BLR, RET; what authenticates the address first is not known before. */
    private Flow indirect() {
        RegisterValue target = register(bits(5, 5));
        return switch (word & 0xffff_fc1f) {
            case 0xd61f_0000 -> branch(target, false, "an indirect jump");
            case 0xd63f_0000 -> branch(target, true, "a call");
            case 0xd65f_0000 -> branch(target, false, "a return");
            case 0xd69f_0000 -> new Flow.Refused("a return from an exception");
            default -> new Flow.Refused("a branch to an address that is authenticated first");
        };
    }

    // ---- what goes on to the next instruction ----

    private static Flow on(RegisterValue stackPointer) {
        return new Flow.Next(stackPointer, false);
    }

    private static Flow unknownStack() {
        return new Flow.Refused("an instruction that sets the stack pointer to what cannot be computed before");
    }

    private Flow stackPointer() {
        boolean writesBack = bits(5, 5) == ZERO_OR_SP;
        boolean toSp = bits(0, 5) == ZERO_OR_SP;
        if (matches(0x3a00_0000, 0x2800_0000) && writesBack && bits(23, 1) == 1) {
            return on(SP.plus(signed(15, 7) << pairScale()));
        } else if (matches(0x3b20_0000, 0x3800_0000) && writesBack && bits(10, 1) == 1) {
            return on(SP.plus(signed(12, 9)));
        } else if (matches(0x3f20_0000, 0x3820_0000) && writesBack && bits(10, 1) == 1) {
            return unknownStack(); // LDRAA, LDRAB: authenticated
        } else if (matches(0xbe80_0000, 0x0c80_0000) && writesBack) {
            return unknownStack(); // LD1 to ST4 of vectors, post-indexed
        } else if (matches(0xff20_0000, 0xd920_0000) && writesBack && bits(10, 2) != 2 && bits(10, 2) != 0) {
            return unknownStack(); // STG and its kind
        } else if (matches(0x3f80_0000, 0x1100_0000) && toSp) {
            return immediate();
        } else if (matches(0x3fe0_0000, 0x0b20_0000) && toSp) {
            return extended();
        } else if (matches(0x1f80_0000, 0x1200_0000) && toSp && bits(29, 2) != 3) {
            return unknownStack(); // AND, ORR, EOR with a bit mask
        } else if (matches(0xbfc0_0000, 0x9180_0000) && toSp) {
            return unknownStack(); // ADDG, SUBG
        }
        return on(SP);
    }

    /** Log2 of what a pair's offset counts: by the size of one register, of vectors by another row. */
    private int pairScale() {
        int size = bits(30, 2);
        if (bits(26, 1) == 1) {
            return size + 2;
        }
        boolean tagged = size == 1 && bits(22, 1) == 0; // STGP
        return tagged ? 4 : size == 2 ? 3 : 2;
    }

    /** ADD and SUB of sp with an immediate. */
    private Flow immediate() {
        if (word >= 0) {
            return unknownStack();
        }
        long amount = (long) bits(10, 12) << (bits(22, 1) == 1 ? 12 : 0);
        return on(orSp(bits(5, 5)).plus(bits(30, 1) == 1 ? -amount : amount));
    }

    /** ADD and SUB of sp with a register. */
    private Flow extended() {
        if (word >= 0 || (bits(13, 3) & 3) != 3) {
            return unknownStack();
        }
        RegisterValue amount = register(bits(16, 5));
        int shift = bits(10, 3);
        RegisterValue shifted = shift == 0 ? amount : amount.with(Operator.SHL, RegisterValue.of(shift));
        return on(orSp(bits(5, 5)).with(bits(30, 1) == 1 ? Operator.SUB : Operator.ADD, shifted));
    }
}
