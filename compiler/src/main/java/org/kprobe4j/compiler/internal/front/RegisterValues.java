package org.kprobe4j.compiler.internal.front;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.RegisterValue;
import org.kprobe4j.compiler.internal.ir.Arithmetic;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Computes what registers hold after an instruction that has not run yet. */
final class RegisterValues {
    /** Said where a handler stops because the word that the instruction would load cannot be read. */
    static final String UNREADABLE = "read of where the probed instruction goes on, at an address that is not mapped";

    private final Translation translation;
    private final Architecture machine;
    private final GraphBuilder builder;

    RegisterValues(Translation translation) {
        this.translation = translation;
        this.machine = translation.request().architecture();
        this.builder = translation.builder();
    }

    /** What a post handler sees in a register that the instruction changes; null for one that holds what it shows. */
    @Nullable
    Value afterInstruction(String register) {
        if (translation.request().shape() instanceof ProgramShape.Post(PostPairing.SameTrap(var changes))) {
            RegisterValue changed = changes.get(register);
            return changed == null ? null : value(changed);
        }
        return null;
    }

    /** As a long, cut to the machine's word. */
    Value value(RegisterValue of) {
        Value value = compute(of);
        return machine.wordBytes() == Long.BYTES
                ? value
                : builder.binary(Arithmetic.AND, Kind.LONG, value, GraphBuilder.constant(0xffff_ffffL));
    }

    private Value compute(RegisterValue of) {
        return switch (of) {
            case RegisterValue.Constant(long value) -> GraphBuilder.constant(value);
            case RegisterValue.Register(String name) -> now(name);
            case RegisterValue.Binary(var operator, var a, var b) -> binary(operator, compute(a), b);
            case RegisterValue.Load(var address) -> load(value(address));
            case RegisterValue.Choice(var test, var nonZero, var zero) ->
                choice(value(test), compute(nonZero), compute(zero));
        };
    }

    private Value now(String register) {
        int offset = machine.offset(register).orElseThrow();
        return machine.wordBytes() == Long.BYTES
                ? builder.append(Kind.LONG, new Opcode.Context(offset, Size.DW))
                : builder.zeroExtend(builder.append(Kind.INT, new Opcode.Context(offset, Size.W)));
    }

    private Value binary(RegisterValue.Operator operator, Value a, RegisterValue second) {
        Value b = compute(second);
        return switch (operator) {
            case ADD -> builder.binary(Arithmetic.ADD, Kind.LONG, a, b);
            case SUB -> builder.binary(Arithmetic.SUB, Kind.LONG, a, b);
            case AND -> builder.binary(Arithmetic.AND, Kind.LONG, a, b);
            case OR -> builder.binary(Arithmetic.OR, Kind.LONG, a, b);
            case XOR -> builder.binary(Arithmetic.XOR, Kind.LONG, a, b);
            case SHL -> builder.binary(Arithmetic.SHL, Kind.LONG, a, builder.truncate(b));
            case USHR -> builder.binary(Arithmetic.USHR, Kind.LONG, a, builder.truncate(b));
        };
    }

    private Value load(Value address) {
        boolean wide = machine.wordBytes() == Long.BYTES;
        var read = new Opcode.KernelRead(
                0, wide ? Size.DW : Size.W, false, translation.faultSite(UNREADABLE), false, null, null);
        Value word = builder.append(wide ? Kind.LONG : Kind.INT, read, address);
        return wide ? word : builder.zeroExtend(word);
    }

    /** Without a branch: {@code zero ^ ((nonZero ^ zero) & -(test != 0))}. */
    private Value choice(Value test, Value nonZero, Value zero) {
        Value taken = builder.extend(builder.compare(Cond.NE, test, GraphBuilder.constant(0L)));
        Value mask = builder.negate(taken);
        Value difference = builder.binary(Arithmetic.XOR, Kind.LONG, nonZero, zero);
        Value chosen = builder.binary(Arithmetic.AND, Kind.LONG, difference, mask);
        return builder.binary(Arithmetic.XOR, Kind.LONG, zero, chosen);
    }
}
