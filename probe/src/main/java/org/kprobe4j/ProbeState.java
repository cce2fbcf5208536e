package org.kprobe4j;

/** What a registered probe does at the moment. Source: the flags of {@code struct kprobe} in include/linux/kprobes.h. */
public enum ProbeState {
    /** It hits. */
    ENABLED,
    /**
     * It is planted and does not hit: by {@link Kprobe#disable()}, or because kprobes are switched off in the whole kernel
     * ({@link KernelProbes#enabled()}).
     */
    DISABLED,
    /**
     * The module that it lies in was unloaded: it does not hit. It hits again when the module is loaded again if the probe follows its
     * module, otherwise never.
     */
    GONE,
    /** It was removed. */
    CLOSED
}
