package org.kprobe4j.cli.output;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** In which form results are written. */
public enum Format {
    /** For people. */
    TEXT(".txt"),
    /** An object of JSON in each line. */
    JSON(".json"),
    /** RFC 4180, with a line of headings. */
    CSV(".csv"),
    /** A flight recording, as {@code jfr print} and JDK Mission Control read it. */
    JFR(".jfr"),
    /** A page for browsers: pictures of stacks. */
    HTML(".html");

    private final String suffix;

    Format(String suffix) {
        this.suffix = suffix;
    }

    /** By the end of a file's name. */
    public static Optional<Format> of(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        for (Format format : values()) {
            if (name.endsWith(format.suffix)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }
}
