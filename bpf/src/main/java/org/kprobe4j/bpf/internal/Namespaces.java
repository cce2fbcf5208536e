package org.kprobe4j.bpf.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Namespaces of this process. Source: namespaces(7). */
public final class Namespaces {
    private Namespaces() {}

    /**
     * The PID namespace.
     *
     * @return its inode number; 0 if it cannot be read
     */
    public static long pid() {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString(); // pid:[4026531836]
            return Long.parseLong(link.substring(link.indexOf('[') + 1, link.indexOf(']')));
        } catch (IOException | RuntimeException _) {
            return 0;
        }
    }
}
