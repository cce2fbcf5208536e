package org.kprobe4j.compiler.internal.lower;

import java.util.List;
import java.util.OptionalLong;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;

/** Reads what the kernel handed to the program: the one rule for what handlers ask of it and for the code around them. */
final class ContextLowering {
    private final LirBuilder out;
    private final Architecture machine;
    private final ProgramContext context;
    private final boolean atReturn;
    private final List<Integer> kept;
    private final int register;

    /** At the program's very start, where r1 is the context; {@code kept} are the arguments that a return handler reads. */
    ContextLowering(
            LirBuilder out, Architecture machine, ProgramContext context, ProgramShape shape, List<Integer> kept) {
        this.out = out;
        this.machine = machine;
        this.context = context;
        this.atReturn = shape instanceof ProgramShape.Return;
        this.kept = kept;
        this.register = out.copy(1);
    }

    /** The register that holds the context's address, for helpers. */
    int register() {
        return register;
    }

    /** Whether it is a {@code struct pt_regs}. */
    boolean isRegisters() {
        return context instanceof ProgramContext.Registers;
    }

    /** A register of the probed place, or a part of it, widened with zeros. */
    int load(int offset, Size size) {
        return switch (context) {
            case ProgramContext.Registers _
            when leavesStackPointerUnset()
                    && offset == machine.offset(machine.sp()).orElseThrow() -> {
                int stackPointer = behindRegisters();
                out.add(new Lir.AsNumber(stackPointer));
                yield stackPointer;
            }
            case ProgramContext.Registers registers -> {
                out.program().readsContext(offset, size);
                yield registers.ip().isPresent()
                                && offset == machine.offset(machine.ip()).orElseThrow()
                        ? out.constant(
                                size == Size.DW
                                        ? registers.ip().getAsLong()
                                        : (int) registers.ip().getAsLong())
                        : out.load(size, register, offset);
            }
            case ProgramContext.Trampoline trampoline -> load(trampoline, offset, size);
        };
    }

    /** What a register holds, if that is known before the program runs. */
    OptionalLong known(int offset) {
        return context instanceof ProgramContext.Registers registers
                        && offset == machine.offset(machine.ip()).orElseThrow()
                ? registers.ip()
                : OptionalLong.empty();
    }

    /** A whole register by its name. */
    int load(String name) {
        return load(machine.offset(name).orElseThrow(), machine.wordBytes() == Long.BYTES ? Size.DW : Size.W);
    }

    private int load(ProgramContext.Trampoline trampoline, int offset, Size size) {
        String name = machine.registers().entrySet().stream()
                .filter(entry -> entry.getValue() == offset)
                .findFirst()
                .orElseThrow()
                .getKey();
        int slot = trampoline
                .slot(machine, atReturn, name, size.bytes())
                .orElseThrow(() -> new IllegalStateException("no slot for " + name));
        return slot(trampoline, slot, size);
    }

    private int slot(ProgramContext.Trampoline trampoline, int slot, Size size) {
        boolean pointer = slot < trampoline.parameters().size()
                ? trampoline.parameters().get(slot).pointer()
                : trampoline.result().orElseThrow().pointer();
        // The verifier wants whole words.
        int word = out.load(Size.DW, register, slot * Long.BYTES);
        if (pointer) {
            out.add(new Lir.AsNumber(word));
        }
        if (size == Size.W) {
            out.alu(AluOp.MOV, Width.W32, word, word);
        }
        return word;
    }

    /** Whether arguments of the call need not be kept for its return. */
    boolean keepsArguments() {
        return context instanceof ProgramContext.Trampoline;
    }

    /** An argument that a return handler reads and that the context still holds. */
    int argument(int index, Size size) {
        return slot((ProgramContext.Trampoline) context, kept.get(index), size);
    }

    /**
     * The return trampoline of 32-bit Arm leaves the registers' sp unset; it puts the registers themselves right below where the stack
     * pointer was.
     */
    private boolean leavesStackPointerUnset() {
        return atReturn && machine == Architecture.ARM;
    }

    private int behindRegisters() {
        int address = out.copy(register);
        out.aluImm(AluOp.ADD, Width.W64, address, Architecture.ARM_RETURN_REGISTERS_BYTES);
        return address;
    }

    /**
     * What tells a call from others that are in flight: the stack pointer at the function's entry, or where the trampoline keeps the
     * arguments on the same stack, which is the same for fentry and fexit; or its caller's frame, which stands still until the call is over.
     */
    int callAddress() {
        if (context instanceof ProgramContext.Trampoline) {
            int address = out.copy(register);
            out.add(new Lir.AsNumber(address));
            return address;
        }
        if (leavesStackPointerUnset()) {
            return behindRegisters();
        }
        if (context instanceof ProgramContext.Registers registers && registers.byLink()) {
            return word(machine.framePointer());
        }
        int stackPointer = word(machine.sp());
        if (atReturn && machine.returnStackDelta() != 0) {
            out.aluImm(AluOp.ADD, Width.W64, stackPointer, -machine.returnStackDelta());
        }
        return stackPointer;
    }

    /** A register that the handler does not ask for. */
    private int word(String name) {
        return out.load(
                machine.wordBytes() == Long.BYTES ? Size.DW : Size.W,
                register,
                machine.offset(name).orElseThrow());
    }
}
