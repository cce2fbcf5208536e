package org.kprobe4j.cli.expression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A word of an expression. */
record Token(Kind kind, String text, long number, int at) {
    enum Kind {
        NUMBER,
        TEXT,
        NAME,
        SIGN,
        END
    }

    private static final List<String> SIGNS = List.of(
            "&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "->", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~",
            "!", "?", ":", "(", ")", "[", "]", ".", ",");

    /** What may stand behind a number: nanoseconds and bytes in each. */
    private static final Map<String, Long> UNITS = Map.ofEntries(
            Map.entry("ns", 1L),
            Map.entry("us", 1_000L),
            Map.entry("ms", 1_000_000L),
            Map.entry("s", 1_000_000_000L),
            Map.entry("K", 1L << 10),
            Map.entry("M", 1L << 20),
            Map.entry("G", 1L << 30));

    private static final String C_SUFFIXES = "(?i)(u|l|ul|lu|ll|ull|llu)";

    /** The words of a text, with an end behind them. */
    static List<Token> read(String text) {
        var tokens = new ArrayList<Token>();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (Character.isWhitespace(c)) {
                at++;
                continue;
            }
            Token token = Character.isDigit(c)
                    ? number(text, at)
                    : c == '"' || c == '\'' ? quoted(text, at) : isNamePart(c) ? name(text, at) : sign(text, at);
            tokens.add(token);
            at = switch (token.kind()) {
                case TEXT -> endOfQuoted(text, at);
                case NUMBER -> wordEnd(text, at);
                default -> at + token.text().length();
            };
        }
        tokens.add(new Token(Kind.END, "", 0, text.length()));
        return tokens;
    }

    private static boolean isNamePart(char c) {
        return c < 128 && (Character.isLetterOrDigit(c) || c == '_');
    }

    private static int wordEnd(String text, int from) {
        int end = from;
        while (end < text.length() && isNamePart(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static Token name(String text, int at) {
        return new Token(Kind.NAME, text.substring(at, wordEnd(text, at)), 0, at);
    }

    private static Token sign(String text, int at) {
        for (String sign : SIGNS) {
            if (text.startsWith(sign, at)) {
                return new Token(Kind.SIGN, sign, 0, at);
            }
        }
        throw new ExpressionException(
                text.charAt(at) == '='
                        ? "a probe changes nothing: write == to compare"
                        : "'" + text.charAt(at) + "' has no meaning here",
                text,
                at);
    }

    private static Token number(String text, int at) {
        String word = text.substring(at, wordEnd(text, at));
        int radix = 10;
        int from = 0;
        if (word.startsWith("0x") || word.startsWith("0X")) {
            radix = 16;
            from = 2;
        } else if (word.length() > 1 && word.startsWith("0") && Character.isDigit(word.charAt(1))) {
            radix = 8;
            from = 1;
        }
        int digits = from;
        while (digits < word.length() && Character.digit(word.charAt(digits), radix) >= 0) {
            digits++;
        }
        String suffix = word.substring(digits);
        Long unit = suffix.isEmpty() || suffix.matches(C_SUFFIXES) ? Long.valueOf(1) : UNITS.get(suffix);
        if (digits == from || unit == null) {
            throw new ExpressionException(
                    "'%s' is no number; units are ns, us, ms, s, K, M, G".formatted(word), text, at);
        }
        try {
            long value = Long.parseUnsignedLong(word.substring(from, digits), radix);
            return new Token(Kind.NUMBER, word, unit == 1 ? value : Math.multiplyExact(value, unit), at);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new ExpressionException("'%s' does not fit into 64 bits".formatted(word), text, at);
        }
    }

    /** A text in double or single quotes. */
    private static Token quoted(String text, int at) {
        var content = new StringBuilder();
        int end = endOfQuoted(text, at);
        for (int i = at + 1; i < end - 1; i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
                c = switch (text.charAt(i)) {
                    case 'n' -> '\n';
                    case 't' -> '\t';
                    default -> text.charAt(i);
                };
            }
            content.append(c);
        }
        return new Token(Kind.TEXT, content.toString(), 0, at);
    }

    private static int endOfQuoted(String text, int at) {
        char quote = text.charAt(at);
        for (int i = at + 1; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == quote) {
                return i + 1;
            }
        }
        throw new ExpressionException("this quote is not closed", text, at);
    }
}
