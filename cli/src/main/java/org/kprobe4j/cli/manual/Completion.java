package org.kprobe4j.cli.manual;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.kprobe4j.lab.KernelRow;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * What a shell proposes behind {@code kprobe}. The words of the command line are in the script; names of kernel functions come from
 * /proc/kallsyms while someone types, which takes no JVM and no VM.
 */
final class Completion {
    /** What a word may be. */
    private enum Value {
        /** A function of the kernel. */
        FUNCTION,
        /** A file. */
        FILE,
        /** A Java program. */
        PROGRAM,
        /** A kernel of the lab. */
        KERNEL,
        /** One of some words. */
        WORDS,
        /** Anything. */
        OTHER
    }

    private final CommandSpec top;

    private Completion(CommandSpec top) {
        this.top = top;
    }

    /** For bash. Source: bash(1), Programmable Completion. */
    static String bash(CommandSpec top) {
        return new Completion(top).bash();
    }

    /** For zsh, on top of bash's. Source: zshcompsys(1). */
    static String zsh(CommandSpec top) {
        return new Completion(top).zsh();
    }

    private static Value value(ArgSpec argument) {
        if (argument.completionCandidates() != null) {
            return Value.WORDS;
        }
        String label = argument.paramLabel();
        return switch (label) {
            case "FILE.java" -> Value.PROGRAM;
            case "VERSION" -> Value.KERNEL;
            default ->
                label.startsWith("TARGET")
                        ? Value.FUNCTION
                        : label.contains("FILE") || label.contains("FOLDER") ? Value.FILE : Value.OTHER;
        };
    }

    private static String words(Stream<String> words) {
        return String.join(" ", words.toList());
    }

    private String commands() {
        return words(Words.commands(top).stream().map(CommandSpec::name));
    }

    private static String options(CommandSpec command) {
        return words(Words.options(command).stream()
                .flatMap(option -> Stream.of(option.names())
                        .map(name ->
                                Words.takesValue(option) && Words.mayBeBare(option) ? name + " " + name + "=" : name)));
    }

    private static String candidates(OptionSpec option) {
        var words = new ArrayList<String>();
        Iterable<String> candidates = option.completionCandidates();
        if (candidates != null) {
            candidates.forEach(words::add);
        }
        return String.join(" ", words);
    }

    private String kernels() {
        return words(KernelRow.table().stream().map(KernelRow::id));
    }

    private String bash() {
        var text = new StringBuilder("""
                # bash completion for kprobe; made from its model of the command line.
                # Names of functions come from the running kernel, without starting kprobe.

                _kprobe_functions() {
                    local prefix=$1 before=
                    # Of several patterns the last is completed, an exclusion's mark stays.
                    [[ $prefix == *,* ]] && before=${prefix%,*}, prefix=${prefix##*,}
                    [[ $prefix == '!'* ]] && before+='!' prefix=${prefix#!}
                    [[ ${#prefix} -ge 2 && $prefix != *[\\*?:/\\(]* ]] || return 0
                    mapfile -t COMPREPLY < <(awk -v p="$prefix" -v b="$before" \\
                        'index($3, p) == 1 && $2 ~ /[tTwW]/ && $3 !~ /^__(pfx|cfi)_/ && !seen[$3]++ { print b $3 }' \\
                        /proc/kallsyms 2> /dev/null)
                }

                _kprobe_files() {
                    compopt -o filenames 2> /dev/null
                    mapfile -t COMPREPLY < <(compgen -f -X "$2" -- "$1"; compgen -d -- "$1")
                }

                _kprobe_words() {
                    mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
                    [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2> /dev/null
                }

                _kprobe() {
                    local cur prev i command=
                    # A value behind = is a word of its own for bash.
                    local -a words=()
                    for ((i = 0; i <= COMP_CWORD; i++)); do
                        words+=("${COMP_WORDS[i]}")
                    done
                    cur=${words[-1]}
                    prev=${words[-2]}
                    if [[ $cur == = ]]; then
                        cur=
                    elif [[ $prev == = ]]; then
                        prev=${words[-3]}
                    fi
                    COMPREPLY=()
                    for ((i = 1; i < COMP_CWORD; i++)); do
                        case ${words[i]} in
                            --)
                                # What follows is the user's own command.
                                if declare -F _command_offset > /dev/null; then
                                    _command_offset $((i + 1))
                                else
                                    mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
                                fi
                                return
                                ;;
                            -*) ;;
                            *)
                                command=${words[i]}
                                break
                                ;;
                        esac
                    done
                    for ((i++; i < COMP_CWORD; i++)); do
                        if [[ ${words[i]} == -- ]]; then
                            if declare -F _command_offset > /dev/null; then
                                _command_offset $((i + 1))
                            else
                                mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
                            fi
                            return
                        fi
                    done
                    case $command in
                """);
        text.append("        '') _kprobe_words \"$cur\" '%s %s' ;;\n".formatted(commands(), options(top)));
        Words.commands(top).forEach(command -> bash(text, command));
        return text.append("    esac\n}\n\ncomplete -F _kprobe kprobe\n").toString();
    }

    private void bash(StringBuilder text, CommandSpec command) {
        text.append("        %s)\n            case $prev in\n".formatted(command.name()));
        for (OptionSpec option : Words.options(command)) {
            if (Words.takesValue(option)) {
                text.append("                %s) %s; return ;;\n"
                        .formatted(String.join(" | ", option.names()), bashValue(option)));
            }
        }
        text.append("            esac\n            case $cur in\n");
        text.append("                -*) _kprobe_words \"$cur\" '%s' ;;\n".formatted(options(command)));
        text.append("                *) %s ;;\n            esac\n            ;;\n".formatted(bashParameters(command)));
    }

    /** An option whose value may be left out is followed by anything. */
    private String bashValue(OptionSpec option) {
        return switch (value(option)) {
            case FUNCTION -> "_kprobe_functions \"$cur\"";
            case FILE -> "_kprobe_files \"$cur\" ''";
            case PROGRAM -> "_kprobe_files \"$cur\" '!*.java'";
            case KERNEL -> "_kprobe_words \"$cur\" '%s'".formatted(kernels());
            case WORDS -> "_kprobe_words \"$cur\" '%s'".formatted(candidates(option));
            case OTHER -> ":";
        };
    }

    private static String bashParameters(CommandSpec command) {
        List<Value> values = command.positionalParameters().stream()
                .map(Completion::value)
                .distinct()
                .toList();
        var calls = new ArrayList<String>();
        if (values.contains(Value.FUNCTION)) {
            calls.add("_kprobe_functions \"$cur\"");
        }
        if (values.contains(Value.PROGRAM)) {
            String files = "_kprobe_files \"$cur\" '!*.java'";
            calls.add(calls.isEmpty() ? files : "((${#COMPREPLY[@]})) || " + files);
        }
        return calls.isEmpty() ? ":" : String.join("; ", calls);
    }

    private String zsh() {
        var text = new StringBuilder("""
                #compdef kprobe
                # zsh completion for kprobe; made from its model of the command line.
                # Names of functions come from the running kernel, without starting kprobe.

                _kprobe_functions() {
                    local prefix=${PREFIX##*,}
                    prefix=${prefix#!}
                    [[ ${#prefix} -ge 2 && $prefix != *[*?:/\\(]* ]] || return 1
                    compset -P '*,'
                    compset -P '!'
                    local -a found
                    found=(${(f)"$(awk -v p="$prefix" \\
                        'index($3, p) == 1 && $2 ~ /[tTwW]/ && $3 !~ /^__(pfx|cfi)_/ && !seen[$3]++ { print $3 }' \\
                        /proc/kallsyms 2> /dev/null)"})
                    compadd -a found
                }

                _kprobe() {
                    local curcontext=$curcontext state line
                    local -a commands
                    commands=(
                """);
        for (CommandSpec command : Words.commands(top)) {
            String brief = Words.lines(command.usageMessage().description()).getFirst();
            text.append("        %s\n".formatted(quoted(command.name() + ":" + firstSentence(brief))));
        }
        text.append("    )\n    _arguments -C \\\n");
        Words.options(top).forEach(option -> text.append(zshOption(option)));
        text.append("""
                        '1:command:->command' \\
                        '*::argument:->argument'
                    case $state in
                        command) _describe command commands ;;
                        argument)
                            case $line[1] in
                """);
        for (CommandSpec command : Words.commands(top)) {
            text.append("                %s)\n                    _arguments -S \\\n".formatted(command.name()));
            Words.options(command).forEach(option -> text.append("            ").append(zshOption(option)));
            int number = 1;
            for (PositionalParamSpec parameter : command.positionalParameters()) {
                boolean many = parameter.index().max() == Integer.MAX_VALUE;
                text.append("                        %s \\\n"
                        .formatted(quoted("%s:%s:%s"
                                .formatted(many ? "*" : number++, parameter.paramLabel(), zshValue(parameter)))));
            }
            text.append("                        && return\n                    ;;\n");
        }
        return text.append("            esac\n            ;;\n    esac\n}\n\n_kprobe \"$@\"\n")
                .toString();
    }

    private String zshOption(OptionSpec option) {
        var text = new StringBuilder();
        for (String name : option.names()) {
            String described = name + (Words.takesValue(option) ? Words.mayBeBare(option) ? "=-" : "=" : "") + "["
                    + firstSentence(Words.description(option))
                            .replace("[", "\\[")
                            .replace("]", "\\]") + "]";
            String value = !Words.takesValue(option)
                    ? ""
                    : (Words.mayBeBare(option) ? "::" : ":") + option.paramLabel() + ":" + zshValue(option);
            text.append("        %s \\\n".formatted(quoted(described.replace(":", "\\:") + value)));
        }
        return text.toString();
    }

    private String zshValue(ArgSpec argument) {
        return switch (value(argument)) {
            case FUNCTION -> "_kprobe_functions";
            case FILE -> "_files";
            case PROGRAM -> "_files -g \"*.java\"";
            case KERNEL -> "(%s)".formatted(kernels());
            case WORDS -> "(%s)".formatted(argument instanceof OptionSpec option ? candidates(option) : "");
            case OTHER -> "";
        };
    }

    private static String firstSentence(String text) {
        int stop = text.indexOf(". ");
        return (stop < 0 ? text : text.substring(0, stop)).replaceAll("[.:;]$", "");
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
