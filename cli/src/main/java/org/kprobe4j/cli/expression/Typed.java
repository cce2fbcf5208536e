package org.kprobe4j.cli.expression;

import org.jspecify.annotations.Nullable;

/**
 * An expression whose names were found.
 *
 * @param type what it is
 * @param value its number, or the address of what is no number; null if it is a text alone
 * @param text its text; null if it has none
 * @param atReturn whether it can be known at a function's return only
 */
public record Typed(
        Type type, @Nullable Value value, @Nullable Text text, boolean atReturn) {
    /** A number. */
    static Typed number(Type type, Value value, boolean atReturn) {
        return new Typed(type, value, null, atReturn);
    }

    /** A text. */
    static Typed text(Text text, boolean atReturn) {
        return new Typed(new Type.Characters(), null, text, atReturn);
    }
}
