package org.kprobe4j;

/** The kernel's call stack at a probe, to be printed; see {@link Kernel#stack()}. */
public final class KernelStack {
    private final long[] addresses;

    KernelStack(long... addresses) {
        this.addresses = addresses.clone();
    }

    /** Return addresses, innermost first. */
    long[] addresses() {
        return addresses.clone();
    }
}
