package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder of everything the lab downloads: {@code $KPROBE4J_CACHE}, else {@code $XDG_CACHE_HOME/kprobe4j}, else
 * {@code ~/.cache/kprobe4j}, and in it {@code lab}. Each entry is made in a temporary folder and renamed when complete,
 * so an interrupted try leaves nothing that looks finished; one lock keeps two runs from making the same entry.
 */
public final class LabCache {
    private static final String COMPLETE = ".complete";

    private final Path root;
    private final Progress progress;

    private LabCache(Path root, Progress progress) {
        this.root = root;
        this.progress = progress;
    }

    /** Makes the content of an entry in a fresh folder. */
    @FunctionalInterface
    interface Maker {
        void make(Path folder) throws IOException;
    }

    static LabCache open(Progress progress) {
        return at(location(System.getenv()), progress);
    }

    static LabCache at(Path root, Progress progress) {
        return new LabCache(root, progress);
    }

    /**
     * Where the cache is.
     *
     * @param environment the environment variables to obey
     * @return the lab's folder in the cache, which need not exist yet
     */
    public static Path location(Map<String, String> environment) {
        String own = environment.getOrDefault("KPROBE4J_CACHE", "");
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        if (!own.isEmpty()) {
            return Path.of(own, "lab").toAbsolutePath();
        }
        if (!xdg.isEmpty()) {
            return Path.of(xdg, "kprobe4j", "lab").toAbsolutePath();
        }
        String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
        return Path.of(home, ".cache", "kprobe4j", "lab").toAbsolutePath();
    }

    /** Whether an entry is there already. */
    boolean has(String name) {
        return Files.exists(root.resolve(name).resolve(COMPLETE));
    }

    /** The entry's folder, made first if it is not complete. */
    Path entry(String name, Maker maker) {
        Path entry = root.resolve(name);
        if (Files.exists(entry.resolve(COMPLETE))) {
            return entry;
        }
        try {
            Files.createDirectories(root);
            try (FileChannel channel = FileChannel.open(
                            root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock _ = lock(channel)) {
                if (!Files.exists(entry.resolve(COMPLETE))) {
                    make(entry, maker);
                }
            }
        } catch (IOException e) {
            throw new LabException(
                    "lab: cannot write to the cache " + root + ": " + e
                            + "; make it writable or set KPROBE4J_CACHE to another folder",
                    e);
        }
        return entry;
    }

    private FileLock lock(FileChannel channel) throws IOException {
        FileLock lock = channel.tryLock();
        if (lock == null) {
            progress.say("lab: waiting for another run that is setting up " + root);
            lock = channel.lock();
        }
        return lock;
    }

    private void make(Path entry, Maker maker) throws IOException {
        String name = entry.getFileName().toString();
        Path fresh = root.resolve(name + ".part");
        deleteTree(fresh); // left by a try that was interrupted
        Files.createDirectory(fresh);
        maker.make(fresh);
        Files.createFile(fresh.resolve(COMPLETE));
        deleteTree(entry);
        Files.move(fresh, entry, StandardCopyOption.ATOMIC_MOVE);
    }

    static void deleteTree(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(tree)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
