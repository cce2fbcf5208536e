package org.kprobe4j;

import org.jspecify.annotations.Nullable;

/**
 * What can go wrong with a probe. Each message says the operation, the object, the cause and the remedy, in one line if there
 * is one cause.
 */
public abstract sealed class ProbeException extends RuntimeException
        permits RegistrationException, HandlerException, UsageException, CommandException {
    /** Exit status of a program whose probe failed, as distinct from its command's own. */
    public static final int EXIT_STATUS = 125;

    private static final long serialVersionUID = 1L;

    ProbeException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * With what status a program ends that does not handle this.
     *
     * @return {@value #EXIT_STATUS}, except for a command that could not be started
     */
    public int exitStatus() {
        return EXIT_STATUS;
    }
}
