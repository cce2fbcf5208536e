package org.kprobe4j.btf;

/** BTF that is damaged, or a question that its types cannot answer. */
public final class BtfException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BtfException(String message) {
        super(message);
    }
}
