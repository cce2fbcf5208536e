package org.kprobe4j.cli.list;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.btf.Layout;
import org.kprobe4j.cli.JsonText;

/** A struct's layout as C with offsets and sizes, in pahole's manner, or as JSON. */
final class LayoutText {
    private static final int CACHE_LINE_BITS = 64 * Byte.SIZE;
    private static final int MOST_COLUMNS = 64;

    private final List<String> lines = new ArrayList<>();
    private final int column;

    private LayoutText(Layout layout) {
        this.column = Math.clamp(widest(layout, 1), 24, MOST_COLUMNS);
    }

    /** As C. */
    static List<String> of(Layout layout) {
        var text = new LayoutText(layout);
        text.add(layout.declaration() + " {", "/* offset  size */");
        text.body(layout, 1, true);
        text.lines.add("};");
        return text.lines;
    }

    private static int widest(Layout layout, int depth) {
        int widest = 0;
        for (Layout.Part part : layout.parts()) {
            if (part instanceof Layout.Member member) {
                Layout inner = member.inner();
                int own = 4 * depth + declaration(member).length() + 1;
                widest = Math.max(widest, inner == null ? own : widest(inner, depth + 1));
            }
        }
        return widest;
    }

    private static String declaration(Layout.Member member) {
        return member.declaration() + (member.bitField() ? " : " + member.bits() : "");
    }

    private void body(Layout layout, int depth, boolean outermost) {
        String indent = "    ".repeat(depth);
        long line = 0;
        for (Layout.Part part : layout.parts()) {
            switch (part) {
                case Layout.Member member -> {
                    if (outermost && member.bitOffset() / CACHE_LINE_BITS > line) {
                        line = member.bitOffset() / CACHE_LINE_BITS;
                        lines.add(boundary(indent, line, member.bitOffset()));
                    }
                    member(member, depth, indent);
                }
                case Layout.Hole hole -> lines.add("%s/* %s hole */".formatted(indent, amount(hole.bits())));
            }
        }
        if (outermost) {
            lines.add("");
            lines.add("    /* size: %d, members: %d%s%s */"
                    .formatted(layout.sizeBytes(), layout.members(), holes(layout), padding(layout)));
        }
    }

    private void member(Layout.Member member, int depth, String indent) {
        Layout inner = member.inner();
        if (inner == null) {
            add(indent + declaration(member) + ";", place(member));
            return;
        }
        lines.add(indent + inner.declaration() + " {");
        body(inner, depth + 1, false);
        if (inner.paddingBits() > 0 && inner.declaration().startsWith("struct")) {
            lines.add("%s    /* %s padding */".formatted(indent, amount(inner.paddingBits())));
        }
        add(indent + "}" + (member.declaration().isEmpty() ? "" : " " + member.declaration()) + ";", place(member));
    }

    private static String boundary(String indent, long line, long bitOffset) {
        long behind = (bitOffset - line * CACHE_LINE_BITS) / Byte.SIZE;
        return "%s/* --- cache line %d begins at %d%s --- */"
                .formatted(
                        indent,
                        line,
                        line * CACHE_LINE_BITS / Byte.SIZE,
                        behind == 0 ? "" : ", %d byte%s before".formatted(behind, behind == 1 ? "" : "s"));
    }

    private static String place(Layout.Member member) {
        return member.bitField()
                ? "/* %6d:%-2d %d bit%s */"
                        .formatted(
                                member.bitOffset() / Byte.SIZE,
                                member.bitOffset() % Byte.SIZE,
                                member.bits(),
                                member.bits() == 1 ? "" : "s")
                : "/* %6d %5d */".formatted(member.bitOffset() / Byte.SIZE, member.bits() / Byte.SIZE);
    }

    private static String amount(long bits) {
        long bytes = bits / Byte.SIZE;
        long rest = bits % Byte.SIZE;
        String whole = "%d byte%s".formatted(bytes, bytes == 1 ? "" : "s");
        String part = "%d bit%s".formatted(rest, rest == 1 ? "" : "s");
        return rest == 0 ? whole : bytes == 0 ? part : whole + " and " + part;
    }

    private static String holes(Layout layout) {
        List<Layout.Hole> holes = layout.holes();
        long sum = holes.stream().mapToLong(Layout.Hole::bits).sum();
        return holes.isEmpty() ? "" : ", holes: %d, sum of holes: %s".formatted(holes.size(), amount(sum));
    }

    private static String padding(Layout layout) {
        return layout.paddingBits() > 0 && layout.declaration().startsWith("struct")
                ? ", padding: " + amount(layout.paddingBits())
                : "";
    }

    private void add(String code, String comment) {
        lines.add("%s%s %s".formatted(code, " ".repeat(Math.max(0, column - code.length())), comment));
    }

    /** As JSON, in one line. */
    static String json(Layout layout, String module) {
        var json = new JsonText();
        json.object("");
        json.put("kind", layout.declaration().startsWith("union") ? "union" : "struct");
        json.put("name", layout.declaration().substring(layout.declaration().indexOf(' ') + 1));
        if (!module.isEmpty()) {
            json.put("module", module);
        }
        parts(json, layout);
        return json.endObject().toString();
    }

    private static void parts(JsonText json, Layout layout) {
        json.put("size", layout.sizeBytes());
        json.array("members");
        for (Layout.Part part : layout.parts()) {
            if (part instanceof Layout.Member member) {
                json.object("").put("name", member.name()).put("type", member.type());
                place(json, member);
                Layout inner = member.inner();
                if (inner != null) {
                    parts(json.object("layout"), inner);
                    json.endObject();
                }
                json.endObject();
            }
        }
        json.endArray().array("holes");
        for (Layout.Hole hole : layout.holes()) {
            json.object("")
                    .put("bitOffset", hole.bitOffset())
                    .put("bits", hole.bits())
                    .endObject();
        }
        json.endArray().put("paddingBits", layout.paddingBits());
    }

    private static void place(JsonText json, Layout.Member member) {
        json.put("offset", member.bitOffset() / Byte.SIZE);
        if (member.bitField()) {
            json.put("bitOffset", member.bitOffset() % Byte.SIZE).put("bits", member.bits());
        } else {
            json.put("size", member.bits() / Byte.SIZE);
        }
    }
}
