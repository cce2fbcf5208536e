package org.kprobe4j.bpf;

/** A program or a probe could not be attached: unknown symbol, not an instruction boundary, blacklisted, in use. */
public final class AttachException extends BpfException {
    private static final long serialVersionUID = 1L;

    /**
     * With what it says.
     *
     * @param failure operation, object, cause and remedy
     */
    public AttachException(Failure failure) {
        super(failure);
    }
}
