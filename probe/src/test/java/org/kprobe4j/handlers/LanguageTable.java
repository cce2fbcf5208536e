package org.kprobe4j.handlers;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kprobe;
import org.kprobe4j.PreHandler;
import org.kprobe4j.PtRegs;

/** The rows of docs/language.md: what a handler may say, each with a real handler, whose source is the example. */
final class LanguageTable {
    /** An expression of a handler, or all of it. */
    @FunctionalInterface
    interface Body extends Serializable {
        long of(Kprobe p, PtRegs regs);
    }

    /** What is said of a construct. */
    sealed interface Verdict {
        /** It does in the kernel what it does in the JVM. */
        record Works() implements Verdict {}

        /** It works, and where Java throws the handler stops. */
        record Stops(long argument, String fault) implements Verdict {}

        /** It is refused, with these words. */
        record Refused(String message) implements Verdict {}
    }

    /** A row; {@code example} is the handler's source. */
    record Row(String area, String construct, String example, Serializable handler, Verdict verdict) {
        @Override
        public String toString() {
            return area + ": " + construct;
        }
    }

    private static final Path SOURCES = Path.of("src/test/java/org/kprobe4j/handlers");

    /** What the examples meet. */
    final Twin twin;

    private final List<Row> rows = new ArrayList<>();
    private String area = "";
    private String source = "";
    private int from;

    LanguageTable(Twin twin) {
        this.twin = twin;
        LanguageTypes.rows(this);
        LanguageControl.rows(this);
        LanguageObjects.rows(this);
        LanguageKernel.rows(this);
        LanguageData.rows(this);
        LanguageCollections.rows(this);
    }

    /** The rows that follow belong to an area, and stand in the source file of a class. */
    void area(String name, Class<?> type) {
        area = name;
        from = 0;
        try {
            source = Files.readString(SOURCES.resolve(type.getSimpleName() + ".java"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Row> rows() {
        return List.copyOf(rows);
    }

    void works(String construct, Body body) {
        add(construct, body, new Verdict.Works());
    }

    /** A whole handler. */
    void handler(String construct, PreHandler handler) {
        add(construct, handler, new Verdict.Works());
    }

    /** Where the first argument is such, Java throws. */
    void stops(String construct, Body body, long argument, String fault) {
        add(construct, body, new Verdict.Stops(argument, fault));
    }

    void refused(String construct, Body body, String message) {
        add(construct, body, new Verdict.Refused(message));
    }

    void refusedHandler(String construct, PreHandler handler, String message) {
        add(construct, handler, new Verdict.Refused(message));
    }

    void refusedEntry(String construct, EntryHandler<?> handler, String message) {
        add(construct, handler, new Verdict.Refused(message));
    }

    private void add(String construct, Serializable handler, Verdict verdict) {
        rows.add(new Row(area, construct, example(construct), handler, verdict));
    }

    /** The handler's source: the argument that follows the construct's name. */
    private String example(String construct) {
        int at = source.indexOf('"' + construct + '"', from);
        if (at < 0) {
            throw new AssertionError("the row \"%s\" is not where its source is read".formatted(construct));
        }
        int start = source.indexOf("->", at) + 2;
        from = end(source, start);
        return source.substring(start, from).strip().replaceAll("\\s*\\n\\s*", " ");
    }

    /** Up to the comma or parenthesis that ends an argument. */
    private static int end(String text, int start) {
        int depth = 0;
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\'') {
                i = quoted(text, i);
            } else if ("([{".indexOf(c) >= 0) {
                depth++;
            } else if (depth == 0 && (c == ',' || c == ')')) {
                return i;
            } else if (")]}".indexOf(c) >= 0) {
                depth--;
            }
        }
        throw new AssertionError("no end");
    }

    private static int quoted(String text, int start) {
        int i = start + 1;
        while (text.charAt(i) != text.charAt(start)) {
            i += text.charAt(i) == '\\' ? 2 : 1;
        }
        return i;
    }

    /** The document. */
    String markdown() {
        var out = new StringBuilder("""
                # The language of handlers

                A handler is Java, compiled from its bytecode for the kernel. This is what it may say. The tables are made by the
                tests that compile each example, run it in the JVM and as a compiled program, and compare.

                In the examples `regs` are the registers and `p` is the probe. *stops* means: where Java throws, the handler ends there, and
                the fault is counted and shown with its line.
                """);
        String last = "";
        for (Row row : rows) {
            if (!row.area().equals(last)) {
                last = row.area();
                out.append("\n## %s\n\n| construct | example | |\n| --- | --- | --- |\n".formatted(last));
            }
            out.append("| %s | %s | %s |\n".formatted(row.construct(), code(row.example()), said(row.verdict())));
        }
        return out.toString();
    }

    private static String said(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Works _ -> "works";
            case Verdict.Stops stops -> "works; stops at " + code(stops.fault());
            case Verdict.Refused refused ->
                "**refused:** "
                        + refused.message()
                                .replace("|", "\\|")
                                .replace("<", "&lt;")
                                .replace("*", "\\*")
                                .replace("\n", "<br>");
        };
    }

    private static String code(String text) {
        return "`" + text.replace("|", "\\|") + "`";
    }
}
