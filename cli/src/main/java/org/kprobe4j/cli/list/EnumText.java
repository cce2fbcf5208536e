package org.kprobe4j.cli.list;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.cli.JsonText;

/** An enumeration as C, or as JSON. */
final class EnumText {
    private EnumText() {}

    private static boolean isSigned(BtfType.Enumeration type) {
        return switch (type) {
            case BtfType.Enum small -> small.signed();
            case BtfType.Enum64 large -> large.signed();
        };
    }

    /** Older BTF does not say whether values have a sign: below 0 they have. */
    private static String value(BtfType.Enumeration type, long value) {
        return type instanceof BtfType.Enum64 && !isSigned(type) ? Long.toUnsignedString(value) : Long.toString(value);
    }

    /** As C. */
    static List<String> of(BtfType.Enumeration type) {
        var lines = new ArrayList<String>();
        lines.add(type.name().isEmpty() ? "enum {" : "enum " + type.name() + " {");
        int widest = type.enumerators().stream()
                .mapToInt(constant -> constant.name().length())
                .max()
                .orElse(0);
        for (BtfType.Enumerator constant : type.enumerators()) {
            lines.add("    %s%s = %s,"
                    .formatted(
                            constant.name(),
                            " ".repeat(widest - constant.name().length()),
                            value(type, constant.value())));
        }
        lines.add("};");
        lines.add("/* size: %d, constants: %d */"
                .formatted(type.sizeBytes(), type.enumerators().size()));
        return lines;
    }

    /** As JSON, in one line. */
    static String json(BtfType.Enumeration type, String module) {
        var json = new JsonText()
                .object("")
                .put("kind", "enum")
                .put("name", type.name())
                .put("size", type.sizeBytes());
        if (!module.isEmpty()) {
            json.put("module", module);
        }
        json.array("constants");
        for (BtfType.Enumerator constant : type.enumerators()) {
            json.object("")
                    .put("name", constant.name())
                    .put("value", constant.value())
                    .endObject();
        }
        return json.endArray().endObject().toString();
    }
}
