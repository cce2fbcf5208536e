package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.RecordComponent;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.RecordLayout;

/**
 * Makes records of the bytes that arrived.
 *
 * @param <T> the record
 */
public final class EventReader<T extends Record> {
    private final Constructor<T> constructor;
    private final RecordLayout layout;
    private final List<@Nullable EventReader<?>> parts = new ArrayList<>();

    /**
     * A reader.
     *
     * @param type class of the records
     * @param layout how they lie in memory
     * @throws IllegalArgumentException if the class is closed to reflection
     */
    public EventReader(Class<T> type, RecordLayout layout) {
        this.constructor = constructor(type);
        this.layout = layout;
        for (RecordLayout.Component component : layout.components()) {
            parts.add(component
                    .parts()
                    .map(inner -> new EventReader<>(component.type().asSubclass(Record.class), inner))
                    .orElse(null));
        }
    }

    private static <T extends Record> Constructor<T> constructor(Class<T> type) {
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            Constructor<T> found = type.getDeclaredConstructor(types);
            found.setAccessible(true);
            return found;
        } catch (NoSuchMethodException | InaccessibleObjectException e) {
            throw new IllegalArgumentException(
                    "record %s cannot be made by reflection; open its package to org.kprobe4j"
                            .formatted(type.getSimpleName()));
        }
    }

    /** A record from its bytes. */
    public T read(MemorySegment bytes) {
        return read(bytes, 0);
    }

    private T read(MemorySegment bytes, int base) {
        var values = new @Nullable Object[parts.size()];
        for (int i = 0; i < values.length; i++) {
            RecordLayout.Component component = layout.components().get(i);
            EventReader<?> inner = parts.get(i);
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
        if (type == long.class) {
            return record.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
        } else if (type == int.class) {
            return record.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
        } else if (type == short.class) {
            return record.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset);
        } else if (type == char.class) {
            return record.get(ValueLayout.JAVA_CHAR_UNALIGNED, offset);
        } else if (type == byte.class) {
            return record.get(ValueLayout.JAVA_BYTE, offset);
        } else if (type == boolean.class) {
            return record.get(ValueLayout.JAVA_BYTE, offset) != 0;
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
}
