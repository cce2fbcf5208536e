package org.kprobe4j.internal;

/**
 * A place in the kernel's code.
 *
 * @param symbol function
 * @param offset bytes from its start
 */
public record Target(String symbol, long offset) {
    /** The longest name that any kernel takes. Source: KSYM_NAME_LEN in include/linux/kallsyms.h, with its closing NUL. */
    public static final int MAX_SYMBOL_LENGTH = 511;

    /**
     * Reads {@code SYMBOL} or {@code SYMBOL+OFFSET}, the offset decimal or with 0x.
     *
     * @throws IllegalArgumentException if it is neither
     */
    public static Target parse(String text) {
        int plus = text.indexOf('+');
        String symbol = plus < 0 ? text : text.substring(0, plus);
        if (symbol.isBlank()) {
            throw new IllegalArgumentException("the symbol is empty");
        }
        if (symbol.length() > MAX_SYMBOL_LENGTH) {
            throw new IllegalArgumentException(
                    "the symbol has %d characters; the kernel takes at most %d (KSYM_NAME_LEN)"
                            .formatted(symbol.length(), MAX_SYMBOL_LENGTH));
        }
        if (!symbol.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ':' && c != '/')) {
            throw new IllegalArgumentException("\"%s\" is not the name of a function".formatted(symbol));
        }
        try {
            return new Target(symbol, plus < 0 ? 0 : Long.decode(text.substring(plus + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"%s\" is not an offset; write a number, for example %s+0x4"
                    .formatted(text.substring(plus + 1), symbol));
        }
    }

    /** A place so many bytes further on. */
    public Target plus(long bytes) {
        return new Target(symbol, offset + bytes);
    }

    @Override
    public String toString() {
        return offset == 0 ? symbol : "%s+0x%x".formatted(symbol, offset);
    }
}
