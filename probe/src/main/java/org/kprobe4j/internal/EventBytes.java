package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.kprobe4j.compiler.EventLayout;

/**
 * What a ring buffer carries: from Java objects to bytes and back. Thread-safe.
 *
 * @param <T> a record, or a sealed interface of records
 */
public final class EventBytes<T> {
    private final Class<T> type;
    private final EventLayout layout;
    private final List<? extends RecordBytes<?>> variants;

    /**
     * For a type.
     *
     * @param names name the frames of stacks
     * @throws IllegalArgumentException if the type has no layout, or a record is closed to reflection
     */
    public EventBytes(Class<T> type, StackNames names) {
        this.type = type;
        this.layout = EventLayout.of(type);
        this.variants = layout.variants().stream()
                .map(variant -> new RecordBytes<>(variant.type(), variant.layout(), StackBytes.inEvents(names)))
                .toList();
    }

    /** How they lie in the ring. */
    public EventLayout layout() {
        return layout;
    }

    /** What lies at a place. What the record's constructor throws passes through. */
    public T read(MemorySegment bytes, long offset) {
        if (!layout.numbered()) {
            return type.cast(variants.getFirst().read(bytes, offset));
        }
        int number = (int) bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
        return type.cast(variants.get(number).read(bytes, offset + EventLayout.NUMBER_BYTES));
    }

    /**
     * An event as bytes.
     *
     * @throws IllegalArgumentException if a component does not hold its value
     */
    public byte[] write(T event) {
        int number = layout.number(event.getClass().getName().replace('.', '/'))
                .orElseThrow(() -> new IllegalArgumentException("this ring buffer takes %s; it has no place for %s"
                        .formatted(layout.javaNames(), event.getClass().getSimpleName())));
        var bytes = new byte[layout.sizeBytes(number)];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        if (layout.numbered()) {
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, number);
        }
        variants.get(number).write(segment, layout.offset(), (Record) event);
        return bytes;
    }
}
