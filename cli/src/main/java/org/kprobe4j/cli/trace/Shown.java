package org.kprobe4j.cli.trace;

import org.kprobe4j.cli.expression.Type;

/**
 * A value of a call, and where it is found in the call's record.
 *
 * @param name an argument's, or an expression as it was written
 * @param type what it is
 * @param style how people want its number
 * @param number the slot of its number, {@link #NONE} if it has none
 * @param text the slot of its text, {@link #NONE} if it has none
 */
record Shown(String name, Type type, Style style, int number, int text) {
    /** No slot. */
    static final int NONE = -1;

    /** How people want a number. */
    enum Style {
        DECIMAL,
        /** Flags and masks. */
        HEX,
        /** Permissions. */
        OCTAL,
        /** A text that is the name of a file: without quotes. */
        PATH
    }
}
