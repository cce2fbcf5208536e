package org.kprobe4j.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.kprobe4j.compiler.RegisterValue;

/** Registers and memory before an instruction: says what a computed value is, without the compiler. */
record RegisterState(Map<String, Long> registers, LongUnaryOperator memory) {
    /** The same with another value in a register. */
    RegisterState with(String register, long value) {
        var changed = new HashMap<>(registers);
        changed.put(register, value);
        return new RegisterState(changed, memory);
    }

    long value(RegisterValue of) {
        return switch (of) {
            case RegisterValue.Constant(long value) -> value;
            case RegisterValue.Register(String name) -> {
                Long value = registers.get(name);
                if (value == null) {
                    throw new AssertionError("no register " + name);
                }
                yield value;
            }
            case RegisterValue.Binary(var operator, var left, var right) -> {
                long a = value(left);
                long b = value(right);
                yield switch (operator) {
                    case ADD -> a + b;
                    case SUB -> a - b;
                    case AND -> a & b;
                    case OR -> a | b;
                    case XOR -> a ^ b;
                    case SHL -> a << b;
                    case USHR -> a >>> b;
                };
            }
            case RegisterValue.Load(var address) -> memory.applyAsLong(value(address));
            case RegisterValue.Choice(var test, var nonZero, var zero) ->
                value(test) != 0 ? value(nonZero) : value(zero);
        };
    }

    /** What a register holds after a transfer of control. */
    long after(Flow flow, String register) {
        if (!(flow instanceof Flow.Transfer transfer)) {
            throw new AssertionError(flow + " is no transfer");
        }
        RegisterValue changed = transfer.changes().get(register);
        return value(changed == null ? RegisterValue.register(register) : changed);
    }
}
