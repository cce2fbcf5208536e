package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.RecordLayout;

/** A record as a handler in the kernel lays it out. */
final class SimulatedRecord {
    private SimulatedRecord() {}

    static byte[] bytes(RecordLayout layout, Record event) {
        var bytes = new byte[layout.sizeBytes()];
        var record = MemorySegment.ofArray(bytes);
        RecordComponent[] components = event.getClass().getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            write(record, layout.components().get(i), value(event, components[i]));
        }
        return bytes;
    }

    private static @Nullable Object value(Record event, RecordComponent component) {
        try {
            Field field = event.getClass().getDeclaredField(component.getName());
            field.setAccessible(true);
            return field.get(event);
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            throw new UsageException("record %s cannot be read by reflection; open its package to org.kprobe4j"
                    .formatted(event.getClass().getSimpleName()));
        }
    }

    private static void write(MemorySegment record, RecordLayout.Component component, @Nullable Object value) {
        int offset = component.offset();
        switch (value) {
            case Long number -> record.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, number);
            case Integer number -> record.set(ValueLayout.JAVA_INT_UNALIGNED, offset, number);
            case Short number -> record.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, number);
            case Character letter -> record.set(ValueLayout.JAVA_CHAR_UNALIGNED, offset, letter);
            case Byte number -> record.set(ValueLayout.JAVA_BYTE, offset, number);
            case Boolean flag -> record.set(ValueLayout.JAVA_BYTE, offset, (byte) (flag ? 1 : 0));
            case null -> {}
            default -> text(record, component, value.toString());
        }
    }

    private static void text(MemorySegment record, RecordLayout.Component component, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > component.sizeBytes()) {
            throw new UsageException("the string \"%s\" has %d bytes; the component %s holds %d"
                    .formatted(text, bytes.length, component.name(), component.sizeBytes()));
        }
        MemorySegment.copy(bytes, 0, record, ValueLayout.JAVA_BYTE, component.offset(), bytes.length);
    }
}
