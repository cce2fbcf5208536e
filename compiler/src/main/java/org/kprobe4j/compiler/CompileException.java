package org.kprobe4j.compiler;

import java.util.List;
import java.util.stream.Collectors;

/** A handler that cannot be compiled: every reason that was found. */
public final class CompileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Diagnostic> diagnostics;

    /**
     * Makes the exception.
     *
     * @param diagnostics at least one
     */
    public CompileException(List<Diagnostic> diagnostics) {
        super(diagnostics.stream().map(Diagnostic::toString).collect(Collectors.joining("\n")));
        this.diagnostics = List.copyOf(diagnostics);
    }

    /**
     * What was found.
     *
     * @return in the order of the source
     */
    public List<Diagnostic> diagnostics() {
        return diagnostics;
    }
}
