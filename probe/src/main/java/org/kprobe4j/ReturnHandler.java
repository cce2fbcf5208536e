package org.kprobe4j;

import java.io.Serializable;

/**
 * A kretprobe's return handler: called when the function returns.
 *
 * <p>It is compiled to eBPF and runs in the kernel. It is serializable so that its class and method can be found at run time.
 * Source: Documentation/trace/kprobes.rst.
 *
 * @param <D> class of the private data
 */
@FunctionalInterface
public interface ReturnHandler<D> extends Serializable {
    /**
     * Handles one hit.
     *
     * @param ri the instance with its private data
     * @param regs the registers at the return
     * @return 0
     */
    int handle(KretprobeInstance<D> ri, PtRegs regs);
}
