package org.kprobe4j;

import java.io.Serializable;

/**
 * A kprobe's pre handler: called just before the probed instruction is executed.
 *
 * <p>It is compiled to eBPF and runs in the kernel. It is serializable so that its class and method can be found at run time.
 * Source: Documentation/trace/kprobes.rst.
 */
@FunctionalInterface
public interface PreHandler extends Serializable {
    /**
     * Handles one hit.
     *
     * @param p the probe: its name and address
     * @param regs the registers
     * @return 0; other values are reserved: a handler cannot move the instruction pointer
     */
    int handle(Kprobe p, PtRegs regs);
}
