package org.kprobe4j.internal.targets;

/** A text that is read character by character, and what is wrong at a place of it. */
final class TargetText {
    private static final int END = -1;

    private final String where;
    private final String text;
    private int position;

    TargetText(String where, String text) {
        this.where = where;
        this.text = text;
    }

    /** The whole text. */
    String all() {
        return text;
    }

    int position() {
        return position;
    }

    /** The next character, -1 at the end. */
    int peek() {
        return position < text.length() ? text.charAt(position) : END;
    }

    /** The character before the next one. */
    int before() {
        return text.charAt(position - 1);
    }

    int take() {
        return text.charAt(position++);
    }

    boolean skip(String wanted) {
        boolean there = text.startsWith(wanted, position);
        position += there ? wanted.length() : 0;
        return there;
    }

    void skipSpaces() {
        while (peek() == ' ' || peek() == '\t') {
            position++;
        }
    }

    /** What was read since. */
    String from(int start) {
        return text.substring(start, position);
    }

    TargetSyntaxException wrong(String reason) {
        return wrong(position, reason);
    }

    TargetSyntaxException wrong(int at, String reason) {
        return new TargetSyntaxException(where, text, at, reason);
    }
}
