package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The package sources that this machine's own apt uses, in both notations (deb822 {@code .sources} and one-line
 * {@code .list}). They are only read: the lab takes a mirror's address and its key from here.
 */
final class AptSources {
    /**
     * One source of binary packages.
     *
     * @param uri the mirror
     * @param suites the suites taken from it
     * @param signedBy the key file or the key itself, as apt's {@code Signed-By}; empty if apt's default keys serve
     */
    record Source(String uri, List<String> suites, String signedBy) {
        Source {
            suites = List.copyOf(suites);
        }
    }

    private AptSources() {}

    /** Reads {@code sources.list} and {@code sources.list.d} in a configuration directory such as {@code /etc/apt}. */
    static List<Source> read(Path etcApt) throws IOException {
        List<Source> sources = new ArrayList<>();
        Path parts = etcApt.resolve("sources.list.d");
        List<Path> files = new ArrayList<>(List.of(etcApt.resolve("sources.list")));
        if (Files.isDirectory(parts)) {
            try (Stream<Path> list = Files.list(parts)) {
                list.sorted().forEach(files::add);
            }
        }
        for (Path file : files) {
            if (!Files.isReadable(file)) {
                continue;
            }
            String name = file.toString();
            if (name.endsWith(".sources")) {
                sources.addAll(parseDeb822(Files.readString(file)));
            } else if (name.endsWith(".list")) {
                sources.addAll(parseOneLine(Files.readString(file)));
            }
        }
        return sources;
    }

    /** The mirror of Debian itself among the sources: not a security or foreign archive. */
    static Optional<Source> debian(List<Source> sources) {
        return sources.stream()
                .filter(source -> source.uri().replaceAll("/+$", "").endsWith("/debian")
                        || (source.uri().startsWith("mirror+file:")
                                && source.uri().endsWith("/debian.list")))
                .findFirst();
    }

    /** The mirror of Debian's security archive among the sources. */
    static Optional<Source> security(List<Source> sources) {
        return sources.stream()
                .filter(source -> source.suites().stream().anyMatch(suite -> suite.endsWith("-security")))
                .findFirst();
    }

    static List<Source> parseOneLine(String text) {
        List<Source> sources = new ArrayList<>();
        for (String raw : text.lines().toList()) {
            String line = raw.replaceFirst("#.*", "").strip();
            if (!line.startsWith("deb ") && !line.startsWith("deb\t")) {
                continue;
            }
            String rest = line.substring(3).strip();
            String signedBy = "";
            if (rest.startsWith("[")) {
                int close = rest.indexOf(']');
                if (close < 0) {
                    continue;
                }
                signedBy = option(rest.substring(1, close), "signed-by");
                rest = rest.substring(close + 1).strip();
            }
            String[] words = rest.split("\\s+");
            if (words.length >= 2) {
                sources.add(new Source(words[0], List.of(words[1]), signedBy));
            }
        }
        return sources;
    }

    private static String option(String options, String name) {
        return Arrays.stream(options.strip().split("\\s+"))
                .filter(word -> word.toLowerCase(Locale.ROOT).startsWith(name + "="))
                .map(word -> word.substring(name.length() + 1))
                .findFirst()
                .orElse("");
    }

    static List<Source> parseDeb822(String text) {
        List<Source> sources = new ArrayList<>();
        for (String stanza : text.split("\\n[ \\t]*\\n", -1)) {
            Map<String, String> fields = fields(stanza);
            boolean enabled = !fields.getOrDefault("enabled", "yes").strip().equalsIgnoreCase("no");
            List<String> types = words(fields.getOrDefault("types", ""));
            if (!enabled || !types.contains("deb")) {
                continue;
            }
            for (String uri : words(fields.getOrDefault("uris", ""))) {
                List<String> suites = words(fields.getOrDefault("suites", ""));
                sources.add(new Source(
                        uri, suites, fields.getOrDefault("signed-by", "").strip()));
            }
        }
        return sources;
    }

    private static Map<String, String> fields(String stanza) {
        Map<String, String> fields = new LinkedHashMap<>();
        String current = "";
        for (String line : stanza.lines().toList()) {
            if (line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            if (!line.isEmpty() && Character.isWhitespace(line.charAt(0))) {
                fields.merge(current, "\n" + line.strip(), String::concat);
            } else if (colon > 0) {
                current = line.substring(0, colon).toLowerCase(Locale.ROOT);
                fields.put(current, line.substring(colon + 1).strip());
            }
        }
        return fields;
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }
}
