package org.kprobe4j;

import java.util.function.Supplier;

/** A parameter, an option or a call of the API that makes no sense; the message says which and what would. */
public final class UsageException extends ProbeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message, null);
    }

    /** What a user asked for; what makes it says what is wrong with an argument. */
    static <R> R checked(Supplier<R> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /** The same of what gives nothing. */
    static void check(Runnable done) {
        try {
            done.run();
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }
}
