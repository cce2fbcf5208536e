package org.kprobe4j.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command for a guest. Words, environment and directory arrive exactly as given, encoded in UTF-8.
 *
 * @param words the program and its arguments
 * @param cwd the directory it starts in
 * @param env its environment
 * @param timeLimit how long it may run; past that the guest is killed. Empty for no limit
 */
public record GuestCommand(List<String> words, Path cwd, Map<String, String> env, Optional<Duration> timeLimit) {
    /** Keeps its own copies. */
    public GuestCommand {
        words = List.copyOf(words);
        env = Map.copyOf(env);
        if (words.isEmpty()) {
            throw new LabException("lab: no command; give the program and its arguments");
        }
    }

    /**
     * A command in this process's directory and environment.
     *
     * @param words the program and its arguments
     * @return the command
     */
    public static GuestCommand of(String... words) {
        return of(List.of(words));
    }

    /**
     * A command in this process's directory and environment.
     *
     * @param words the program and its arguments
     * @return the command
     */
    public static GuestCommand of(List<String> words) {
        return new GuestCommand(words, Path.of("").toAbsolutePath(), HostProcess.environment(), Optional.empty());
    }

    /**
     * This command in another directory.
     *
     * @param directory a directory of this machine or of the guest
     * @return a copy
     */
    public GuestCommand cwd(Path directory) {
        return new GuestCommand(words, directory, env, timeLimit);
    }

    /**
     * This command with another environment.
     *
     * @param environment all the variables it gets
     * @return a copy
     */
    public GuestCommand env(Map<String, String> environment) {
        return new GuestCommand(words, cwd, environment, timeLimit);
    }

    /**
     * This command with one more variable.
     *
     * @param name the variable's name
     * @param value its value
     * @return a copy
     */
    public GuestCommand env(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(env);
        more.put(name, value);
        return env(more);
    }

    /**
     * This command with a time limit.
     *
     * @param limit how long it may run
     * @return a copy
     */
    public GuestCommand timeLimit(Duration limit) {
        return new GuestCommand(words, cwd, env, Optional.of(limit));
    }

    /** The script that becomes the command: same process, so its id is the session's and the group's. */
    String script() {
        List<String> variables = new ArrayList<>();
        Map<String, String> all = new LinkedHashMap<>(env);
        all.putIfAbsent("KPROBE4J_EXCHANGE", BootOptions.EXCHANGE_IN_GUEST);
        all.forEach((name, value) -> variables.add(name + "=" + value));
        return """
                home=/run/kprobe4j
                echo $$ > $home/pid
                cd %s || exit 126
                export PATH=%s
                name=%s
                case $name in
                */*) [ -e "$name" ] ;;
                *) command -v -- "$name" > /dev/null ;;
                esac || { printf '%%s: command not found\\n' "$name" >&2; exit 127; }
                # Not busybox's env: it would run its own programs instead of the machine's.
                exec /usr/bin/env -i -- %s %s
                """.formatted(
                        ShellWords.quote(cwd.toString()),
                        ShellWords.quote(env.getOrDefault(
                                "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")),
                        ShellWords.quote(words.getFirst()),
                        ShellWords.quoteAll(variables),
                        ShellWords.quoteAll(words));
    }
}
