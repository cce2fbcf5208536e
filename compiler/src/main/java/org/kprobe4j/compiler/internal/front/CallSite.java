package org.kprobe4j.compiler.internal.front;

import java.lang.constant.MethodTypeDesc;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.KernelObject;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** A call in a handler's bytecode, with its operands; the receiver is the first. */
record CallSite(
        Translation translation,
        MethodTranslator flow,
        State state,
        String owner,
        String name,
        String descriptor,
        List<Operand> arguments) {
    /** What a call of a void method leaves. */
    static final Operand NOTHING = new Operand.Host(null);

    GraphBuilder builder() {
        return translation.builder();
    }

    /** Whether the first operand is an argument like the others, and no receiver. */
    boolean isStatic() {
        return MethodTypeDesc.ofDescriptor(descriptor).parameterCount() == arguments.size();
    }

    Operand argument(int index) {
        return arguments.get(index);
    }

    /** An argument that Java needs not to be null; where it is, the handler stops. */
    Operand present(int index) {
        return flow.present(state, arguments.get(index));
    }

    Value scalar(int index) {
        return InstructionTranslator.scalar(arguments.get(index));
    }

    /** An operation that yields a long. */
    Operand longOf(Opcode opcode, Value... values) {
        return new Operand.Scalar(builder().append(Kind.LONG, opcode, values));
    }

    /** The kernel object that the receiver stands for; null if it stands for none. */
    @Nullable
    KernelObject kernelObject() {
        return argument(0) instanceof Operand.Host(Object captured) && captured != null
                ? translation.request().host().kernelObject(captured).orElse(null)
                : null;
    }

    /** A class literal. */
    String typeArgument(int index) {
        Operand argument = arguments.get(index);
        if (argument instanceof Operand.Host(java.lang.constant.ClassDesc type)) {
            return ObjectInstructions.internalName(type);
        }
        if (argument instanceof Operand.Host(Class<?> type)) {
            return ObjectInstructions.internalName(type);
        }
        throw new Refusal("%s needs a class literal, for example TaskStruct.class".formatted(name));
    }
}
