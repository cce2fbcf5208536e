package org.kprobe4j.lab.junit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.kprobe4j.lab.junit.TestProgress.Outcome;
import org.kprobe4j.lab.junit.TestProgress.Result;

/** Writes results as {@code TEST-CLASS.xml}, the form that Surefire made common and that tools read. */
final class SurefireReport {
    private SurefireReport() {}

    static void write(Path folder, List<Result> results) throws IOException {
        Map<String, List<Result>> classes = results.stream()
                .collect(Collectors.groupingBy(Result::className, LinkedHashMap::new, Collectors.toList()));
        for (Map.Entry<String, List<Result>> entry : classes.entrySet()) {
            String name = entry.getKey();
            String fileName = "TEST-" + name.replaceAll("[^A-Za-z0-9.$_-]", "_") + ".xml";
            Files.writeString(folder.resolve(fileName), suite(name, entry.getValue()));
        }
    }

    static String suite(String name, List<Result> results) {
        StringBuilder cases = new StringBuilder();
        int failed = 0;
        int skipped = 0;
        double seconds = 0;
        for (Result result : results) {
            double elapsed = result.elapsed().toNanos() / 1e9;
            seconds += elapsed;
            cases.append("  <testcase classname=\"%s\" name=\"%s\" time=\"%s\""
                    .formatted(escape(name), escape(result.name()), time(elapsed)));
            switch (result.outcome()) {
                case Outcome.Passed() -> cases.append("/>\n");
                case Outcome.Skipped(String reason) -> {
                    skipped++;
                    cases.append("><skipped message=\"%s\"/></testcase>\n".formatted(escape(reason)));
                }
                case Outcome.Failed(Throwable cause) -> {
                    failed++;
                    cases.append("><failure message=\"%s\" type=\"%s\">%s</failure></testcase>\n"
                            .formatted(
                                    escape(String.valueOf(cause.getMessage())),
                                    cause.getClass().getName(),
                                    escape(TestProgress.trace(cause))));
                }
            }
        }
        return """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuite name="%s" tests="%d" failures="%d" errors="0" skipped="%d" time="%s">
                %s</testsuite>
                """.formatted(escape(name), results.size(), failed, skipped, time(seconds), cases);
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%.3f", seconds);
    }

    /** Escapes markup and replaces the control characters that XML 1.0 cannot hold. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\n', '\t' -> escaped.append("&#").append(c).append(';');
                default -> escaped.appendCodePoint(c < 0x20 || c == 0xfffe || c == 0xffff ? '?' : c);
            }
        });
        return escaped.toString();
    }
}
