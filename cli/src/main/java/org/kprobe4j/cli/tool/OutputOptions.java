package org.kprobe4j.cli.tool;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.output.Destination;
import org.kprobe4j.cli.output.Format;
import picocli.CommandLine.Option;

/** In which form the results are wanted, and where: the options of every tool. */
public final class OutputOptions {
    /** Where a file's content is to be written instead, from where the other side of a VM takes it. */
    static final String EXCHANGED = "kprobe4j.output";

    @Option(names = "--json", description = "An object of JSON in each line, for machines.")
    private boolean json;

    @Option(names = "--csv", description = "Comma-separated values (RFC 4180), for machines.")
    private boolean csv;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Write to FILE; its end says the form: .txt, .json, .csv, .jfr (a flight recording), .html.")
    private @Nullable String file;

    /** Text on standard output. */
    public OutputOptions() {}

    /** The form. */
    public Format format() {
        Optional<Format> byName = file().flatMap(Format::of);
        if (json && csv) {
            throw new KprobeException("--json and --csv exclude each other");
        }
        Format wanted = json ? Format.JSON : csv ? Format.CSV : byName.orElse(Format.TEXT);
        if (byName.isPresent() && byName.get() != wanted && byName.get() != Format.TEXT) {
            throw new KprobeException("-o %s and --%s exclude each other".formatted(file, json ? "json" : "csv"));
        }
        return wanted;
    }

    /** The file, where one is named. */
    public Optional<Path> file() {
        try {
            return Optional.ofNullable(file).map(Path::of);
        } catch (InvalidPathException e) {
            throw new KprobeException("-o %s: not a file's name".formatted(file));
        }
    }

    /** Refuses a form that the tool does not have. */
    void check(Set<Format> formats) {
        Format format = format();
        if (file != null && !json && !csv && Format.of(Path.of(file)).isEmpty()) {
            throw new KprobeException("-o %s: its end says no form; there are %s".formatted(file, names(formats)));
        }
        if (!formats.contains(format)) {
            throw new KprobeException(
                    "-o %s: this tool does not write %s; it writes %s".formatted(file, suffix(format), names(formats)));
        }
    }

    private static String names(Set<Format> formats) {
        return Stream.of(Format.values())
                .filter(formats::contains)
                .map(OutputOptions::suffix)
                .collect(Collectors.joining(", "));
    }

    private static String suffix(Format format) {
        return format == Format.TEXT ? ".txt" : "." + format.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Where the bytes go: opened now, so that a file that cannot be written is known before anything is planted. */
    Destination open() {
        return file().map(path -> {
                    String exchanged = System.getProperty(EXCHANGED);
                    return Destination.file(exchanged == null ? path : Path.of(exchanged), path.toString());
                })
                .orElseGet(Destination::standardOutput);
    }
}
