package org.kprobe4j.cli.list;

import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.kprobe4j.ProbeException;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.Layout;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.targets.FunctionListing;
import org.kprobe4j.internal.targets.Glob;

/** Lists what the running kernel has: {@code ListMain KIND FORM PROBEABLE NAME...}. */
public final class ListMain {
    private static final int NOTHING = 1;
    private static final int BUFFER_CHARS = 1 << 16;
    private static final String NO_TYPES =
            "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), so nothing is known of its types";

    private ListMain() {}

    /** What is listed. */
    public enum Kind {
        /** Functions. */
        FUNCTIONS,
        /** Structs and unions. */
        STRUCTS,
        /** Enumerations. */
        ENUMS
    }

    /** How it is written. */
    public enum Form {
        /** C. */
        TEXT,
        /** An object for each, a line each. */
        JSON,
        /** Names alone. */
        NAMES
    }

    /**
     * What is asked.
     *
     * @param kind what is listed
     * @param form how
     * @param probeable whether only functions that can be probed are wanted
     * @param names functions as in Kprobe.at; or types, perhaps with {@code struct} before
     */
    public record Question(Kind kind, Form form, boolean probeable, List<String> names) {
        /** Copies the list. */
        public Question {
            names = List.copyOf(names);
        }

        /**
         * As {@link ListMain#main} takes it.
         *
         * @return the words
         */
        public List<String> words() {
            var words = new ArrayList<>(List.of(kind.name(), form.name(), Boolean.toString(probeable)));
            words.addAll(names);
            return words;
        }

        static Question of(List<String> words) {
            return new Question(
                    Kind.valueOf(words.get(0).toUpperCase(Locale.ROOT)),
                    Form.valueOf(words.get(1).toUpperCase(Locale.ROOT)),
                    Boolean.parseBoolean(words.get(2)),
                    words.subList(3, words.size()));
        }
    }

    /**
     * Lists, and ends the JVM with the exit status.
     *
     * @param args as {@link Question#words} gives them
     */
    public static void main(String[] args) {
        System.exit(list(Question.of(Arrays.asList(args)), new FileOutputStream(FileDescriptor.out), System.err));
    }

    /**
     * Lists what is asked.
     *
     * @param question what
     * @param out where to; when its reader has gone, nothing more is said
     * @param err for complaints
     * @return the exit status: 1 if there is nothing of the kind
     */
    public static int list(Question question, OutputStream out, PrintStream err) {
        try (var writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), BUFFER_CHARS)) {
            return switch (question.kind()) {
                case FUNCTIONS -> functions(question, writer, err);
                case STRUCTS, ENUMS -> types(question, writer, err);
            };
        } catch (UncheckedIOException e) {
            return unwritten(Objects.requireNonNull(e.getCause()), err);
        } catch (IOException e) {
            return unwritten(e, err);
        } catch (RuntimeException e) {
            err.println("kprobe: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            return ProbeException.EXIT_STATUS;
        }
    }

    /** A reader that has seen enough, such as head, is no failure. */
    private static int unwritten(IOException e, PrintStream err) {
        if (String.valueOf(e.getMessage()).contains("Broken pipe")) {
            return 0;
        }
        err.println("kprobe: cannot write the list: " + e.getMessage());
        return ProbeException.EXIT_STATUS;
    }

    private static void line(BufferedWriter writer, String line) {
        try {
            writer.write(line);
            writer.write('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int functions(Question question, BufferedWriter writer, PrintStream err) {
        Runs.linkAhead();
        Machine.readTypesAhead();
        String target = question.names().isEmpty() ? "*" : String.join(",", question.names());
        FunctionListing listing = FunctionListing.of(target);
        int[] count = {0};
        listing.forEach(row -> {
            if (!question.probeable() || row.isProbeable()) {
                count[0]++;
                line(
                        writer,
                        switch (question.form()) {
                            case TEXT -> FunctionText.of(row);
                            case JSON -> FunctionText.json(row);
                            case NAMES -> row.name();
                        });
            }
            return true;
        });
        listing.unmatched().forEach(line -> err.println("kprobe: " + line));
        listing.unknown().forEach(line -> err.println("kprobe: " + line));
        return count[0] == 0 ? NOTHING : 0;
    }

    private static int types(Question question, BufferedWriter writer, PrintStream err) {
        Optional<TypeLookup> lookup = TypeLookup.running();
        if (lookup.isEmpty()) {
            err.println("kprobe: " + NO_TYPES);
            return ProbeException.EXIT_STATUS;
        }
        return types(question, lookup.get(), writer, err);
    }

    static int types(Question question, TypeLookup lookup, BufferedWriter writer, PrintStream err) {
        List<String> names = question.names().stream()
                .flatMap(words -> Stream.of(words.strip().split("\\s+")))
                .filter(word -> !word.equals("struct") && !word.equals("union") && !word.equals("enum"))
                .toList();
        int status = 0;
        for (String name : names.isEmpty() ? List.of("*") : names) {
            boolean found = Glob.hasWildcard(name)
                    ? matching(question, lookup, new Glob(name), writer)
                    : question.kind() == Kind.STRUCTS
                            ? struct(question, lookup, name, writer)
                            : enumeration(question, lookup, name, writer);
            if (!found) {
                err.println("kprobe: " + missing(question.kind(), lookup, name));
                status = NOTHING;
            }
        }
        return status;
    }

    private static String missing(Kind kind, TypeLookup lookup, String name) {
        if (Glob.hasWildcard(name)) {
            return "%s: no such %s".formatted(name, kind == Kind.STRUCTS ? "struct or union" : "enum");
        }
        if (kind == Kind.STRUCTS && lookup.enumeration(name).isPresent()) {
            return "%s is an enum's name: kprobe list -e %s".formatted(name, name);
        }
        if (kind == Kind.ENUMS && lookup.composite(name).isPresent()) {
            return "%s is a struct's name: kprobe list -s %s".formatted(name, name);
        }
        return kind == Kind.STRUCTS
                ? "%s: no such struct or union%s".formatted(name, lookup.nearest(name, TypeLookup.COMPOSITES))
                : "%s: no such enum, and no constant of one%s"
                        .formatted(name, lookup.nearest(name, TypeLookup.ENUMERATIONS));
    }

    private static boolean matching(Question question, TypeLookup lookup, Glob glob, BufferedWriter writer) {
        boolean structs = question.kind() == Kind.STRUCTS;
        List<String> names = lookup.names(structs ? TypeLookup.COMPOSITES : TypeLookup.ENUMERATIONS)
                .filter(glob::matches)
                .sorted()
                .toList();
        for (String name : names) {
            if (question.form() == Form.NAMES) {
                line(writer, name);
            } else if (structs) {
                lookup.composite(name).ifPresent(found -> line(writer, brief(question, found)));
            } else {
                enumeration(question, lookup, name, writer);
            }
        }
        return !names.isEmpty();
    }

    private static String brief(Question question, TypeLookup.Found<BtfType.Composite> found) {
        BtfType.Composite type = found.type();
        String keyword = type instanceof BtfType.Union ? "union" : "struct";
        return question.form() == Form.JSON
                ? LayoutText.json(
                        Layout.of(found.types().btf(), type), found.types().module())
                : "%s %s;%s  // %d bytes, %d members"
                        .formatted(
                                keyword,
                                type.name(),
                                in(found.types().module()),
                                type.sizeBytes(),
                                type.members().size());
    }

    private static String in(String module) {
        return module.isEmpty() ? "" : " [" + module + "]";
    }

    private static boolean struct(Question question, TypeLookup lookup, String name, BufferedWriter writer) {
        Optional<TypeLookup.Found<BtfType.Composite>> found = lookup.composite(name);
        found.ifPresent(one -> {
            Layout layout = Layout.of(one.types().btf(), one.type());
            switch (question.form()) {
                case NAMES -> line(writer, one.type().name());
                case JSON -> line(writer, LayoutText.json(layout, one.types().module()));
                case TEXT -> LayoutText.of(layout).forEach(line -> line(writer, line));
            }
        });
        return found.isPresent();
    }

    private static boolean enumeration(Question question, TypeLookup lookup, String name, BufferedWriter writer) {
        Optional<TypeLookup.Found<BtfType.Enumeration>> found = lookup.enumeration(name);
        found.ifPresent(one -> {
            switch (question.form()) {
                case NAMES -> line(writer, one.type().name());
                case JSON -> line(writer, EnumText.json(one.type(), one.types().module()));
                case TEXT -> EnumText.of(one.type()).forEach(line -> line(writer, line));
            }
        });
        return found.isPresent();
    }
}
