package org.kprobe4j.bpf;

import java.util.List;

/** The process lacks a right, or the system's policy forbids it. Its message names what is missing. */
public final class PermissionException extends BpfException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> obstacles;

    /**
     * With what it says and what is in the way.
     *
     * @param failure operation, object, cause and remedy
     * @param obstacles missing capabilities and policies, see {@link Privileges#obstacles()}
     */
    public PermissionException(Failure failure, List<String> obstacles) {
        super(failure);
        this.obstacles = List.copyOf(obstacles);
    }

    /**
     * What is in the way.
     *
     * @return such as {@code CAP_BPF is missing} or {@code kernel lockdown is integrity}; empty if nothing was recognised
     */
    public List<String> obstacles() {
        return obstacles;
    }
}
