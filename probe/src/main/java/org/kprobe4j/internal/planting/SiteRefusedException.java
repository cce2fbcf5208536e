package org.kprobe4j.internal.planting;

import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.internal.Target;

/** The kernel refused one of the places that a target names. */
public final class SiteRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Site site;
    private final BpfException refusal;

    /** Of a place. */
    public SiteRefusedException(Site site, BpfException refusal) {
        super("%s: %s".formatted(site, refusal.getMessage()), refusal);
        this.site = site;
        this.refusal = refusal;
    }

    /** What the kernel answered. */
    public BpfException refusal() {
        return refusal;
    }

    /** The place. */
    public Target target() {
        return new Target(site.place().symbolName(), site.place().offset());
    }

    /** Whether the kernel may have refused the name, and the function can be found in its symbols. */
    boolean mayBeTheName() {
        return site.named() != null && refusal instanceof AttachException;
    }
}
