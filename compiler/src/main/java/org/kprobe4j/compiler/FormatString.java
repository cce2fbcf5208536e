package org.kprobe4j.compiler;

import java.util.ArrayList;
import java.util.List;

/**
 * A printk-like format: {@code %d %i %u %x %X %o %c %b %s %p %pS %n %%}, with the flags {@code - + 0 # ,} and space, a width and
 * a precision. Length modifiers ({@code h l ll z t j}) are read and not needed: a value's width is that of its Java type.
 *
 * <p>Source: Documentation/core-api/printk-formats.rst.
 *
 * @param pieces in order
 */
public record FormatString(List<Piece> pieces) {
    private static final String FLAGS = "-+ 0#,";
    private static final String LENGTHS = "hlzjt";
    private static final String CONVERSIONS = "diuxXocbs";

    /** Copies the list. */
    public FormatString {
        pieces = List.copyOf(pieces);
    }

    /** A part of a format. */
    public sealed interface Piece {
        /**
         * Text as it stands.
         *
         * @param text the text
         */
        record Text(String text) implements Piece {}

        /**
         * A conversion that takes an argument.
         *
         * @param type one of {@code d u x X o c b s p S}; {@code S} stands for {@code %pS}
         * @param flags the flags
         * @param width at least as many characters, 0 for any
         * @param precision at most as many characters of a string, or at least as many digits; -1 if none is given
         */
        record Conversion(char type, String flags, int width, int precision) implements Piece {
            private static final String NUMBERS = "duxXocpS";

            /**
             * A number needs a number's conversion, and text {@code %s}.
             *
             * @param format the whole format, for the message
             * @param text whether the argument is no number
             * @throws IllegalArgumentException if it is a text for a number's conversion
             */
            public void check(String format, boolean text) {
                if (text && NUMBERS.indexOf(type) >= 0) {
                    throw new IllegalArgumentException(
                            "the format \"%s\" has %%%c for a text; use %%s".formatted(format, type));
                }
            }
        }
    }

    /**
     * Reads a format.
     *
     * @param format the text
     * @return its pieces
     * @throws IllegalArgumentException if a conversion is not one of those above, quoting it
     */
    public static FormatString parse(String format) {
        var pieces = new ArrayList<Piece>();
        var text = new StringBuilder();
        var reader = new Reader(format);
        while (!reader.atEnd()) {
            char c = reader.next();
            if (c != '%') {
                text.append(c);
            } else if (reader.accept('%')) {
                text.append('%');
            } else if (reader.accept('n')) {
                text.append('\n');
            } else {
                if (!text.isEmpty()) {
                    pieces.add(new Piece.Text(text.toString()));
                    text.setLength(0);
                }
                pieces.add(reader.conversion());
            }
        }
        if (!text.isEmpty()) {
            pieces.add(new Piece.Text(text.toString()));
        }
        return new FormatString(pieces);
    }

    /**
     * Reads a format for a number of arguments.
     *
     * @param format the text
     * @param arguments how many there are
     * @return its pieces
     * @throws IllegalArgumentException if it is not well formed, or takes another number of arguments
     */
    public static FormatString parse(String format, int arguments) {
        FormatString parsed = parse(format);
        int conversions = parsed.conversions().size();
        if (conversions != arguments) {
            throw new IllegalArgumentException(
                    "the format \"%s\" has %d conversions for %d arguments".formatted(format, conversions, arguments));
        }
        return parsed;
    }

    /**
     * The conversions alone.
     *
     * @return one for each argument
     */
    public List<Piece.Conversion> conversions() {
        return pieces.stream()
                .filter(Piece.Conversion.class::isInstance)
                .map(Piece.Conversion.class::cast)
                .toList();
    }

    private static final class Reader {
        private final String format;
        private int position;

        Reader(String format) {
            this.format = format;
        }

        boolean atEnd() {
            return position == format.length();
        }

        char next() {
            return format.charAt(position++);
        }

        boolean accept(char wanted) {
            if (!atEnd() && format.charAt(position) == wanted) {
                position++;
                return true;
            }
            return false;
        }

        private String run(String allowed) {
            int from = position;
            while (!atEnd() && allowed.indexOf(format.charAt(position)) >= 0) {
                position++;
            }
            return format.substring(from, position);
        }

        private int number(int otherwise) {
            String digits = run("0123456789");
            if (digits.length() > 4) {
                throw new IllegalArgumentException(
                        "the width or precision %s in \"%s\" is too large".formatted(digits, format));
            }
            return digits.isEmpty() ? otherwise : Integer.parseInt(digits);
        }

        Piece.Conversion conversion() {
            int start = position - 1;
            String flags = run(FLAGS);
            int width = number(0);
            int precision = accept('.') ? number(0) : -1;
            run(LENGTHS);
            char type = atEnd() ? '\0' : next();
            if (type == 'p') {
                char pointer = accept('S') || accept('s') || accept('B') ? 'S' : 'p';
                accept('x');
                return new Piece.Conversion(pointer, flags, width, precision);
            }
            if (type == '\0' || CONVERSIONS.indexOf(type) < 0) {
                throw new IllegalArgumentException(
                        "unknown conversion \"%s\" in the format \"%s\"; there are %%d %%u %%x %%X %%o %%c %%b %%s %%p %%pS"
                                .formatted(format.substring(start, position), format));
            }
            return new Piece.Conversion(type == 'i' ? 'd' : type, flags, width, precision);
        }
    }
}
