package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The telling lines of what a guest's kernel and its emulator wrote: why it died, and the last words. */
final class ConsoleTail {
    private static final int LINES = 10;
    private static final Pattern TELLING = Pattern.compile("Kernel panic|BUG:|Oops:|general protection|lab: ");

    private ConsoleTail() {}

    static String of(Path folder) {
        List<String> emulator = lines(folder.resolve("emulator.log"));
        List<String> text = new ArrayList<>(emulator.subList(0, Math.min(LINES, emulator.size())));
        text.addAll(select(lines(folder.resolve("console.log"))));
        StringBuilder indented = new StringBuilder();
        text.forEach(line -> indented.append("\n  | ").append(line));
        return indented.isEmpty() ? " (empty)" : indented.toString();
    }

    static List<String> select(List<String> console) {
        int tail = Math.max(0, console.size() - LINES);
        List<String> selected = new ArrayList<>(console.subList(0, tail).stream()
                .filter(line -> TELLING.matcher(line).find())
                .limit(LINES)
                .toList());
        if (!selected.isEmpty()) {
            selected.add("...");
        }
        selected.addAll(console.subList(tail, console.size()));
        return selected;
    }

    private static List<String> lines(Path file) {
        try {
            // The kernel's log may hold any byte.
            return Files.readString(file, StandardCharsets.ISO_8859_1)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
