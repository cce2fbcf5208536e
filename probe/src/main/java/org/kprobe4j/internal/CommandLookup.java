package org.kprobe4j.internal;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds a command as execvp(3) does, so that a wrong one is told before a probe is planted for it. */
public final class CommandLookup {
    /**
     * Why a command cannot be run.
     *
     * @param message the command and the cause
     * @param exitStatus what a shell would end with
     */
    public record Refusal(String message, int exitStatus) {}

    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;
    private static final String DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

    private CommandLookup() {}

    /** Why a command cannot be run; empty if it can. */
    public static Optional<Refusal> refusal(String command) {
        if (candidates(command).anyMatch(CommandLookup::isProgram)) {
            return Optional.empty();
        }
        return Optional.of(
                candidates(command).anyMatch(Files::exists)
                        ? new Refusal(command + ": permission denied", NOT_EXECUTABLE)
                        : new Refusal(command + ": command not found", NOT_FOUND));
    }

    private static Stream<Path> candidates(String command) {
        if (command.isEmpty()) {
            return Stream.empty();
        }
        try {
            Path path = Path.of(command);
            if (command.contains("/")) {
                return Stream.of(path);
            }
            String folders = System.getenv().getOrDefault("PATH", DEFAULT_PATH);
            return Stream.of(folders.split(File.pathSeparator, -1))
                    .map(folder -> Path.of(folder).resolve(command));
        } catch (InvalidPathException e) {
            return Stream.empty();
        }
    }

    private static boolean isProgram(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }
}
