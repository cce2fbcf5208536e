package org.kprobe4j.internal;

import java.util.List;

/** Adds up what each CPU has. */
public final class Sums {
    private Sums() {}

    /**
     * The sum, which wraps around as Java's does.
     *
     * @param type of the values, for the message
     * @throws IllegalArgumentException if they are no numbers
     */
    public static long of(List<?> values, Class<?> type) {
        if (!Number.class.isAssignableFrom(type)) {
            throw new IllegalArgumentException("a sum needs numbers, and these are %s; add up what values(…) gives"
                    .formatted(type.getSimpleName()));
        }
        return values.stream().mapToLong(value -> ((Number) value).longValue()).sum();
    }
}
