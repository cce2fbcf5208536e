package org.kprobe4j.bpf.symbols;

import org.jspecify.annotations.Nullable;

/**
 * A probe that is planted in the kernel, ours or another's.
 *
 * @param address where; 0 if the kernel does not show it to this process
 * @param isReturn a return probe
 * @param symbol the function that it lies in
 * @param offset from the function's beginning, in bytes
 * @param module the module, null for the kernel itself
 * @param gone its module was unloaded: it can never hit again
 * @param disabled it does not hit now
 * @param optimized it is reached by a jump instead of a trap
 * @param ftrace it is reached by the function tracer
 */
public record PlantedProbe(
        long address,
        boolean isReturn,
        String symbol,
        long offset,
        @Nullable String module,
        boolean gone,
        boolean disabled,
        boolean optimized,
        boolean ftrace) {
    /**
     * The probe as a line of the list.
     *
     * @return such as {@code 0xffffffff8108b6e4 k kernel_clone+0x4 [FTRACE]}
     */
    @Override
    public String toString() {
        return "0x" + Long.toHexString(address) + (isReturn ? " r " : " k ") + symbol + "+0x" + Long.toHexString(offset)
                + (module == null ? "" : " " + module)
                + (gone ? " [GONE]" : "")
                + (disabled ? " [DISABLED]" : "")
                + (optimized ? " [OPTIMIZED]" : "")
                + (ftrace ? " [FTRACE]" : "");
    }
}
