package org.kprobe4j;

import org.jspecify.annotations.Nullable;

/** The kernel did not plant a probe: {@code register_kprobe failed, returned -2 (ENOENT): …}. */
public final class RegistrationException extends ProbeException {
    private static final long serialVersionUID = 1L;

    /** Positive, 0 if the kernel was not asked. */
    private final int errno;

    RegistrationException(String message, int errno, @Nullable Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    /**
     * What the kernel answered.
     *
     * @return the positive errno, 0 if the kernel was not asked
     */
    public int errno() {
        return errno;
    }
}
