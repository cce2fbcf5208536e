package org.kprobe4j.lab;

import java.util.Collection;
import java.util.stream.Collectors;

/** Writes words so that a POSIX shell reads back exactly the same words, whatever bytes they hold. */
final class ShellWords {
    private ShellWords() {}

    /** One word in single quotes; a quote inside closes, escapes itself and reopens. */
    static String quote(String word) {
        if (word.indexOf('\0') >= 0) {
            throw new LabException("lab: a command's words cannot hold a NUL character: " + word.replace("\0", "\\0"));
        }
        return "'" + word.replace("'", "'\\''") + "'";
    }

    static String quoteAll(Collection<String> words) {
        return words.stream().map(ShellWords::quote).collect(Collectors.joining(" "));
    }
}
