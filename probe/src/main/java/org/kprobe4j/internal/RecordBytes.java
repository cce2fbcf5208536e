package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.RecordComponent;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.RecordLayout;

/**
 * Records from and to the bytes that a {@link RecordLayout} says: events that arrived, keys and values of maps, what a handler in
 * the JVM emits. The code that does it is made for each type when it is first used ({@link RecordCode}). Thread-safe.
 *
 * @param <T> the record
 */
public final class RecordBytes<T extends Record> {
    /** Of the 255 words of a call, the method handle and the new object take one each. */
    private static final int MOST_WORDS = 253;

    private final Class<T> type;
    private final RecordLayout layout;
    private final MethodHandle constructor;
    private final List<MethodHandle> accessors = new ArrayList<>();
    private final List<@Nullable ComponentCodec> codecs = new ArrayList<>();
    private volatile RecordCode.@Nullable Reader reader;
    private volatile RecordCode.@Nullable Writer writer;

    /**
     * For a class of records, stacks being as in events.
     *
     * @param type class of the records
     * @param layout how they lie in memory
     * @throws IllegalArgumentException if the class is closed to reflection
     */
    public RecordBytes(Class<T> type, RecordLayout layout) {
        this(type, layout, StackBytes.inEvents(StackNames.running()));
    }

    /**
     * For a class of records.
     *
     * @param type class of the records
     * @param layout how they lie in memory
     * @param stacks reads the stacks in them
     * @throws IllegalArgumentException if the class is closed to reflection
     */
    public RecordBytes(Class<T> type, RecordLayout layout, StackBytes stacks) {
        this.type = type;
        this.layout = layout;
        RecordComponent[] components = type.getRecordComponents();
        try {
            RecordBytes.class.getModule().addReads(type.getModule());
            var constructed = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            requireHandle(type);
            constructor = lookup.unreflectConstructor(constructed);
            for (RecordComponent component : components) {
                accessors.add(lookup.unreflect(component.getAccessor()));
            }
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new IllegalArgumentException(
                    "record %s cannot be read and made by reflection; open its package to org.kprobe4j"
                            .formatted(type.getSimpleName()));
        }
        for (RecordLayout.Component component : layout.components()) {
            codecs.add(component.type().isPrimitive() ? null : ComponentCodec.of(component, stacks));
        }
    }

    /** A constructor with more parameters has no method handle. */
    private static void requireHandle(Class<?> type) {
        int words = 0;
        for (RecordComponent component : type.getRecordComponents()) {
            words += component.getType() == long.class ? 2 : 1;
        }
        if (words > MOST_WORDS) {
            throw new IllegalArgumentException(
                    "record %s has too many components: %d where a long counts two, at most %d can be; put some into a record of their own"
                            .formatted(type.getSimpleName(), words, MOST_WORDS));
        }
    }

    // ---- from bytes ----

    /** A record from its bytes. */
    public T read(MemorySegment bytes) {
        return read(bytes, 0);
    }

    /** A record from its bytes at a place. What its constructor throws passes through. */
    public T read(MemorySegment bytes, long offset) {
        RecordCode.Reader made = reader;
        if (made == null) {
            made = RecordCode.reader(layout, constructor, codecs);
            reader = made;
        }
        return type.cast(made.read(bytes, offset));
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
    static InetAddress address(MemorySegment record, long offset, int sizeBytes) {
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

    /**
     * Puts a record where zeros are.
     *
     * @throws IllegalArgumentException if a component does not hold its value
     */
    void write(MemorySegment bytes, long offset, Record object) {
        RecordCode.Writer made = writer;
        if (made == null) {
            made = RecordCode.writer(layout, accessors, codecs);
            writer = made;
        }
        made.write(bytes, offset, object);
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
}
