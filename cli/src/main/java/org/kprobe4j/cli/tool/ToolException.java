package org.kprobe4j.cli.tool;

import org.kprobe4j.cli.KprobeException;

/** A failure with an exit status of its own. */
final class ToolException extends KprobeException {
    private static final long serialVersionUID = 1L;

    private final int exitStatus;

    ToolException(String message, int exitStatus) {
        super(message);
        this.exitStatus = exitStatus;
    }

    int exitStatus() {
        return exitStatus;
    }
}
