package org.kprobe4j.handlers;

/** The interpreted program did what the kernel's verifier would have refused. */
final class VerifierError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    VerifierError(String message) {
        super(message);
    }
}
