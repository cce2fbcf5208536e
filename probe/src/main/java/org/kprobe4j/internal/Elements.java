package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.ElementLayout;
import org.kprobe4j.compiler.PrintFormat.Argument.Numeral;
import org.kprobe4j.compiler.RecordLayout;

/** Keys or values of a map: from Java objects to bytes and back. */
public final class Elements<T> {
    private final Class<T> type;
    private final ElementLayout layout;
    private final List<Method> accessors = new ArrayList<>();
    private @Nullable Constructor<T> constructor;

    /**
     * For a type.
     *
     * @throws IllegalArgumentException if the type has no layout, or is a record that is closed to reflection
     */
    public Elements(Class<T> type) {
        this.type = type;
        this.layout = ElementLayout.of(type);
        if (layout instanceof ElementLayout.Composite) {
            open();
        }
    }

    private void open() {
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
                    "record %s cannot be read by reflection; open its package to org.kprobe4j"
                            .formatted(type.getSimpleName()));
        }
    }

    /** How they lie in memory. */
    public ElementLayout layout() {
        return layout;
    }

    /** An object as bytes; what lies between its parts is zero. */
    public byte[] bytes(T object) {
        var bytes = ByteBuffer.allocate(layout.sizeBytes()).order(ByteOrder.nativeOrder());
        switch (layout) {
            case ElementLayout.Scalar _ -> put(bytes, 0, object);
            case ElementLayout.Composite(var _, RecordLayout fields) -> {
                for (int i = 0; i < accessors.size(); i++) {
                    RecordLayout.Component component = fields.components().get(i);
                    Object part = call(accessors.get(i), object);
                    if (component.type() == String.class) {
                        put(bytes, component, (String) part);
                    } else {
                        put(bytes, component.offset(), part);
                    }
                }
            }
        }
        return bytes.array();
    }

    private static Object call(Method accessor, Object object) {
        try {
            return accessor.invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("cannot read " + accessor.getName() + " of " + object, e);
        }
    }

    private static void put(ByteBuffer bytes, int offset, Object number) {
        switch (number) {
            case Long value -> bytes.putLong(offset, value);
            case Integer value -> bytes.putInt(offset, value);
            case Short value -> bytes.putShort(offset, value);
            case Character value -> bytes.putChar(offset, value);
            case Byte value -> bytes.put(offset, value);
            case Boolean value -> bytes.put(offset, (byte) (value ? 1 : 0));
            default -> throw new IllegalArgumentException("not a number: " + number);
        }
    }

    private static void put(ByteBuffer bytes, RecordLayout.Component component, String text) {
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        if (content.length > component.sizeBytes()) {
            throw new IllegalArgumentException("the string \"%s\" has %d bytes; the component %s holds %d"
                    .formatted(text, content.length, component.name(), component.sizeBytes()));
        }
        bytes.put(component.offset(), content);
    }

    /** The object that bytes say. */
    public T object(byte[] bytes) {
        var segment = MemorySegment.ofArray(bytes);
        return switch (layout) {
            case ElementLayout.Scalar(Class<?> primitive) -> type.cast(number(segment, 0, primitive));
            case ElementLayout.Composite(var _, RecordLayout fields) ->
                make(fields.components().stream()
                        .map(component -> component.type() == String.class
                                ? LineFormatter.chars(segment, component.offset(), component.sizeBytes())
                                : number(segment, component.offset(), component.type()))
                        .toArray());
        };
    }

    private T make(Object[] parts) {
        try {
            return Objects.requireNonNull(constructor).newInstance(parts);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make " + type.getSimpleName(), e);
        }
    }

    private static Object number(MemorySegment bytes, int offset, Class<?> primitive) {
        long bits;
        if (primitive == long.class) {
            bits = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
        } else if (primitive == int.class) {
            bits = bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
        } else if (primitive == short.class || primitive == char.class) {
            bits = bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset);
        } else {
            bits = bytes.get(ValueLayout.JAVA_BYTE, offset);
        }
        return new Numeral(offset, primitive).value(bits);
    }
}
