package org.kprobe4j.cli.manual;

import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What the model of the command line says, as plain text. */
final class Words {
    private Words() {}

    /** The commands that a user sees, without the top one. */
    static List<CommandSpec> commands(CommandSpec top) {
        return top.subcommands().values().stream()
                .map(command -> command.getCommandSpec())
                .filter(command -> !command.usageMessage().hidden())
                .distinct()
                .toList();
    }

    static List<OptionSpec> options(CommandSpec command) {
        return command.options().stream().filter(option -> !option.hidden()).toList();
    }

    /** A text of the model, with its formats and markup resolved, without the last line's end. */
    static List<String> lines(String... text) {
        return Stream.of(text)
                .flatMap(line -> plain(line).lines().toList().isEmpty()
                        ? Stream.of("")
                        : plain(line).lines())
                .toList();
    }

    static String plain(String text) {
        String resolved = text.contains("%n") ? text.replace("%n", "\n").replace("%%", "%") : text;
        return Help.Ansi.OFF.new Text(resolved).toString();
    }

    /** The description of an option or a parameter, in one line. */
    static String description(ArgSpec argument) {
        return String.join(" ", lines(argument.description()));
    }

    /** Whether an option or a parameter takes a value. */
    static boolean takesValue(ArgSpec argument) {
        return argument.arity().max() > 0;
    }

    /** Whether the value may be left out. */
    static boolean mayBeBare(ArgSpec argument) {
        return argument.arity().min() == 0;
    }
}
