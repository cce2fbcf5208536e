package org.kprobe4j.cli.output;

import java.time.ZoneId;

/** Makes outputs. What only one form needs is loaded with that form. */
public final class Outputs {
    private Outputs() {}

    /**
     * An output of a form that all tools have.
     *
     * @param format any but {@link Format#HTML}, which is a matter of the tool's own
     * @param to where it goes
     * @param clock which time of day the kernel's clock means
     * @return the output; the caller closes it
     */
    public static Output open(Format format, Destination to, Clock clock) {
        return switch (format) {
            case TEXT -> new TextOutput(to, clock, ZoneId.systemDefault());
            case JSON -> new JsonOutput(to, clock);
            case CSV -> new CsvOutput(to, clock);
            case JFR -> new JfrOutput(to, clock);
            case HTML -> throw new IllegalArgumentException("a page is a tool's own");
        };
    }
}
