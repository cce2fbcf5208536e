package org.kprobe4j.cli.manual;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A command's manual page, for man(1). Source: man(7). */
final class ManualPage {
    /** A heading within a command's closing words, such as {@code Examples:}. */
    private static final Pattern HEADING = Pattern.compile("\\p{Lu}[\\w ]*:");

    private static final int MORE_THAN_ASCII = 0x80;

    private final CommandSpec command;
    private final StringBuilder text = new StringBuilder();

    private ManualPage(CommandSpec command) {
        this.command = command;
    }

    /** The page's name, such as {@code kprobe-list}. */
    static String name(CommandSpec command) {
        return command.qualifiedName("-");
    }

    /**
     * Writes a page.
     *
     * @param command the command
     * @param version of the program, such as {@code 0.1.0}
     */
    static String of(CommandSpec command, String version) {
        var page = new ManualPage(command);
        page.write(version);
        return page.text.toString();
    }

    private void write(String version) {
        List<String> description = Words.lines(command.usageMessage().description());
        line(".TH %s 1 \"\" \"kprobe4j %s\" \"kprobe4j\""
                .formatted(quoted(name(command).toUpperCase(Locale.ROOT)), version));
        // No hyphenation, and no blanks between words to fill a line: names of functions are to be found.
        line(".nh");
        line(".ad l");
        section("NAME");
        line("%s \\- %s".formatted(escaped(name(command)), escaped(brief(description))));
        section("SYNOPSIS");
        synopsis().forEach(usage -> {
            line(".nf");
            line(escaped(usage));
            line(".fi");
        });
        section("DESCRIPTION");
        description.forEach(paragraph -> {
            line(".PP");
            line(escaped(paragraph));
        });
        commands();
        arguments();
        closing();
        seeAlso();
    }

    /** The first sentence, without its full stop. */
    private static String brief(List<String> description) {
        String first = description.isEmpty() ? "" : description.getFirst();
        int stop = first.indexOf(". ");
        return (stop < 0 ? first : first.substring(0, stop)).replaceAll("[.:;]$", "");
    }

    private List<String> synopsis() {
        String[] custom = command.usageMessage().customSynopsis();
        if (custom.length > 0) {
            return Words.lines(custom);
        }
        var help = new CommandLine.Help(command, CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        return help.synopsis(0).lines().toList();
    }

    private void commands() {
        List<CommandSpec> below = Words.commands(command);
        if (below.isEmpty()) {
            return;
        }
        section("COMMANDS");
        for (CommandSpec one : below) {
            line(".TP");
            line(".B " + escaped(one.name()));
            line(escaped(String.join(" ", Words.lines(one.usageMessage().description()))));
        }
    }

    private void arguments() {
        section("OPTIONS");
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            if (!parameter.hidden()) {
                argument("\\fI%s\\fR".formatted(escaped(parameter.paramLabel())), Words.description(parameter));
            }
        }
        for (OptionSpec option : Words.options(command)) {
            argument(names(option), Words.description(option));
        }
    }

    private void argument(String names, String description) {
        line(".TP");
        line(names);
        line(escaped(description));
    }

    private static String names(OptionSpec option) {
        var names = new ArrayList<String>();
        for (String name : option.names()) {
            names.add("\\fB%s\\fR".formatted(escaped(name)));
        }
        String value = "\\fI%s\\fR".formatted(escaped(option.paramLabel()));
        String all = String.join(", ", names);
        return !Words.takesValue(option)
                ? all
                : Words.mayBeBare(option) ? "%s[=%s]".formatted(all, value) : "%s %s".formatted(all, value);
    }

    /** What stands under the options in a command's help: exit status, examples. */
    private void closing() {
        var lines = new ArrayList<String>();
        lines.addAll(Words.lines(command.usageMessage().footerHeading()));
        lines.addAll(Words.lines(command.usageMessage().footer()));
        boolean open = false;
        for (String line : lines) {
            if (HEADING.matcher(line).matches()) {
                if (open) {
                    line(".fi");
                }
                section(line.substring(0, line.length() - 1).toUpperCase(Locale.ROOT));
                line(".nf");
                open = true;
            } else if (open) {
                line(line.isEmpty() ? ".sp" : escaped(line));
            }
        }
        if (open) {
            line(".fi");
        }
    }

    private void seeAlso() {
        CommandSpec parent = command.parent() == null ? command : command.parent();
        var others = new ArrayList<String>();
        if (command.parent() != null) {
            others.add(name(parent));
        }
        Words.commands(parent).stream()
                .filter(other -> !other.name().equals(command.name()))
                .map(ManualPage::name)
                .forEach(others::add);
        section("SEE ALSO");
        line(String.join(
                ", ",
                others.stream()
                        .map(other -> "\\fB%s\\fR(1)".formatted(escaped(other)))
                        .toList()));
    }

    private void section(String heading) {
        line(".SH " + quoted(heading));
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private static String quoted(String text) {
        return '"' + escaped(text) + '"';
    }

    /** What roff would take for its own. */
    private static String escaped(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq");
        var ascii = new StringBuilder(escaped.startsWith(".") ? "\\&" : "");
        escaped.chars()
                .forEach(c -> ascii.append(c < MORE_THAN_ASCII ? Character.toString(c) : "\\[u%04X]".formatted(c)));
        return ascii.toString();
    }
}
