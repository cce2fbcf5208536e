package org.kprobe4j;

/**
 * A structure of the kernel. Extend it with an interface that names the fields that a handler reads:
 *
 * <pre>{@code
 * interface TaskStruct extends KernelStruct { MmStruct mm(); int pid(); long startTime(); }
 * interface MmStruct extends KernelStruct {}
 * }</pre>
 *
 * <p>The interface {@code TaskStruct} stands for {@code struct task_struct}, the method {@code startTime()} for the field {@code
 * start_time}; {@link Name} gives a name that Java cannot spell. Offsets come from the running kernel's BTF when the handler is
 * compiled. A field's type is a primitive at least as wide, or an interface for a structure or a pointer to one. Every read is
 * safe: one that faults stops the handler and is counted, as an exception would end Java code.
 *
 * <p>Since kernel: 5.5 with CONFIG_DEBUG_INFO_BTF.
 */
public interface KernelStruct {
    /**
     * Whether this is the null pointer.
     *
     * @return true for address 0
     */
    boolean isNull();

    /**
     * Where it is.
     *
     * @return kernel address
     */
    long address();
}
