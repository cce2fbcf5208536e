package org.kprobe4j.internal.targets;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.ParameterType;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.targets.TargetSpec.Clause;

/** Reads a {@link TargetSpec}, character by character. */
final class TargetParser {
    private static final int SHOWN_CHARS = 60;

    private static final int MAX_ADDRESS_DIGITS = 16;
    private static final int END = -1;
    /** {@code r100:group/event vfs_read}: what may be pasted from a script for tracefs. */
    private static final Pattern TRACEFS_COMMAND =
            Pattern.compile("\\s*([pr]\\d\\w*(?::\\S*)?|[pr](?::\\S*)?|-:\\S*)\\s+([^\\s,]+)");

    private final TargetText text;
    private final boolean offsets;
    /** Null while a file is read: it cannot name another. */
    private final @Nullable Lines files;

    /** Reads the lines of a file. */
    @FunctionalInterface
    interface Lines {
        List<String> of(String path) throws IOException;
    }

    TargetParser(String text, boolean offsets, Lines files) {
        this(new TargetText("target \"" + shortened(text) + "\"", text), offsets, files);
    }

    /** The place of what is wrong is shown below it. */
    private static String shortened(String text) {
        return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "…";
    }

    private TargetParser(TargetText text, boolean offsets, @Nullable Lines files) {
        this.text = text;
        this.offsets = offsets;
        this.files = files;
    }

    TargetSpec spec() {
        Matcher command = TRACEFS_COMMAND.matcher(text.all());
        if (command.lookingAt()) {
            throw text.wrong(
                    command.start(1),
                    "\"%s\" begins a command of tracefs kprobe_events; write its target alone: %s"
                            .formatted(command.group(1), command.group(2)));
        }
        List<Clause> clauses = clauses();
        if (clauses.stream().allMatch(Clause::excluded)) {
            throw text.wrong(0, "it says only what to leave out; write what to take before it, such as *,!tcp_*");
        }
        return clauses.size() == 1 ? clauses.getFirst().target() : new TargetSpec.Several(List.copyOf(clauses));
    }

    private List<Clause> clauses() {
        text.skipSpaces();
        if (text.peek() == END) {
            throw text.wrong("nothing is named; write a function, such as vfs_read, or a pattern, such as vfs_*");
        }
        var clauses = new ArrayList<Clause>();
        clause(clauses);
        while (text.peek() == ',') {
            text.take();
            text.skipSpaces();
            if (text.peek() == END) {
                throw text.wrong("a target is missing behind the comma");
            }
            clause(clauses);
        }
        if (text.peek() != END) {
            boolean another = text.position() > 0 && text.before() == ' ';
            throw text.wrong(strange(text.peek(), another || isNamePart(text.peek())));
        }
        return clauses;
    }

    private void clause(List<Clause> clauses) {
        boolean excluded = text.peek() == '!';
        if (excluded) {
            text.take();
            text.skipSpaces();
        }
        if (text.peek() == '@') {
            file(excluded, clauses);
        } else {
            clauses.add(new Clause(target(excluded), excluded));
        }
        text.skipSpaces();
    }

    private TargetSpec target(boolean excluded) {
        int c = text.peek();
        if (c == '/' || c == '(') {
            return inModule(null, excluded);
        }
        if (c >= '0' && c <= '9') {
            return address();
        }
        int start = text.position();
        String name = name("a function's name");
        if (text.peek() != ':') {
            return functions(null, name, start, excluded);
        }
        if (name.length() > Target.MAX_SYMBOL_LENGTH) {
            throw text.wrong(start, "a module's name of %d characters is too long".formatted(name.length()));
        }
        text.take();
        return inModule(name, excluded);
    }

    private TargetSpec inModule(@Nullable String module, boolean excluded) {
        int start = text.position();
        return switch (text.peek()) {
            case '/' -> new TargetSpec.Expression(glob(module), expression());
            case '(' -> new TargetSpec.Matching(glob(module), new Glob("*"), parameter());
            default -> functions(module, name("a function's name"), start, excluded);
        };
    }

    private static @Nullable Glob glob(@Nullable String module) {
        return module == null ? null : new Glob(module);
    }

    private TargetSpec functions(@Nullable String module, String name, int start, boolean excluded) {
        if (name.length() > Target.MAX_SYMBOL_LENGTH) {
            throw text.wrong(
                    start,
                    "a name of %d characters; the kernel takes at most %d (KSYM_NAME_LEN)"
                            .formatted(name.length(), Target.MAX_SYMBOL_LENGTH));
        }
        boolean pattern = Glob.hasWildcard(name) || (module != null && Glob.hasWildcard(module));
        if (text.peek() == '(') {
            return new TargetSpec.Matching(glob(module), new Glob(name), parameter());
        }
        if (text.peek() == '+') {
            return new TargetSpec.Symbol(module, name, offset(pattern, excluded));
        }
        return pattern
                ? new TargetSpec.Matching(glob(module), new Glob(name), null)
                : new TargetSpec.Symbol(module, name, 0);
    }

    /** One or more characters of a name or a pattern. */
    private String name(String what) {
        int start = text.position();
        while (isNamePart(text.peek())) {
            text.take();
        }
        if (text.position() == start) {
            throw text.wrong(
                    text.peek() == END || text.peek() == ',' ? what + " is missing" : strange(text.peek(), false));
        }
        return text.from(start);
    }

    private static boolean isNamePart(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '.'
                || c == '$'
                || c == '*'
                || c == '?';
    }

    /** What is wrong with a character that does not go on with what was read. */
    private static String strange(int c, boolean afterSpace) {
        String quoted = "'%s'".formatted(Character.toString(c));
        if (afterSpace) {
            return quoted + " follows the target; separate targets by commas, and read arguments in the handler";
        }
        return switch (c) {
            case '-' -> "'-' is not part of a function's name; a module is named with _, whatever its file's name";
            case '%' -> "'%' begins a suffix of tracefs; for a return probe use Kretprobe";
            case '[', ']', '{', '}', '|', '^', '\\' ->
                quoted + " is not part of a function's name; write a regular expression: /^vfs_(read|write)$/";
            case '/' -> "'/' is not part of a function's name; a regular expression stands alone: /^vfs_/";
            case ')' -> "')' closes nothing";
            case ':' -> "':' stands between a module and a function, once: overlay:ovl_open";
            case '!' -> "'!' stands before what is left out, behind a comma: tcp_*,!tcp_v6_*";
            case '+' -> "'+' stands behind a function's name: vfs_read+0x10";
            default -> quoted + " is not part of a function's name";
        };
    }

    private TargetSpec address() {
        int start = text.position();
        if (!text.skip("0x") && !text.skip("0X")) {
            throw text.wrong("no function's name begins with a digit; an address begins with 0x");
        }
        int digits = text.position();
        while (Character.digit(text.peek(), 16) >= 0 && text.peek() < 0x80) {
            text.take();
        }
        String number = text.from(digits);
        if (number.isEmpty()) {
            throw text.wrong("the digits of an address are missing");
        }
        if (number.length() > MAX_ADDRESS_DIGITS) {
            throw text.wrong(start, "an address has at most %d digits".formatted(MAX_ADDRESS_DIGITS));
        }
        if (text.peek() == '+') {
            throw text.wrong("an address takes no offset; write the sum");
        }
        if (isNamePart(text.peek())) {
            throw text.wrong("'%c' is not a hexadecimal digit".formatted(text.peek()));
        }
        return new TargetSpec.Address(Long.parseUnsignedLong(number, 16));
    }

    private long offset(boolean pattern, boolean excluded) {
        int plus = text.position();
        text.take();
        if (pattern) {
            throw text.wrong(plus, "an offset needs the name of one function, not a pattern");
        }
        if (excluded) {
            throw text.wrong(plus, "a function is left out as a whole; leave out the offset");
        }
        if (!offsets) {
            throw text.wrong(plus, "a return probe stands at a function's entry; leave out the offset");
        }
        int start = text.position();
        while (isNamePart(text.peek())) {
            text.take();
        }
        String number = text.from(start);
        if (number.isEmpty()) {
            throw text.wrong(start, "the offset is missing; write a number, such as +0x10");
        }
        try {
            return checked(Long.decode(number), start);
        } catch (NumberFormatException e) {
            throw text.wrong(start, "\"%s\" is not an offset; write a number, such as 16 or 0x10".formatted(number));
        }
    }

    private long checked(long offset, int start) {
        if (offset > Integer.MAX_VALUE) {
            throw text.wrong(start, "no function is so long");
        }
        return offset;
    }

    private Pattern expression() {
        int slash = text.position();
        text.take();
        int start = text.position();
        while (text.peek() != '/' && text.peek() != END) {
            if (text.take() == '\\' && text.peek() != END) {
                text.take();
            }
        }
        if (text.peek() == END) {
            throw text.wrong(slash, "the regular expression does not end; write /^vfs_/");
        }
        String expression = text.from(start);
        text.take();
        if (expression.isEmpty()) {
            throw text.wrong(start, "the regular expression is empty; write /^vfs_/");
        }
        try {
            return Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            int at = Math.clamp(e.getIndex(), 0, expression.length());
            throw text.wrong(start + at, "not a regular expression: " + e.getDescription());
        } catch (StackOverflowError e) {
            throw text.wrong(start, "the regular expression is nested too deeply");
        }
    }

    private ParameterType parameter() {
        return new TypeParser(text).parameter();
    }

    private void file(boolean excluded, List<Clause> clauses) {
        int at = text.position();
        text.take();
        int start = text.position();
        while (text.peek() != ',' && text.peek() != END) {
            text.take();
        }
        String path = text.from(start).strip();
        if (path.isEmpty()) {
            throw text.wrong(start, "the name of a file is missing");
        }
        if (files == null) {
            throw text.wrong(at, "a list of names does not name another list");
        }
        List<Clause> listed = listed(path, start, files);
        if (excluded && listed.stream().anyMatch(Clause::excluded)) {
            throw text.wrong(at, path + " is left out, so it cannot leave out names itself");
        }
        listed.forEach(clause -> clauses.add(excluded ? new Clause(clause.target(), true) : clause));
    }

    private List<Clause> listed(String path, int position, Lines source) {
        List<String> lines;
        try {
            lines = source.of(path);
        } catch (NoSuchFileException | InvalidPathException e) {
            throw text.wrong(position, "there is no file " + path);
        } catch (IOException e) {
            throw text.wrong(position, "cannot read %s: %s".formatted(path, e.getMessage()));
        }
        var listed = new ArrayList<Clause>();
        for (int i = 0; i < lines.size(); i++) {
            int comment = lines.get(i).indexOf('#');
            String line = comment < 0 ? lines.get(i) : lines.get(i).substring(0, comment);
            if (!line.isBlank()) {
                var inFile = new TargetText("%s:%d".formatted(path, i + 1), line.stripTrailing());
                listed.addAll(new TargetParser(inFile, offsets, null).clauses());
            }
        }
        if (listed.isEmpty()) {
            throw text.wrong(position, path + " names nothing");
        }
        return listed;
    }
}
