package org.kprobe4j.lab;

/** Something the lab could not do. The message says what, why, and what to do about it; it is fit to be shown as is. */
public final class LabException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * A failure without a cause worth a stack trace.
     *
     * @param message what failed, why, and the remedy
     */
    public LabException(String message) {
        super(message);
    }

    /**
     * A failure caused by another.
     *
     * @param message what failed, why, and the remedy
     * @param cause what was caught
     */
    public LabException(String message, Throwable cause) {
        super(message, cause);
    }
}
