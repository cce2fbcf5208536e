package org.kprobe4j.cli.tool;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Stacks as a page for browsers: a flame graph to zoom into and to search, by mouse or keyboard, in one file that loads nothing. The page is
 * {@code flame.html} beside this class, into which the title and the frames are put: {@code names}, and {@code tree}, whose nodes are
 * {@code [name, code, weight, children...]}.
 */
final class FlamePage {
    private static final String ALL = "all";
    private static final int ROOT = 0;
    private static final Pattern TITLE = Pattern.compile("@TITLE@");

    /** Frames that were reached the same way. */
    private static final class Node {
        final String name;
        final int code;
        final Map<Stack.Frame, Node> below = new LinkedHashMap<>();
        long weight;

        Node(String name, int code) {
            this.name = name;
            this.code = code;
        }
    }

    private FlamePage() {}

    /** Its index in CODES of the page. */
    private static int code(Stack.Code code) {
        return switch (code) {
            case KERNEL -> 1;
            case NATIVE -> 2;
            case CPP -> 3;
            case JIT -> 4;
        };
    }

    /** The page, in UTF-8. */
    static byte[] of(StackTable table, String title) {
        var root = new Node(ALL, ROOT);
        for (StackTable.Row row : table.rows()) {
            long weight = table.weight(row.weight());
            Node at = root;
            at.weight += weight;
            for (Stack.Frame frame : row.stack().frames()) {
                at = at.below.computeIfAbsent(frame, key -> new Node(key.name(), code(key.code())));
                at.weight += weight;
            }
        }
        String page = template().replace("@DATA@", data(root, table.isByTime() ? "ns" : "hits"));
        // The title last, and not as a pattern: neither it nor a frame is read again.
        String[] parts = TITLE.split(page, -1);
        return String.join(text(title), parts).getBytes(StandardCharsets.UTF_8);
    }

    private static String template() {
        try (InputStream in = FlamePage.class.getResourceAsStream("flame.html")) {
            if (in == null) {
                throw new IllegalStateException("flame.html is not there");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(String title) {
        return title.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }

    /** JSON within a script: what would end the script, or begin a comment in it, is escaped. */
    private static String data(Node root, String unit) {
        var names = new LinkedHashMap<String, Integer>();
        var text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("unit", unit);
            json.writeFieldName("tree");
            write(json, root, names);
            json.writeArrayFieldStart("names");
            for (String name : names.keySet()) {
                json.writeString(name);
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString().replace("<", "\\u003c").replace("@", "\\u0040");
    }

    private static void write(JsonGenerator json, Node node, Map<String, Integer> names) throws IOException {
        json.writeStartArray();
        json.writeNumber(names.computeIfAbsent(node.name, _ -> names.size()));
        json.writeNumber(node.code);
        json.writeNumber(node.weight);
        for (Node below : node.below.values()) {
            write(json, below, names);
        }
        json.writeEndArray();
    }
}
