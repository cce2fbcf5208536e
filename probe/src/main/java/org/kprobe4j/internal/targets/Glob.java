package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;

/** A pattern of names: {@code *} stands for any characters, {@code ?} for one. Matches bytes, so that no string is made for a name. */
public final class Glob {
    private final String text;
    private final byte[] pattern;
    /** What stands before the first wildcard, where most names fail. */
    private final int literal;

    /**
     * Of a pattern.
     *
     * @param text with or without wildcards
     */
    public Glob(String text) {
        this.text = text;
        this.pattern = text.getBytes(StandardCharsets.UTF_8);
        int at = 0;
        while (at < pattern.length && pattern[at] != '*' && pattern[at] != '?') {
            at++;
        }
        this.literal = at;
    }

    /** Whether a text has wildcards. */
    public static boolean hasWildcard(String text) {
        return text.indexOf('*') >= 0 || text.indexOf('?') >= 0;
    }

    /** What stands before the first wildcard. */
    String prefix() {
        return new String(pattern, 0, literal, StandardCharsets.UTF_8);
    }

    /** Whether it matches the whole of a name. */
    public boolean matches(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return matches(bytes, 0, bytes.length);
    }

    /** Whether it matches the whole of a name. */
    boolean matches(byte[] bytes, int from, int to) {
        return mayMatch(bytes, from, to) && matchesRest(bytes, from + literal, to);
    }

    /** Whether a name begins with what stands before the first wildcard. */
    boolean mayMatch(byte[] bytes, int from, int to) {
        if (to - from < literal) {
            return false;
        }
        for (int i = 0; i < literal; i++) {
            if (bytes[from + i] != pattern[i]) {
                return false;
            }
        }
        return true;
    }

    /** Goes back to the last star only: what an earlier star could take, the last one can take as well. */
    private boolean matchesRest(byte[] bytes, int from, int to) {
        int at = from;
        int p = literal;
        int star = -1;
        int resume = 0;
        while (at < to) {
            if (p < pattern.length && pattern[p] == '*') {
                star = p++;
                resume = at;
            } else if (p < pattern.length && (pattern[p] == '?' || pattern[p] == bytes[at])) {
                p++;
                at++;
            } else if (star >= 0) {
                p = star + 1;
                at = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length && pattern[p] == '*') {
            p++;
        }
        return p == pattern.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Glob glob && glob.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
