package org.kprobe4j;

/** A parameter, an option or a call of the API that makes no sense; the message says which and what would. */
public final class UsageException extends ProbeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message, null);
    }
}
