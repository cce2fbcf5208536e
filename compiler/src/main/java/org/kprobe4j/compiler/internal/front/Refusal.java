package org.kprobe4j.compiler.internal.front;

/** Thrown inside the front end when an instruction has no place in a handler; becomes a diagnostic at its line. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    Refusal(String reason) {
        super(reason, null, false, false);
        this.reason = reason;
    }

    /** Follows from one that was reported already. */
    static Refusal again() {
        return new Refusal("");
    }

    /** Whether there is something to report. */
    boolean isNew() {
        return !reason.isEmpty();
    }

    /** What is refused and what to write instead. */
    String reason() {
        return reason;
    }
}
