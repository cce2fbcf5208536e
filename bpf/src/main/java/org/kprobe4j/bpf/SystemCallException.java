package org.kprobe4j.bpf;

/** Another system call failed: on a map, a file, a mapping, a socket. */
public final class SystemCallException extends BpfException {
    private static final long serialVersionUID = 1L;

    /**
     * With what it says.
     *
     * @param failure operation, object, cause and remedy
     */
    public SystemCallException(Failure failure) {
        super(failure);
    }
}
