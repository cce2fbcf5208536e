package org.kprobe4j.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What this process was started with, byte for byte: in the C locale the JVM reads its arguments and environment as ASCII
 * and what is not comes out as question marks.
 */
final class HostProcess {
    private static final Path CMDLINE = Path.of("/proc/self/cmdline");
    private static final Path ENVIRON = Path.of("/proc/self/environ");

    private HostProcess() {}

    /** The same words, the last ones of this process's command line, undamaged. */
    static List<String> undamaged(List<String> lastArguments) {
        List<String> all = split(CMDLINE);
        int count = lastArguments.size();
        if (all.size() < count) {
            return lastArguments;
        }
        List<String> tail = all.subList(all.size() - count, all.size());
        for (int i = 0; i < count; i++) {
            boolean ascii = lastArguments.get(i).chars().allMatch(c -> c > 0 && c < 0x80);
            if (ascii && !lastArguments.get(i).equals(tail.get(i))) {
                return lastArguments; // not our command line: called by other code
            }
        }
        return List.copyOf(tail);
    }

    static Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        for (String entry : split(ENVIRON)) {
            int equals = entry.indexOf('=', 1);
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return environment.isEmpty() ? System.getenv() : environment;
    }

    private static List<String> split(Path file) {
        try {
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            String[] parts = text.split("\0", -1);
            return Arrays.asList(parts).subList(0, Math.max(0, parts.length - 1));
        } catch (IOException e) {
            return List.of();
        }
    }
}
