package org.kprobe4j;

/** The kernel's call stack at a probe, to be printed; see {@link Kernel#stack()}. */
public final class KernelStack {
    private KernelStack() {}
}
