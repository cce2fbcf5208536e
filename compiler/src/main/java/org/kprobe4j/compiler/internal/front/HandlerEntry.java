package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Cond;
import org.kprobe4j.compiler.internal.ir.End;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;
import org.kprobe4j.compiler.internal.ir.Kind;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.Value;

/** Sets up the handler's own parameters and translates its method. */
final class HandlerEntry {
    private final Translation translation;

    HandlerEntry(Translation translation) {
        this.translation = translation;
    }

    void translate() {
        HandlerCode handler = translation.request().handler();
        translation.requireClass(handler.owner());
        MethodCode method = translation.method(handler.owner(), handler.method(), handler.descriptor());
        if (method == null) {
            throw new Refusal("the handler's method %s%s is not in the class file of %s"
                    .formatted(handler.method(), handler.descriptor(), Translation.javaName(handler.owner())));
        }
        List<Operand> arguments = arguments(handler);
        GraphBuilder builder = translation.builder();
        builder.at(method.position(0));
        translation.inside(method, arguments, () -> {
            var result = new MethodTranslator(translation, method, null).translate(new State(0), arguments);
            if (result != null) {
                end(
                        builder,
                        result.value() instanceof Operand.Scalar scalar ? scalar.value() : GraphBuilder.constant(0));
            }
        });
    }

    /** Only whether an entry handler returns 0 decides what happens next; no other handler's result does. */
    private void end(GraphBuilder builder, Value result) {
        if (translation.request().shape() instanceof ProgramShape.Pre pre
                && pre.post().orElse(null) instanceof PostPairing.NextInstruction next) {
            Value stackPointer = new RegisterValues(translation).value(next.stackPointer());
            builder.append(Kind.INT, new Opcode.ArmPost(), stackPointer);
        }
        if (!(translation.request().shape() instanceof ProgramShape.Entry)) {
            builder.current().end(new End.Return(true, builder.position()));
        } else if (result instanceof Value.Constant known) {
            builder.current().end(new End.Return(known.value() == 0, builder.position()));
        } else {
            Block follow = builder.graph().block();
            Block ignore = builder.graph().block();
            builder.branch(Cond.EQ, result, new Value.Constant(result.kind(), 0), follow, ignore);
            follow.end(new End.Return(true, builder.position()));
            ignore.end(new End.Return(false, builder.position()));
        }
    }

    private List<Operand> arguments(HandlerCode handler) {
        var types = new ArrayList<ClassDesc>(
                MethodTypeDesc.ofDescriptor(handler.descriptor()).parameterList());
        var arguments = new ArrayList<Operand>();
        List<@Nullable Object> captured = handler.captured();
        boolean hasReceiver = arityWithoutReceiver(handler) < captured.size();
        for (int i = 0; i < captured.size(); i++) {
            boolean receiver = hasReceiver && i == 0;
            ClassDesc type = receiver ? ClassDesc.ofInternalName(handler.owner()) : types.removeFirst();
            arguments.add(captured(captured.get(i), type));
        }
        for (ClassDesc type : types) {
            arguments.add(parameter(type));
        }
        return arguments;
    }

    /** How many captured values are parameters of the method, as opposed to its receiver. */
    private int arityWithoutReceiver(HandlerCode handler) {
        long own = MethodTypeDesc.ofDescriptor(handler.descriptor()).parameterList().stream()
                .filter(HandlerEntry::isHandlerParameter)
                .count();
        int trailingFlags = handler.descriptor().contains("J)V") ? 1 : 0;
        return MethodTypeDesc.ofDescriptor(handler.descriptor()).parameterCount() - (int) own - trailingFlags;
    }

    private static boolean isHandlerParameter(ClassDesc type) {
        return switch (type.descriptorString()) {
            case Api.PT_REGS, Api.KPROBE, Api.KRETPROBE_INSTANCE -> true;
            default -> false;
        };
    }

    private static Operand parameter(ClassDesc type) {
        return switch (type.descriptorString()) {
            case Api.PT_REGS -> new Operand.Registers();
            case Api.KPROBE -> new Operand.Probe();
            case Api.KRETPROBE_INSTANCE -> new Operand.Instance();
            // A post handler's flags: 0 on every architecture that is supported.
            case "J" -> new Operand.Scalar(GraphBuilder.constant(0L));
            default -> throw new Refusal("a handler has no parameter of type " + type.displayName());
        };
    }

    /** A value of the host program: a primitive is a number here, its box the same number in a box. */
    static Operand captured(@Nullable Object value, ClassDesc type) {
        return switch (value) {
            case Boolean b -> number(GraphBuilder.constant(b ? 1 : 0), boolean.class, type);
            case Character c -> number(GraphBuilder.constant(c.charValue()), char.class, type);
            case Long l -> number(GraphBuilder.constant(l.longValue()), long.class, type);
            case Byte b -> number(GraphBuilder.constant(b.intValue()), byte.class, type);
            case Short s -> number(GraphBuilder.constant(s.intValue()), short.class, type);
            case Integer i -> number(GraphBuilder.constant(i.intValue()), int.class, type);
            case null, default -> {
                if (type.isPrimitive()) {
                    throw new Refusal("a handler cannot use a captured %s: the kernel has no floating point"
                            .formatted(type.displayName()));
                }
                yield new Operand.Host(value);
            }
        };
    }

    private static Operand number(Value.Constant value, Class<?> primitive, ClassDesc type) {
        return type.isPrimitive() ? new Operand.Scalar(value) : new Operand.Boxed(value, primitive);
    }
}
