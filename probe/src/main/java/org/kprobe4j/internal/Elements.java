package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.EntryConsumer;
import org.kprobe4j.compiler.ElementLayout;

/**
 * Keys or values of a map: from Java objects to bytes and back.
 *
 * @param <T> their type
 */
public final class Elements<T> {
    private final Class<T> type;
    private final ElementLayout layout;
    private final @Nullable RecordBytes<?> records;
    private final KeyStacks stacks;

    /**
     * For a type of values, or of keys without stacks.
     *
     * @throws IllegalArgumentException if the type has no layout, or is a record that is closed to reflection
     */
    public Elements(Class<T> type) {
        this(type, ElementLayout.of(type));
    }

    private Elements(Class<T> type, ElementLayout layout) {
        this.type = type;
        this.layout = layout;
        this.stacks = new KeyStacks(layout);
        this.records = layout instanceof ElementLayout.Composite(Class<? extends Record> record, var fields)
                ? new RecordBytes<>(record, fields, stacks.bytes())
                : null;
    }

    /**
     * For a type of keys, which may hold stacks.
     *
     * @throws IllegalArgumentException if the type has no layout, or is a record that is closed to reflection
     */
    public static <T> Elements<T> ofKeys(Class<T> type) {
        return new Elements<>(type, ElementLayout.ofKey(type));
    }

    /** The stacks in keys, to be opened with the map. */
    public KeyStacks stacks() {
        return stacks;
    }

    /**
     * Has the keys of an open map read all the time, if they hold stacks of processes: reading a key once is what its stacks need.
     *
     * @param forEach shows each entry of the map
     */
    public void watch(String map, Consumer<EntryConsumer> forEach) {
        EntryConsumer readKey = (key, _) -> {
            var _ = object(key.toArray(ValueLayout.JAVA_BYTE));
        };
        stacks.watch(map, () -> forEach.accept(readKey));
    }

    /** How they lie in memory. */
    public ElementLayout layout() {
        return layout;
    }

    /**
     * An object as bytes; what lies between its parts is zero.
     *
     * @throws IllegalArgumentException if a component of a record does not hold its value
     */
    public byte[] bytes(T object) {
        if (object instanceof Record whole) {
            return Objects.requireNonNull(records).write(whole);
        }
        var bytes = new byte[layout.sizeBytes()];
        if (object instanceof CallStack<?> stack) {
            stacks.bytes().write(MemorySegment.ofArray(bytes), type, bytes.length, 0, stack);
            return bytes;
        }
        RecordBytes.number(MemorySegment.ofArray(bytes), 0, object);
        return bytes;
    }

    /** Whether they are Long or Integer: what a handler can add to. */
    public boolean areNumbers() {
        return layout instanceof ElementLayout.Scalar(Class<?> number) && (number == long.class || number == int.class);
    }

    /** A Long or an Integer; of what does not fit, the lower half. */
    public T number(long value) {
        return type.cast(type == Integer.class ? (Object) (int) value : (Object) value);
    }

    /** The object that bytes say. */
    public T object(byte[] bytes) {
        var segment = MemorySegment.ofArray(bytes);
        return switch (layout) {
            case ElementLayout.Scalar(Class<?> primitive) -> type.cast(RecordBytes.number(segment, primitive, 0));
            case ElementLayout.Stack _ -> type.cast(stacks.bytes().read(segment, type, bytes.length, 0));
            case ElementLayout.Composite _ ->
                type.cast(Objects.requireNonNull(records).read(segment));
        };
    }
}
