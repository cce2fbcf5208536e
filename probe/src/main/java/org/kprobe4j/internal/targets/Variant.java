package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;

/**
 * What a compiler adds to a function's name when it makes another function of it. Source: gcc/cgraphclones.cc; LLVM's
 * UniqueInternalLinkageNames and ThinLTO.
 */
enum Variant {
    /** The function as it is written. */
    NONE(""),
    /** A copy of the function with fewer or other parameters, or for constant ones: {@code .isra.0}, {@code .constprop.0}. */
    COPY("a copy of %s that the compiler made for some of its calls"),
    /** A piece of the function: {@code .part.0}. */
    PART("a part of %s that the compiler made a function of; where the rest was inlined it alone is called"),
    /** The unlikely code of a function, which is jumped to: {@code .cold}. */
    COLD("the unlikely code of %s, which is jumped to, not called");

    private final String description;

    Variant(String description) {
        this.description = description;
    }

    private String describeOf(String stem) {
        return description.formatted(stem);
    }

    /** Says what the function of a name is that the compiler made of another. */
    static String describe(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int stemEnd = stemEnd(bytes, 0, bytes.length);
        return of(bytes, stemEnd, bytes.length).describeOf(new String(bytes, 0, stemEnd, StandardCharsets.UTF_8));
    }

    /** Whether it is entered when the function is called: so a plain name means it, too. */
    boolean isWhole() {
        return this == NONE || this == COPY;
    }

    /** Where the function's own name ends, before the first dot that is not at its beginning. */
    static int stemEnd(byte[] bytes, int from, int to) {
        int at = from + 1;
        while (at < to && bytes[at] != '.') {
            at++;
        }
        return Math.min(at, to);
    }

    /** What stands behind the stem; both {@code .part.0.cold} and {@code .cold} are cold. */
    static Variant of(byte[] bytes, int stemEnd, int to) {
        Variant found = stemEnd == to ? NONE : COPY;
        for (int at = stemEnd; at < to; at++) {
            if (bytes[at] == '.' && startsWith(bytes, at, to, ".cold")) {
                return COLD;
            }
            if (bytes[at] == '.' && startsWith(bytes, at, to, ".part")) {
                found = PART;
            }
        }
        return found;
    }

    private static boolean startsWith(byte[] bytes, int at, int to, String word) {
        if (to - at < word.length() || (to - at > word.length() && bytes[at + word.length()] != '.')) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if (bytes[at + i] != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
