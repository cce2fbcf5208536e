package org.kprobe4j.bpf.symbols;

import org.jspecify.annotations.Nullable;

/**
 * An address seen as the kernel prints it.
 *
 * @param address the address asked for
 * @param name of the symbol that it lies in; null if there is none
 * @param offset from the symbol's beginning, in bytes
 * @param sizeBytes from the symbol's beginning to the next symbol; 0 if there is no next one
 * @param module the module; null for the kernel itself
 */
public record Symbol(
        long address,
        @Nullable String name,
        long offset,
        long sizeBytes,
        @Nullable String module) {
    /**
     * As in an oops or a stack trace.
     *
     * @return {@code symbol+0xoff/0xsize [module]}, or the bare address
     */
    @Override
    public String toString() {
        if (name == null) {
            return "0x" + Long.toHexString(address);
        }
        String text = "%s+0x%x/0x%x".formatted(name, offset, sizeBytes);
        return module == null ? text : text + " [" + module + "]";
    }
}
