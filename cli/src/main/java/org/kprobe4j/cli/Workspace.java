package org.kprobe4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The temporary folder that a program is compiled into; deleted when it is closed, or at the end of the JVM. */
final class Workspace implements AutoCloseable {
    private final Path folder;
    private final Thread cleaner;

    private Workspace(Path folder) {
        this.folder = folder;
        this.cleaner = Thread.ofPlatform().unstarted(this::delete);
    }

    static Workspace open() {
        try {
            Workspace workspace = new Workspace(Files.createTempDirectory("kprobe4j-run-"));
            Runtime.getRuntime().addShutdownHook(workspace.cleaner);
            return workspace;
        } catch (IOException e) {
            throw new KprobeException("cannot make a temporary folder: " + e);
        }
    }

    Path folder() {
        return folder;
    }

    private void delete() {
        try (Stream<Path> walk = Files.walk(folder)) {
            List<Path> content = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path path : content) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // A temporary file is not worth a failure.
        }
    }

    @Override
    public void close() {
        delete();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The JVM is going down: the hook finds nothing left.
        }
    }
}
