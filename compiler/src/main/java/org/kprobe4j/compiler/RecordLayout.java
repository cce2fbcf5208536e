package org.kprobe4j.compiler;

import java.lang.annotation.Annotation;
import java.lang.reflect.RecordComponent;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

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
 * A record within a record lies as it would alone, at a multiple of eight. A String is NUL-padded bytes, an enum the number of
 * its constant, an {@code Inet4Address} 4 bytes, an {@code Inet6Address} 16; an {@code InetAddress} may be either:
 *
 * <pre>
 *   0        4                          20
 *   +--------+--------------------------+
 *   | 4 | 16 |  address, zeros          |
 *   +--------+--------------------------+
 * </pre>
 *
 * A call stack lies as {@link StackKind} says, the registers as {@link RegisterSnapshot} does.
 *
 * @param components in the order of the record
 * @param sizeBytes size of the whole
 */
public record RecordLayout(List<Component> components, int sizeBytes) {
    /** Bytes of a String component that does not say how many: a comm, NUL-padded. */
    public static final int STRING_BYTES = 16;

    /** Bytes of an IPv4 address. */
    public static final int IPV4_BYTES = 4;

    /** Bytes of an IPv6 address. */
    public static final int IPV6_BYTES = 16;

    private static final String MAX_BYTES = "org.kprobe4j.MaxBytes";
    private static final String MAX_FRAMES = "org.kprobe4j.MaxFrames";
    private static final int MAX_STRING_BYTES = 4096;

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
     * @param cut whether a longer string is cut, as its {@code @MaxBytes} says
     * @param parts layout of a record
     */
    public record Component(
            String name, Class<?> type, int offset, int sizeBytes, boolean cut, Optional<RecordLayout> parts) {}

    /**
     * The layout of a record class.
     *
     * @param type the class
     * @return its layout
     * @throws IllegalArgumentException if a component's type cannot be laid out, naming it
     */
    public static RecordLayout of(Class<? extends Record> type) {
        return of(type, new HashSet<>(), false);
    }

    /**
     * The layout of a record class as a map's key: in the place of a stack stands its number.
     *
     * @param type the class
     * @return its layout
     * @throws IllegalArgumentException if a component's type cannot be laid out, naming it
     */
    public static RecordLayout ofKey(Class<? extends Record> type) {
        return of(type, new HashSet<>(), true);
    }

    /**
     * The stack, or one of the stacks, in it or in its parts.
     *
     * @param kind whose
     * @return its component
     */
    public Optional<Component> stack(StackKind kind) {
        return components.stream()
                .flatMap(component -> component.parts().isPresent()
                        ? component.parts().get().stack(kind).stream()
                        : StackKind.of(component.type()).filter(kind::equals).map(_ -> component).stream())
                .findFirst();
    }

    /**
     * The registers of any machine in it or in its parts.
     *
     * @return the component, or the first of several
     */
    public Optional<Component> registers() {
        return components.stream()
                .flatMap(component -> component.parts().isPresent()
                        ? component.parts().get().registers().stream()
                        : Stream.of(component).filter(c -> RegisterSnapshot.is(c.type())))
                .findFirst();
    }

    private static RecordLayout of(Class<?> type, Set<Class<?>> around, boolean key) {
        if (!around.add(type)) {
            throw new IllegalArgumentException(
                    "record %s contains itself: it has no end".formatted(type.getSimpleName()));
        }
        var components = new ArrayList<Component>();
        int offset = 0;
        for (RecordComponent component : type.getRecordComponents()) {
            Optional<RecordLayout> parts = component.getType().isRecord()
                    ? Optional.of(of(component.getType(), around, key))
                    : Optional.empty();
            int size = parts.map(RecordLayout::sizeBytes).orElseGet(() -> size(type, component, key));
            int alignment = alignment(component.getType(), size);
            offset = (offset + alignment - 1) / alignment * alignment;
            components.add(new Component(
                    component.getName(),
                    component.getType(),
                    offset,
                    size,
                    annotated(component, MAX_BYTES).isPresent(),
                    parts));
            offset += size;
        }
        around.remove(type);
        if (components.isEmpty()) {
            throw new IllegalArgumentException(
                    "record " + type.getSimpleName() + " has no components: nothing to send");
        }
        return new RecordLayout(components, (offset + 7) & -8);
    }

    private static int alignment(Class<?> type, int size) {
        if (type == InetAddress.class) {
            return Integer.BYTES;
        }
        return size >= Long.BYTES ? Long.BYTES : type == String.class ? 1 : size;
    }

    private static int size(Class<?> record, RecordComponent component, boolean key) {
        Class<?> type = component.getType();
        if (type == byte.class || type == boolean.class) {
            return 1;
        } else if (type == short.class || type == char.class) {
            return 2;
        } else if (type == int.class) {
            return 4;
        } else if (type == long.class) {
            return 8;
        } else if (type == String.class) {
            return stringBytes(record, component);
        } else if (type.isEnum()) {
            return type.getEnumConstants().length <= 1 << Byte.SIZE ? 1 : 2;
        } else if (type == Inet4Address.class) {
            return IPV4_BYTES;
        } else if (type == Inet6Address.class) {
            return IPV6_BYTES;
        } else if (type == InetAddress.class) {
            return Integer.BYTES + IPV6_BYTES;
        }
        if (RegisterSnapshot.is(type)) {
            return RegisterSnapshot.sizeBytes(type);
        }
        Optional<StackKind> stack = StackKind.of(type);
        if (stack.isPresent()) {
            return key ? stack.get().keyBytes() : stack.get().eventBytes(frames(record, component));
        }
        throw new IllegalArgumentException(
                "record %s: component %s of type %s has no layout in the kernel; use boolean, byte, short, char, int, long, String, an enum, an InetAddress, a KernelStack, a UserStack, PtRegs or a record of them"
                        .formatted(record.getSimpleName(), component.getName(), type.getSimpleName()));
    }

    private static int stringBytes(Class<?> record, RecordComponent component) {
        int bytes = annotated(component, MAX_BYTES).orElse(STRING_BYTES);
        if (bytes < 1 || bytes > MAX_STRING_BYTES) {
            throw new IllegalArgumentException("record %s: component %s has @MaxBytes(%d); a string has 1 to %d bytes"
                    .formatted(record.getSimpleName(), component.getName(), bytes, MAX_STRING_BYTES));
        }
        return bytes;
    }

    private static int frames(Class<?> record, RecordComponent component) {
        int frames = annotated(component, MAX_FRAMES).orElse(StackKind.DEFAULT_FRAMES);
        if (frames < 1 || frames > StackKind.MAX_FRAMES) {
            throw new IllegalArgumentException("record %s: component %s has @MaxFrames(%d); a stack has 1 to %d frames"
                    .formatted(record.getSimpleName(), component.getName(), frames, StackKind.MAX_FRAMES));
        }
        return frames;
    }

    /** The annotation is the API's, which this module knows by name only. */
    private static Optional<Integer> annotated(RecordComponent component, String name) {
        for (Annotation annotation : component.getAnnotations()) {
            Class<? extends Annotation> type = annotation.annotationType();
            if (type.getName().equals(name)) {
                try {
                    return Optional.of((Integer) type.getMethod("value").invoke(annotation));
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("cannot read " + annotation, e);
                }
            }
        }
        return Optional.empty();
    }
}
