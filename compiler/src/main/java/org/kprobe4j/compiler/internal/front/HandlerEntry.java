package org.kprobe4j.compiler.internal.front;

import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.HandlerCode;
import org.kprobe4j.compiler.internal.ir.End;
import org.kprobe4j.compiler.internal.ir.GraphBuilder;

/** Sets up the handler's own parameters and translates its method. */
final class HandlerEntry {
    private final Translation translation;

    HandlerEntry(Translation translation) {
        this.translation = translation;
    }

    void translate() {
        HandlerCode handler = translation.request().handler();
        MethodCode method = translation.method(handler.owner(), handler.method(), handler.descriptor());
        if (method == null) {
            throw new Refusal("the handler's method %s%s is not in the class file of %s"
                    .formatted(handler.method(), handler.descriptor(), Translation.javaName(handler.owner())));
        }
        List<Operand> arguments = arguments(handler);
        GraphBuilder builder = translation.builder();
        builder.at(method.position(0));
        translation.inside(method, () -> {
            var result = new MethodTranslator(translation, method, null).translate(new State(0), arguments);
            if (result != null) {
                Operand value = result.value();
                builder.current()
                        .end(new End.Return(
                                value instanceof Operand.Scalar scalar ? scalar.value() : GraphBuilder.constant(0),
                                builder.position()));
            }
        });
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

    static Operand captured(@Nullable Object value, ClassDesc type) {
        if (!type.isPrimitive()) {
            return new Operand.Host(value);
        }
        return switch (value) {
            case Boolean b -> new Operand.Scalar(GraphBuilder.constant(b ? 1 : 0));
            case Character c -> new Operand.Scalar(GraphBuilder.constant(c.charValue()));
            case Long l -> new Operand.Scalar(GraphBuilder.constant(l.longValue()));
            case Byte b -> new Operand.Scalar(GraphBuilder.constant(b.intValue()));
            case Short s -> new Operand.Scalar(GraphBuilder.constant(s.intValue()));
            case Integer i -> new Operand.Scalar(GraphBuilder.constant(i.intValue()));
            case null, default ->
                throw new Refusal("a handler cannot use a captured %s: the kernel has no floating point"
                        .formatted(type.displayName()));
        };
    }
}
