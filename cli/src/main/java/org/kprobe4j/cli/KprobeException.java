package org.kprobe4j.cli;

/** Something that the command line could not do. The message is fit to be shown as it is. */
public class KprobeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * What went wrong.
     *
     * @param message with cause and remedy
     */
    public KprobeException(String message) {
        super(message);
    }
}
