package org.kprobe4j;

import org.jspecify.annotations.Nullable;

/** The command to be watched could not be started; the exit status is a shell's: 127 not found, 126 not executable. */
public final class CommandException extends ProbeException {
    /** A shell's status for a command that is there and cannot be run. */
    static final int NOT_EXECUTABLE = 126;

    private static final long serialVersionUID = 1L;

    /** What a shell would end with. */
    private final int exitStatus;

    CommandException(String message, int exitStatus, @Nullable Throwable cause) {
        super(message, cause);
        this.exitStatus = exitStatus;
    }

    @Override
    public int exitStatus() {
        return exitStatus;
    }
}
