package org.kprobe4j.cli.list;

import java.util.ArrayList;
import org.kprobe4j.cli.JsonText;
import org.kprobe4j.internal.targets.FunctionListing.Row;

/** A function in a line: C with a comment, or JSON. */
final class FunctionText {
    private FunctionText() {}

    /** As C: what can be said besides stands in the comment. */
    static String of(Row row) {
        boolean own = row.prototype().contains(row.name() + "(");
        var text = new StringBuilder(own ? row.prototype() : row.name());
        if (row.module() != null) {
            text.append(" [").append(row.module()).append(']');
        }
        var said = new ArrayList<String>();
        if (row.obstacle() != null) {
            said.add("cannot be probed: " + row.obstacle().text());
        }
        if (!row.remark().isEmpty()) {
            said.add(row.remark() + (own || row.prototype().isEmpty() ? "" : ": " + row.prototype()));
        }
        if (!row.aliases().isEmpty()) {
            said.add("also named " + String.join(", ", row.aliases()));
        }
        return said.isEmpty()
                ? text.toString()
                : text.append("  // ").append(String.join("; ", said)).toString();
    }

    /** As JSON. */
    static String json(Row row) {
        var json = new JsonText()
                .object("")
                .put("name", row.name())
                .put("address", "0x" + Long.toHexString(row.address()))
                .put("probeable", row.isProbeable());
        if (row.module() != null) {
            json.put("module", row.module());
        }
        if (row.obstacle() != null) {
            json.put("reason", row.obstacle().text());
        }
        if (!row.prototype().isEmpty()) {
            json.put("prototype", row.prototype());
        }
        if (row.sizeBytes() > 0) {
            json.put("size", row.sizeBytes());
        }
        if (!row.aliases().isEmpty()) {
            json.array("aliases");
            row.aliases().forEach(alias -> json.put("", alias));
            json.endArray();
        }
        if (!row.remark().isEmpty()) {
            json.put("remark", row.remark());
        }
        return json.endObject().toString();
    }
}
