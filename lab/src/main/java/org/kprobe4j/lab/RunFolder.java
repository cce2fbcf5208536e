package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The folder of one guest: its sockets, its console's log. Removes those of runs that are long dead. */
final class RunFolder {
    private static final Pattern NAME = Pattern.compile("kprobe4j-lab-(\\d+)-.*");
    /** A log that an error message named is kept for a day. */
    private static final Duration KEPT = Duration.ofDays(1);

    private RunFolder() {}

    static Path create(Path parent) throws IOException {
        sweep(parent);
        return Files.createTempDirectory(
                parent, "kprobe4j-lab-" + ProcessHandle.current().pid() + "-");
    }

    private static void sweep(Path parent) throws IOException {
        List<Path> folders;
        try (Stream<Path> list = Files.list(parent)) {
            folders = list.filter(RunFolder::isDead).toList();
        }
        for (Path folder : folders) {
            try {
                LabCache.deleteTree(folder);
            } catch (IOException e) {
                // Another user's: theirs to remove.
            }
        }
    }

    private static boolean isDead(Path folder) {
        Matcher name = NAME.matcher(folder.getFileName().toString());
        try {
            return name.matches()
                    && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()
                    && Files.getLastModifiedTime(folder)
                            .toInstant()
                            .isBefore(Instant.now().minus(KEPT));
        } catch (IOException e) {
            return false;
        }
    }
}
