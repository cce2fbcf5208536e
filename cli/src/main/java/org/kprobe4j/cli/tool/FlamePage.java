package org.kprobe4j.cli.tool;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import one.convert.Arguments;
import one.convert.CallStack;
import one.convert.FlameGraph;

/**
 * Stacks as a page for browsers: a flame graph to zoom into and to search, in one file without links. It is that of async-profiler's
 * converter, whose classes are loaded with this one.
 */
final class FlamePage {
    private static final Pattern SCRIPT = Pattern.compile("(?i)/(script)");

    private FlamePage() {}

    /** The types of frames that the converter has colours for. Source: one.convert.Frame. */
    private static byte type(Stack.Code code) {
        return switch (code) {
            case JIT -> 1;
            case NATIVE -> 3;
            case CPP -> 4;
            case KERNEL -> 5;
        };
    }

    /** Names stand in a script, which these words would end. */
    private static String harmless(String name) {
        return SCRIPT.matcher(name).replaceAll("/ $1").replace("!--", "! --");
    }

    /** The page, in UTF-8. */
    static byte[] of(StackTable table, String title) {
        var arguments = new Arguments();
        arguments.title = title.replace("&", "&amp;").replace("<", "&lt;");
        // Frames however narrow: one may zoom in.
        arguments.minwidth = 0;
        var graph = new FlameGraph(arguments);
        for (StackTable.Row row : table.rows()) {
            var stack = new CallStack();
            for (Stack.Frame frame : row.stack().frames()) {
                stack.push(harmless(frame.name()), type(frame.code()));
            }
            graph.addSample(stack, table.weight(row.weight()));
        }
        var bytes = new ByteArrayOutputStream();
        try (var out = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
            graph.dump(out);
        }
        String page = bytes.toString(StandardCharsets.UTF_8);
        String unit = table.isByTime() ? "ns" : "hits";
        return page.replace("'1 sample'", "'1 " + (table.isByTime() ? "ns" : "hit") + "'")
                .replace("' samples'", "' " + unit + "'")
                .getBytes(StandardCharsets.UTF_8);
    }
}
