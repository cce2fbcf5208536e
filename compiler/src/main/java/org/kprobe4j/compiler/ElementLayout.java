package org.kprobe4j.compiler;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** How a map's key or value lies in memory: a number as C has it, or a record. */
public sealed interface ElementLayout {
    /** The boxes of numbers that the kernel has, with their primitives. */
    Map<Class<?>, Class<?>> PRIMITIVES = Map.of(
            Long.class, long.class,
            Integer.class, int.class,
            Short.class, short.class,
            Byte.class, byte.class,
            Character.class, char.class,
            Boolean.class, boolean.class);

    /**
     * Its size.
     *
     * @return in bytes; a record's is a multiple of eight
     */
    int sizeBytes();

    /**
     * Its Java type, for messages.
     *
     * @return for example {@code Long}
     */
    String javaName();

    /**
     * A number.
     *
     * @param type its primitive type
     */
    record Scalar(Class<?> type) implements ElementLayout {
        @Override
        public int sizeBytes() {
            if (type == long.class) {
                return Long.BYTES;
            } else if (type == int.class) {
                return Integer.BYTES;
            }
            return type == short.class || type == char.class ? Short.BYTES : 1;
        }

        @Override
        public String javaName() {
            return PRIMITIVES.entrySet().stream()
                    .filter(e -> e.getValue() == type)
                    .map(e -> e.getKey().getSimpleName())
                    .findFirst()
                    .orElse(type.getName());
        }
    }

    /**
     * A record.
     *
     * @param type its class
     * @param layout of its components
     */
    record Composite(Class<? extends Record> type, RecordLayout layout) implements ElementLayout {
        @Override
        public int sizeBytes() {
            return layout.sizeBytes();
        }

        @Override
        public String javaName() {
            return type.getSimpleName();
        }
    }

    /**
     * A call stack as a key: its number.
     *
     * @param kind whose
     */
    record Stack(StackKind kind) implements ElementLayout {
        @Override
        public int sizeBytes() {
            return kind.keyBytes();
        }

        @Override
        public String javaName() {
            return kind == StackKind.KERNEL ? "KernelStack" : "UserStack";
        }
    }

    /**
     * Whether there is a stack in it.
     *
     * @param kind whose
     * @return true if so
     */
    default boolean hasStack(StackKind kind) {
        return this instanceof Stack stack
                ? stack.kind() == kind
                : this instanceof Composite composite
                        && composite.layout().stack(kind).isPresent();
    }

    /**
     * The layout of a Java type as a map's key.
     *
     * @param type Long, Integer, Short, Byte, Character, Boolean, KernelStack, UserStack or a record
     * @return its layout
     * @throws IllegalArgumentException for any other type, or if a component of the record cannot be laid out
     */
    static ElementLayout ofKey(Class<?> type) {
        Optional<StackKind> stack = StackKind.of(type);
        if (stack.isPresent()) {
            return new Stack(stack.get());
        } else if (type.isRecord()) {
            Class<? extends Record> composite = type.asSubclass(Record.class);
            return new Composite(composite, withoutRegisters(composite, RecordLayout.ofKey(composite)));
        }
        return of(type);
    }

    /**
     * The layout of a Java type as a map's value.
     *
     * @param type Long, Integer, Short, Byte, Character, Boolean or a record
     * @return its layout
     * @throws IllegalArgumentException for any other type, or if a component of the record cannot be laid out
     */
    static ElementLayout of(Class<?> type) {
        Class<?> primitive = PRIMITIVES.get(type);
        if (primitive != null) {
            return new Scalar(primitive);
        } else if (type.isRecord()) {
            Class<? extends Record> composite = type.asSubclass(Record.class);
            RecordLayout layout = RecordLayout.of(composite);
            Stream.of(StackKind.values())
                    .flatMap(kind -> layout.stack(kind).stream())
                    .findFirst()
                    .ifPresent(stack -> {
                        throw new IllegalArgumentException(
                                "record %s: a map's value cannot hold the stack %s; make it part of the key, or send it in an event"
                                        .formatted(type.getSimpleName(), stack.name()));
                    });
            return new Composite(composite, withoutRegisters(composite, layout));
        } else if (StackKind.of(type).isPresent()) {
            throw new IllegalArgumentException(
                    "a %s cannot be the value of a map; make it the key, or send it in an event"
                            .formatted(type.getSimpleName()));
        }
        throw new IllegalArgumentException(
                "%s cannot be a key or a value of a map; use Long, Integer, Short, Byte, Character, Boolean or a record"
                        .formatted(type.getSimpleName()));
    }

    private static RecordLayout withoutRegisters(Class<?> type, RecordLayout layout) {
        layout.registers().ifPresent(component -> {
            throw new IllegalArgumentException(
                    "record %s: a map cannot hold %s, the registers of any machine; name the machine, PtRegs.X86 %s, or send them in an event"
                            .formatted(type.getSimpleName(), component.name(), component.name()));
        });
        return layout;
    }
}
