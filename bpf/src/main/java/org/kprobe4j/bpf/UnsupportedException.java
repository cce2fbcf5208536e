package org.kprobe4j.bpf;

/** The running kernel, or the way it is set up, has not got what was asked for. */
public final class UnsupportedException extends BpfException {
    private static final long serialVersionUID = 1L;

    /**
     * With what it says.
     *
     * @param failure operation, object, cause and remedy
     */
    public UnsupportedException(Failure failure) {
        super(failure);
    }
}
