package org.kprobe4j.bpf;

import org.jspecify.annotations.Nullable;

/**
 * What went wrong, in the order in which a message says it.
 *
 * @param operation what was tried, such as {@code attach kprobe}
 * @param object on what, such as {@code vfs_read+0x3}
 * @param errno the kernel's error number, 0 if no system call was involved
 * @param reason the cause, in words
 * @param remedy what to do about it, or null if nothing better than the reason is known
 */
public record Failure(
        String operation,
        String object,
        int errno,
        String reason,
        @Nullable String remedy) {
    /**
     * A failure whose reason is the general meaning of the error number, and its remedy what generally helps, if anything does.
     *
     * @param operation what was tried
     * @param object on what
     * @param errno the kernel's error number, positive
     * @return the failure
     */
    public static Failure of(String operation, String object, int errno) {
        return new Failure(operation, object, errno, Errno.phrase(errno), remedy(errno));
    }

    private static @Nullable String remedy(int errno) {
        return switch (errno) {
            case Errno.EMFILE -> "raise the limit: ulimit -n, or LimitNOFILE= of a systemd unit";
            case Errno.ENFILE -> "raise the limit: sysctl fs.file-max";
            default -> null;
        };
    }

    /**
     * The same with another reason.
     *
     * @param newReason the cause, in words
     * @return the failure
     */
    public Failure because(String newReason) {
        return new Failure(operation, object, errno, newReason, remedy);
    }

    /**
     * The same with another remedy.
     *
     * @param newRemedy what to do about it
     * @return the failure
     */
    public Failure remedy(String newRemedy) {
        return new Failure(operation, object, errno, reason, newRemedy);
    }

    /**
     * The message.
     *
     * @return {@code operation object: reason (ERRNO); remedy}
     */
    public String message() {
        String text = operation + " " + object + ": " + reason;
        if (errno != 0) {
            text += " (" + Errno.name(errno) + ")";
        }
        return remedy == null ? text : text + "; " + remedy;
    }
}
