package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.RecordLayout;

/**
 * Records from and to the bytes that a {@link RecordLayout} says: events that arrived, keys and values of maps, what a handler in
 * the JVM emits.
 *
 * @param <T> the record
 */
public final class RecordBytes<T extends Record> {
    private final RecordLayout layout;
    private final Constructor<T> constructor;
    private final List<Method> accessors = new ArrayList<>();
    private final List<@Nullable RecordBytes<?>> parts = new ArrayList<>();

    /**
     * For a class of records.
     *
     * @param type class of the records
     * @param layout how they lie in memory
     * @throws IllegalArgumentException if the class is closed to reflection
     */
    public RecordBytes(Class<T> type, RecordLayout layout) {
        this.layout = layout;
        RecordComponent[] components = type.getRecordComponents();
        try {
            constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            for (RecordComponent component : components) {
                component.getAccessor().setAccessible(true);
                accessors.add(component.getAccessor());
            }
        } catch (NoSuchMethodException | InaccessibleObjectException e) {
            throw new IllegalArgumentException(
                    "record %s cannot be read and made by reflection; open its package to org.kprobe4j"
                            .formatted(type.getSimpleName()));
        }
        for (RecordLayout.Component component : layout.components()) {
            parts.add(component
                    .parts()
                    .map(inner -> new RecordBytes<>(component.type().asSubclass(Record.class), inner))
                    .orElse(null));
        }
    }

    // ---- from bytes ----

    /** A record from its bytes. */
    public T read(MemorySegment bytes) {
        return read(bytes, 0);
    }

    private T read(MemorySegment bytes, int base) {
        var values = new @Nullable Object[parts.size()];
        for (int i = 0; i < values.length; i++) {
            RecordLayout.Component component = layout.components().get(i);
            RecordBytes<?> inner = parts.get(i);
            int offset = base + component.offset();
            values[i] = inner != null ? inner.read(bytes, offset) : value(bytes, component, offset);
        }
        try {
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "cannot make " + constructor.getDeclaringClass().getSimpleName(), e);
        }
    }

    private static @Nullable Object value(MemorySegment record, RecordLayout.Component component, int offset) {
        Class<?> type = component.type();
        if (type.isPrimitive()) {
            return number(record, type, offset);
        } else if (type.isEnum()) {
            int number = component.sizeBytes() == 1
                    ? record.get(ValueLayout.JAVA_BYTE, offset) & 0xff
                    : record.get(ValueLayout.JAVA_CHAR_UNALIGNED, offset);
            return type.getEnumConstants()[number];
        } else if (type == InetAddress.class) {
            int length = record.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
            return length == 0 ? null : address(record, offset + Integer.BYTES, length);
        } else if (type == Inet4Address.class || type == Inet6Address.class) {
            return address(record, offset, component.sizeBytes());
        }
        return LineFormatter.chars(record, offset, component.sizeBytes());
    }

    /** A primitive. */
    static Object number(MemorySegment record, Class<?> type, int offset) {
        return switch (type.getName()) {
            case "long" -> record.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
            case "int" -> record.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
            case "short" -> record.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset);
            case "char" -> record.get(ValueLayout.JAVA_CHAR_UNALIGNED, offset);
            case "byte" -> record.get(ValueLayout.JAVA_BYTE, offset);
            case "boolean" -> record.get(ValueLayout.JAVA_BYTE, offset) != 0;
            default -> throw new IllegalArgumentException(type + " has no layout");
        };
    }

    /** An internet address of 4 or 16 bytes; one of 16 stays an IPv6 address, whatever it says. */
    static InetAddress address(MemorySegment record, int offset, int sizeBytes) {
        byte[] bytes = record.asSlice(offset, sizeBytes).toArray(ValueLayout.JAVA_BYTE);
        try {
            return sizeBytes == RecordLayout.IPV6_BYTES
                    ? Inet6Address.getByAddress(null, bytes, -1)
                    : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of %d bytes".formatted(sizeBytes), e);
        }
    }

    // ---- to bytes ----

    /**
     * A record as bytes; what lies between its parts is zero.
     *
     * @throws IllegalArgumentException if a component does not hold its value
     */
    public byte[] write(Record object) {
        var bytes = new byte[layout.sizeBytes()];
        write(MemorySegment.ofArray(bytes), 0, object);
        return bytes;
    }

    private void write(MemorySegment bytes, int base, Record object) {
        for (int i = 0; i < parts.size(); i++) {
            RecordLayout.Component component = layout.components().get(i);
            RecordBytes<?> inner = parts.get(i);
            Object part = call(accessors.get(i), object);
            int offset = base + component.offset();
            if (inner != null) {
                if (part == null) {
                    throw new IllegalArgumentException(
                            "the component %s is null; a record within a record must be there"
                                    .formatted(component.name()));
                }
                inner.write(bytes, offset, (Record) part);
            } else {
                write(bytes, component, offset, part);
            }
        }
    }

    private static @Nullable Object call(Method accessor, Record object) {
        try {
            return accessor.invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("cannot read " + accessor.getName() + " of " + object, e);
        }
    }

    @SuppressWarnings("EnumOrdinal") // the layout says: the number of the constant
    private static void write(
            MemorySegment record, RecordLayout.Component component, int offset, @Nullable Object value) {
        switch (value) {
            case null -> missing(component);
            case Enum<?> constant
            when component.sizeBytes() == 1 -> record.set(ValueLayout.JAVA_BYTE, offset, (byte) constant.ordinal());
            case Enum<?> constant -> record.set(ValueLayout.JAVA_CHAR_UNALIGNED, offset, (char) constant.ordinal());
            case InetAddress address -> address(record, component, offset, address.getAddress());
            case String text -> text(record, component, offset, text);
            default -> number(record, offset, value);
        }
    }

    /** What is zero in the record; an enum and an address of one family have no such value. */
    private static void missing(RecordLayout.Component component) {
        if (component.type() != String.class && component.type() != InetAddress.class) {
            throw new IllegalArgumentException("the component %s is null; a %s must be there"
                    .formatted(component.name(), component.type().getSimpleName()));
        }
    }

    /** A primitive. */
    static void number(MemorySegment record, int offset, Object value) {
        switch (value) {
            case Long number -> record.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, number);
            case Integer number -> record.set(ValueLayout.JAVA_INT_UNALIGNED, offset, number);
            case Short number -> record.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, number);
            case Character letter -> record.set(ValueLayout.JAVA_CHAR_UNALIGNED, offset, letter);
            case Byte number -> record.set(ValueLayout.JAVA_BYTE, offset, number);
            case Boolean flag -> record.set(ValueLayout.JAVA_BYTE, offset, (byte) (flag ? 1 : 0));
            default -> throw new IllegalArgumentException("not a number: " + value);
        }
    }

    private static void address(MemorySegment record, RecordLayout.Component component, int offset, byte[] bytes) {
        int at = offset;
        if (component.type() == InetAddress.class) {
            record.set(ValueLayout.JAVA_INT_UNALIGNED, offset, bytes.length);
            at += Integer.BYTES;
        }
        MemorySegment.copy(bytes, 0, record, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    private static void text(MemorySegment record, RecordLayout.Component component, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > component.sizeBytes() && !component.cut()) {
            throw new IllegalArgumentException("the string \"%s\" has %d bytes; the component %s holds %d"
                    .formatted(text, bytes.length, component.name(), component.sizeBytes()));
        }
        // The helper that reads a text of the kernel into a record ends what it cuts with a NUL.
        int kept = component.cut() ? Math.min(bytes.length, component.sizeBytes() - 1) : bytes.length;
        MemorySegment.copy(bytes, 0, record, ValueLayout.JAVA_BYTE, offset, kept);
    }
}
