package org.kprobe4j;

import java.io.Serializable;

/**
 * A kretprobe's entry handler: called at the function's entry, if an instance is free.
 *
 * <p>It is compiled to eBPF and runs in the kernel. It is serializable so that its class and method can be found at run time.
 * Source: Documentation/trace/kprobes.rst.
 *
 * @param <D> class of the private data
 */
@FunctionalInterface
public interface EntryHandler<D> extends Serializable {
    /**
     * Handles one hit.
     *
     * @param ri the instance with its private data
     * @param regs the registers at the entry
     * @return 0 for the return handler to run for this call, anything else to ignore the call
     */
    int handle(KretprobeInstance<D> ri, PtRegs regs);
}
