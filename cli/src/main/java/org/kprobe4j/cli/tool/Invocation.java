package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;

/**
 * A tool's command line.
 *
 * @param words as they were typed, the tool's name first, up to {@code --}
 * @param tail from {@code --} on, or nothing
 */
public record Invocation(List<String> words, List<String> tail) {
    /** Copies the lists. */
    public Invocation {
        words = List.copyOf(words);
        tail = List.copyOf(tail);
    }

    /** The command to be run; empty for none. */
    List<String> command() {
        return tail.isEmpty() ? List.of() : tail.subList(1, tail.size());
    }

    /** The same words for a machine on which the tool runs itself. */
    List<String> forGuest() {
        List<String> all = new ArrayList<>(words.stream()
                .filter(word -> !word.equals("--vm") && !word.startsWith("--vm="))
                .toList());
        all.addAll(tail);
        return all;
    }
}
