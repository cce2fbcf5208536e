package org.kprobe4j.btf;

/**
 * Who can see a function or variable.
 *
 * <p>Source: include/uapi/linux/btf.h, {@code enum btf_func_linkage}.
 */
public enum Linkage {
    /** This object only. */
    STATIC,
    /** All. */
    GLOBAL,
    /** Defined elsewhere. */
    EXTERN;

    private static final Linkage[] ALL = values();

    static Linkage of(int id, int code) {
        if (code < 0 || code >= ALL.length) {
            throw new BtfException("type " + id + ": linkage " + code + " does not exist");
        }
        return ALL[code];
    }
}
