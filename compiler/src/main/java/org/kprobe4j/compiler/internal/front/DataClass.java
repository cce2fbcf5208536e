package org.kprobe4j.compiler.internal.front;

import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.reflect.AccessFlag;
import java.util.LinkedHashMap;
import java.util.Map;
import org.kprobe4j.asm.Size;

/** Layout of a kretprobe instance's private data: the class's fields in order, each at its natural alignment. */
public final class DataClass {
    /** A field's place. {@code descriptor} is the primitive's. */
    record Field(int offset, Size size, boolean signed, char descriptor) {}

    private static final int MAX_BYTES = 4096;

    private final String name;
    private final Map<String, Field> fields = new LinkedHashMap<>();
    private int sizeBytes;

    private DataClass(String name) {
        this.name = name;
    }

    static DataClass of(ClassModel model) {
        var layout = new DataClass(model.thisClass().asInternalName());
        if (model.superclass().stream().noneMatch(c -> c.asInternalName().equals("java/lang/Object"))) {
            throw new Refusal("the private data's class %s must not extend another class".formatted(layout.javaName()));
        }
        model.fields().stream().filter(f -> !f.flags().has(AccessFlag.STATIC)).forEach(layout::add);
        layout.sizeBytes = (layout.sizeBytes + 7) & -8;
        if (layout.sizeBytes > MAX_BYTES) {
            throw new Refusal("the private data's class %s has %d bytes, a call's private data at most %d"
                    .formatted(layout.javaName(), layout.sizeBytes, MAX_BYTES));
        }
        return layout;
    }

    private void add(FieldModel field) {
        String descriptor = field.fieldType().stringValue();
        Size size = switch (descriptor) {
            case "Z", "B" -> Size.B;
            case "S", "C" -> Size.H;
            case "I" -> Size.W;
            case "J" -> Size.DW;
            default ->
                throw new Refusal("%s.%s: private data holds boolean, byte, short, char, int and long only"
                        .formatted(javaName(), field.fieldName().stringValue()));
        };
        int offset = (sizeBytes + size.bytes() - 1) & -size.bytes();
        boolean signed = "BSI".contains(descriptor);
        fields.put(field.fieldName().stringValue(), new Field(offset, size, signed, descriptor.charAt(0)));
        sizeBytes = offset + size.bytes();
    }

    Field field(String field) {
        Field found = fields.get(field);
        if (found == null) {
            throw new Refusal("%s has no field %s; it has %s".formatted(javaName(), field, fields.keySet()));
        }
        return found;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    private String javaName() {
        return Translation.javaName(name);
    }
}
