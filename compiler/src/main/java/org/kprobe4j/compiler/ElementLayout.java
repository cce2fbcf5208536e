package org.kprobe4j.compiler;

import java.util.Map;

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
     * The layout of a Java type.
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
            return new Composite(composite, RecordLayout.of(composite));
        }
        throw new IllegalArgumentException(
                "%s cannot be a key or a value of a map; use Long, Integer, Short, Byte, Character, Boolean or a record"
                        .formatted(type.getSimpleName()));
    }
}
