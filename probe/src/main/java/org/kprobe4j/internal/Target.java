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

    /** A place so many bytes further on. */
    public Target plus(long bytes) {
        return new Target(symbol, offset + bytes);
    }

    @Override
    public String toString() {
        return offset == 0 ? symbol : "%s+0x%x".formatted(symbol, offset);
    }
}
