package org.kprobe4j;

import org.jspecify.annotations.Nullable;

/** A handler that cannot be compiled, or that the kernel's verifier refuses; the message begins with file and line. */
public final class HandlerException extends ProbeException {
    private static final long serialVersionUID = 1L;

    /** The verifier's log. */
    private final String fullLog;

    HandlerException(String message, String fullLog, @Nullable Throwable cause) {
        super(message, cause);
        this.fullLog = fullLog;
    }

    /**
     * All that the verifier said.
     *
     * @return its log, empty if the handler did not get so far
     */
    public String fullLog() {
        return fullLog;
    }
}
