package org.kprobe4j.internal;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The text of the Java lines that a program was made from, where the source can be found: beside the class files, as ./kprobe run
 * lays it; in the folders that the property {@code kprobe4j.sources} names; in the file that the JDK's source launcher was started
 * with. A file's name alone does not say its package: where two packages have one, neither is believed.
 */
public final class SourceLines {
    /** Folders that packages begin in, separated as a class path is. */
    static final String FOLDERS = "kprobe4j.sources";

    /** Knows no line. */
    static final SourceLines NONE = new SourceLines(ClassLoader.getPlatformClassLoader(), Set.of(), "", "");

    private static final String LAUNCHER = "jdk.compiler/com.sun.tools.javac.launcher.";

    private final ClassLoader loader;
    private final Set<String> packages;
    private final String folders;
    private final String command;
    private final Map<String, List<String>> files = new HashMap<>();

    private SourceLines(ClassLoader loader, Set<String> packages, String folders, String command) {
        this.loader = loader;
        this.packages = packages;
        this.folders = folders;
        this.command = command;
    }

    /**
     * The sources of some classes.
     *
     * @param loader that gave the class files
     * @param packages of the classes, each empty or with a slash at its end
     */
    static SourceLines of(ClassLoader loader, Set<String> packages) {
        return new SourceLines(
                loader,
                packages,
                System.getProperty(FOLDERS, ""),
                // Source: jdk.internal.misc.VM; "module/class arguments" of the main class.
                System.getProperty("sun.java.command", ""));
    }

    /** These and those of another program, joined to this one. */
    SourceLines and(SourceLines other) {
        if (packages.isEmpty()) {
            return other;
        }
        var both = new HashSet<>(packages);
        both.addAll(other.packages);
        return new SourceLines(loader, Set.copyOf(both), folders, command);
    }

    /** The text without the spaces around it; nothing where the source is not there, or ends before, or the line is blank. */
    Optional<String> text(String file, int line) {
        List<String> lines = files.get(file);
        if (lines == null) {
            lines = read(file);
            files.put(file, lines);
        }
        if (line < 1 || line > lines.size() || lines.get(line - 1).isBlank()) {
            return Optional.empty();
        }
        return Optional.of(lines.get(line - 1).strip());
    }

    private List<String> read(String file) {
        List<String> only = List.of();
        int found = 0;
        for (String place : packages) {
            Optional<String> text = beside(place + file).or(() -> inFolders(place + file));
            if (text.isPresent()) {
                only = text.get().lines().toList();
                found++;
            }
        }
        if (found == 0) {
            return launched(file).map(text -> text.lines().toList()).orElse(List.of());
        }
        return found == 1 ? only : List.of();
    }

    private Optional<String> beside(String path) {
        try (InputStream in = loader.getResourceAsStream(path)) {
            return in == null ? Optional.empty() : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Optional<String> inFolders(String path) {
        for (String folder : folders.split(File.pathSeparator)) {
            Optional<String> text = folder.isEmpty() ? Optional.empty() : content(folder, path);
            if (text.isPresent()) {
                return text;
            }
        }
        return Optional.empty();
    }

    private Optional<String> launched(String file) {
        String[] words = command.split(" ", 3);
        return words.length > 1
                        && words[0].startsWith(LAUNCHER)
                        && (words[1].equals(file) || words[1].endsWith("/" + file))
                ? content(words[1])
                : Optional.empty();
    }

    private static Optional<String> content(String first, String... more) {
        try {
            // Bytes that are no UTF-8 become question marks: no reason to show no line.
            return Optional.of(new String(Files.readAllBytes(Path.of(first, more)), StandardCharsets.UTF_8));
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }
}
