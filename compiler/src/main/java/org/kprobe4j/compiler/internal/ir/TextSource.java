package org.kprobe4j.compiler.internal.ir;

/** Where a text lies. */
public enum TextSource {
    /** In kernel memory. */
    KERNEL,
    /** In a map's value of which the program has the address, NULs to the end of its room: it can be loaded like any number. */
    TABLE,
    /** In the memory of the current process. */
    USER,
    /** The current task's comm, which a helper copies; it has no address. */
    COMM
}
