package org.kprobe4j.bpf;

import org.jspecify.annotations.Nullable;

/**
 * What the kernel refused, and why. Its message says operation, object, cause with the error number's name, and remedy.
 *
 * <p>The constructors of the family are open so that a layer above can say it again with more knowledge, such as the nearest
 * symbol names.
 */
public abstract sealed class BpfException extends RuntimeException
        permits AttachException, LoadException, PermissionException, SystemCallException, UnsupportedException {
    private static final long serialVersionUID = 1L;

    private final transient Failure failure;
    /** Positive; 0 if no system call was involved. */
    private final int errno;

    /**
     * With what it says.
     *
     * @param failure operation, object, cause and remedy
     */
    BpfException(Failure failure) {
        super(failure.message());
        this.failure = failure;
        this.errno = failure.errno();
    }

    /**
     * The kernel's error number.
     *
     * @return positive, see {@link Errno}; 0 if no system call was involved
     */
    public int errno() {
        return errno;
    }

    /**
     * The error number's name.
     *
     * @return such as {@code EILSEQ}; empty if no system call was involved
     */
    public String errnoName() {
        return errno == 0 ? "" : Errno.name(errno);
    }

    /**
     * The parts of the message.
     *
     * @return operation, object, cause and remedy
     */
    public Failure failure() {
        return failure;
    }

    /**
     * What to do about it.
     *
     * @return the remedy, or null if none is known
     */
    public @Nullable String remedy() {
        return failure.remedy();
    }
}
