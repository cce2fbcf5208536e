package org.kprobe4j.internal.targets;

/** A target that is written wrongly; the message shows the place. */
public final class TargetSyntaxException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;
    /** How much of a long text is shown before and behind the place. */
    private static final int SHOWN_CHARS = 60;

    private final int position;
    private final String reason;

    /**
     * With the place.
     *
     * @param where what is read, such as {@code target} or {@code names.txt:3}
     * @param text all of it
     * @param position index of the character that is wrong, the text's length at its end
     * @param reason the cause and what to write instead
     */
    public TargetSyntaxException(String where, String text, int position, String reason) {
        super("%s: %s%n%s".formatted(where, reason, picture(text, position)));
        this.position = position;
        this.reason = reason;
    }

    /** Index of the character that is wrong. */
    public int position() {
        return position;
    }

    /** The cause without the picture. */
    public String reason() {
        return reason;
    }

    private static String picture(String text, int position) {
        int from = Math.max(0, position - SHOWN_CHARS);
        int to = Math.min(text.length(), position + SHOWN_CHARS);
        String before = from > 0 ? "…" : "";
        String line = before + text.substring(from, to) + (to < text.length() ? "…" : "");
        String plain = line.codePoints()
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        int column = before.length() + text.codePointCount(from, position);
        return "  %s%n  %s^".formatted(plain, " ".repeat(column));
    }
}
