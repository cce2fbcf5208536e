package org.kprobe4j.cli;

/** A file that does not compile. The message has a line per error, each with its own file and line number. */
final class CompilationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CompilationException(String message) {
        super(message);
    }
}
