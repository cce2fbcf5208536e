package org.kprobe4j;

import java.io.Serializable;

/**
 * A kprobe's post handler: called just after the probed instruction was executed.
 *
 * <p>It is compiled to eBPF and runs in the kernel. It is serializable so that its class and method can be found at run time.
 * Source: Documentation/trace/kprobes.rst.
 */
@FunctionalInterface
public interface PostHandler extends Serializable {
    /**
     * Handles one hit.
     *
     * @param p the probe: its name and address
     * @param regs the registers after the instruction
     * @param flags always 0, as in the kernel
     */
    void handle(Kprobe p, PtRegs regs, long flags);
}
