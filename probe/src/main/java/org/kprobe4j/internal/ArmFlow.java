package org.kprobe4j.internal;

import java.util.HashMap;
import java.util.Map;
import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.compiler.RegisterValue.Operator;

/**
 * Where control goes after an instruction of 32-bit Arm (A32, in which Debian's kernel is built): whether the next one in memory is the
 * next one to run and what the stack pointer is then, or what a branch, a return or a move does. An instruction whose condition does not
 * hold runs no pre handler, so where one ran, the condition held.
 *
 * <p>Source: Arm Architecture Reference Manual ARMv7-A, chapter A5 (ARM instruction set encoding); kprobe_handler() in
 * arch/arm/probes/kprobes/core.c.
 */
final class ArmFlow {
    static final int BYTES = 4;
    /** How far ahead of an instruction it sees its own pc. */
    private static final int PIPELINE = 8;

    private static final int FP = 11;
    private static final int STACK = 13;
    private static final int LINK = 14;
    private static final int COUNTER = 15;
    private static final RegisterValue PC = RegisterValue.register("pc");
    private static final RegisterValue SP = RegisterValue.register("sp");

    private final int word;

    private ArmFlow(int word) {
        this.word = word;
    }

    /** Reads the instruction at the start of some bytes of kernel text. */
    static Flow of(byte[] code) {
        if (code.length < BYTES) {
            return new Flow.Refused("a cut instruction");
        }
        return new ArmFlow((code[0] & 0xff) | (code[1] & 0xff) << 8 | (code[2] & 0xff) << 16 | code[3] << 24).read();
    }

    private int bits(int from, int count) {
        return (word >>> from) & ((1 << count) - 1);
    }

    private boolean bit(int number) {
        return bits(number, 1) == 1;
    }

    private boolean matches(int mask, int value) {
        return (word & mask) == value;
    }

    private static String name(int number) {
        return switch (number) {
            case FP -> "fp";
            case STACK -> "sp";
            case LINK -> "lr";
            case COUNTER -> "pc";
            default -> "r" + number;
        };
    }

    /** What an operand register reads as. */
    private static RegisterValue register(int number) {
        return number == COUNTER ? PC.plus(PIPELINE) : RegisterValue.register(name(number));
    }

    private Flow read() {
        if (bits(28, 4) == 15) {
            boolean preload = matches(0xfd70_f000, 0xf550_f000) || matches(0xfd70_f010, 0xf750_f000);
            return preload ? on(SP) : new Flow.Refused("one of the instructions without a condition");
        }
        return switch (bits(25, 3)) {
            case 0 -> bit(7) && bit(4) ? extra() : miscellaneous();
            case 1 -> immediates();
            case 2 -> loadOrStore(true);
            case 3 -> bit(4) ? media() : loadOrStore(false);
            case 4 -> several();
            case 5 -> branch();
            case 6 -> bits(16, 4) == STACK && bit(21) ? unknownStack() : on(SP);
            default -> bit(24) ? new Flow.Refused("a system call") : on(SP);
        };
    }

    // ---- data processing ----

    private Flow miscellaneous() {
        if (!matches(0x0190_0000, 0x0100_0000)) {
            return dataProcessing();
        }
        return switch (bits(4, 4)) {
            case 0 -> bit(21) ? new Flow.Refused("an instruction that sets the processor's state") : on(SP);
            case 1 -> bits(21, 2) == 1 ? jump(register(bits(0, 4)), false, "an indirect jump") : on(SP); // BX, CLZ
            case 3 -> jump(register(bits(0, 4)), true, "a call");
            case 2, 6, 7 -> new Flow.Refused("an instruction that changes how the processor runs");
            default -> on(SP); // saturating sums, halfword products
        };
    }

    private Flow immediates() {
        if (matches(0x0fb0_0000, 0x0320_0000)) {
            boolean hint = matches(0x0fff_ff00, 0x0320_f000);
            return !hint
                    ? new Flow.Refused("an instruction that sets the processor's state")
                    : bits(0, 8) == 0 ? known("a no-op", Map.of()) : on(SP);
        } else if (matches(0x0fb0_0000, 0x0300_0000)) {
            return bits(12, 4) == STACK ? unknownStack() : on(SP); // MOVW, MOVT
        }
        return dataProcessing();
    }

    private Flow dataProcessing() {
        int operation = bits(21, 4);
        int target = bits(12, 4);
        boolean compares = operation >= 8 && operation <= 11;
        boolean plain = !bit(25) && bits(4, 8) == 0;
        if (compares) {
            return on(SP);
        } else if (operation == 13 && plain && !bit(20)) {
            return moved(target, register(bits(0, 4)));
        } else if (target == COUNTER) {
            return new Flow.Refused("a jump to an address that is computed");
        } else if (target != STACK) {
            return on(SP);
        } else if (operation != 2 && operation != 4) {
            return unknownStack();
        }
        Operator operator = operation == 2 ? Operator.SUB : Operator.ADD;
        if (bit(25)) {
            long amount = Integer.toUnsignedLong(Integer.rotateRight(bits(0, 8), 2 * bits(8, 4)));
            return on(register(bits(16, 4)).with(operator, RegisterValue.of(amount)));
        }
        return plain ? on(register(bits(16, 4)).with(operator, register(bits(0, 4)))) : unknownStack();
    }

    private static Flow moved(int target, RegisterValue value) {
        return target == COUNTER
                ? new Flow.Transfer("an indirect jump", Map.of("pc", value))
                : known("a move", Map.of(name(target), value));
    }

    /** On to the next instruction, with all that changes known before. */
    private static Flow known(String what, Map<String, RegisterValue> changes) {
        var all = new HashMap<>(changes);
        all.put("pc", PC.plus(BYTES));
        return new Flow.Transfer(what, Map.copyOf(all));
    }

    private Flow media() {
        return matches(0x0ff0_00f0, 0x07f0_00f0) ? new Flow.Refused("an undefined instruction (BUG)") : on(SP);
    }

    // ---- memory ----

    private boolean writesBack() {
        return !bit(24) || bit(21);
    }

    private RegisterValue moved(long distance) {
        return SP.plus(bit(23) ? distance : -distance);
    }

    /** Products, exclusives, and loads and stores of halfwords and pairs. */
    private Flow extra() {
        boolean access = bits(5, 2) != 0;
        if (!access || bits(16, 4) != STACK || !writesBack()) {
            return on(SP);
        }
        return bit(22) ? on(moved(bits(8, 4) << 4 | bits(0, 4))) : unknownStack();
    }

    private Flow loadOrStore(boolean immediate) {
        int data = bits(12, 4);
        if (bit(20) && data == COUNTER) {
            return new Flow.Refused("a jump to an address that is loaded");
        } else if (bit(20) && data == STACK) {
            return unknownStack();
        } else if (bits(16, 4) != STACK || !writesBack()) {
            return on(SP);
        }
        return immediate ? on(moved(bits(0, 12))) : unknownStack();
    }

    /** LDM and STM: push, pop, and returns. */
    private Flow several() {
        int list = bits(0, 16);
        int base = bits(16, 4);
        boolean loads = bit(20);
        if (bit(22) || list == 0 || base == COUNTER) {
            return new Flow.Refused("a load or store of registers of another mode");
        }
        long bytes = (long) Integer.bitCount(list) * BYTES;
        RegisterValue after = register(base).plus(bit(23) ? bytes : -bytes);
        if (loads && (list >>> COUNTER & 1) == 1) {
            return returned(list, base, after);
        } else if (loads && (list >>> STACK & 1) == 1) {
            return unknownStack();
        }
        return base == STACK && bit(21) ? on(after) : on(SP);
    }

    /** A return that loads registers, each of them known before. */
    private Flow returned(int list, int base, RegisterValue after) {
        var changes = new HashMap<String, RegisterValue>();
        if (bit(21)) {
            changes.put(name(base), after);
        }
        // The lowest register comes from the lowest address, whichever way the base goes.
        long bytes = (long) Integer.bitCount(list) * BYTES;
        long at = (bit(23) ? 0 : -bytes) + (bit(24) == bit(23) ? BYTES : 0);
        for (int number = 0; number <= COUNTER; number++) {
            if ((list >>> number & 1) == 1) {
                changes.put(name(number), new RegisterValue.Load(register(base).plus(at)));
                at += BYTES;
            }
        }
        return new Flow.Transfer("a return", Map.copyOf(changes));
    }

    // ---- branches ----

    private Flow branch() {
        long distance = (long) (word << 8 >> 8) * BYTES;
        return jump(PC.plus(PIPELINE + distance), bit(24), bit(24) ? "a call" : "a jump");
    }

    private static Flow jump(RegisterValue target, boolean links, String what) {
        return links
                ? new Flow.Transfer(what, Map.of("pc", target, "lr", PC.plus(BYTES)))
                : new Flow.Transfer(what, Map.of("pc", target));
    }

    private static Flow on(RegisterValue stackPointer) {
        return new Flow.Next(stackPointer, false);
    }

    private static Flow unknownStack() {
        return new Flow.Refused("an instruction that sets the stack pointer to what cannot be computed before");
    }
}
