package org.kprobe4j.cli.expression;

import org.kprobe4j.cli.KprobeException;

/** An expression that is written wrongly or asks for what is not there; the message ends with the place, marked in the text. */
public final class ExpressionException extends KprobeException {
    private static final long serialVersionUID = 1;

    /**
     * What is wrong where.
     *
     * @param message without the text
     * @param text the whole expression
     * @param at the place in it
     */
    public ExpressionException(String message, String text, int at) {
        super("%s%n  %s%n  %s^".formatted(message, printable(text), " ".repeat(Math.min(at, text.length()))));
    }

    /** One column for each character, so that the mark stands where it should. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }
}
