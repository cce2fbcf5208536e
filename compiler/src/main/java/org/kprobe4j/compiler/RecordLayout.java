package org.kprobe4j.compiler;

import java.util.ArrayList;
import java.util.List;

/**
 * How a Java record lies in memory: its components in order, each at its natural alignment, the whole rounded up to eight
 * bytes. {@code record Clone(int pid, long flags)} is
 *
 * <pre>
 *   0        4        8                16
 *   +--------+--------+-----------------+
 *   |  pid   |  (0)   |      flags      |
 *   +--------+--------+-----------------+
 * </pre>
 *
 * @param components in the order of the record
 * @param sizeBytes size of the whole
 */
public record RecordLayout(List<Component> components, int sizeBytes) {
    /** Bytes of a String component: a comm, NUL-padded. */
    public static final int STRING_BYTES = 16;

    /** Copies the list. */
    public RecordLayout {
        components = List.copyOf(components);
    }

    /**
     * A component of the record.
     *
     * @param name its name
     * @param type its Java type
     * @param offset in bytes
     * @param sizeBytes its size
     */
    public record Component(String name, Class<?> type, int offset, int sizeBytes) {}

    /**
     * The layout of a record class.
     *
     * @param type the class
     * @return its layout
     * @throws IllegalArgumentException if a component's type cannot be laid out, naming it
     */
    public static RecordLayout of(Class<? extends Record> type) {
        var components = new ArrayList<Component>();
        int offset = 0;
        for (var component : type.getRecordComponents()) {
            int size = size(type, component.getName(), component.getType());
            int alignment = Math.min(size, 8);
            offset = (offset + alignment - 1) / alignment * alignment;
            components.add(new Component(component.getName(), component.getType(), offset, size));
            offset += size;
        }
        if (components.isEmpty()) {
            throw new IllegalArgumentException(
                    "record " + type.getSimpleName() + " has no components: nothing to send");
        }
        return new RecordLayout(components, (offset + 7) & -8);
    }

    private static int size(Class<?> record, String name, Class<?> type) {
        if (type == byte.class || type == boolean.class) {
            return 1;
        } else if (type == short.class || type == char.class) {
            return 2;
        } else if (type == int.class) {
            return 4;
        } else if (type == long.class) {
            return 8;
        } else if (type == String.class) {
            return STRING_BYTES;
        }
        throw new IllegalArgumentException(
                "record %s: component %s of type %s has no layout in the kernel; use boolean, byte, short, char, int, long or String"
                        .formatted(record.getSimpleName(), name, type.getSimpleName()));
    }
}
