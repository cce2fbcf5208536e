package org.kprobe4j;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Finds a command as execvp(3) does, so that a wrong one is told before a probe is planted for it. */
final class CommandLookup {
    private static final String DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

    private CommandLookup() {}

    static void require(String command) {
        if (candidates(command).anyMatch(CommandLookup::isProgram)) {
            return;
        }
        if (candidates(command).anyMatch(Files::exists)) {
            throw new CommandException(command + ": permission denied", CommandException.NOT_EXECUTABLE, null);
        }
        throw new CommandException(command + ": command not found", CommandException.NOT_FOUND, null);
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
