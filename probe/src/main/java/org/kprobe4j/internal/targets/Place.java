package org.kprobe4j.internal.targets;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place that a target names.
 *
 * @param address where it is: the function's address and the offset
 * @param function the function
 * @param offset bytes from the function's first
 */
public record Place(long address, Function function, long offset) {
    /**
     * A function of the kernel: everything that begins at one address.
     *
     * @param address its first byte's
     * @param name of its names the one that ftrace or BTF knows, else the first
     * @param module null for the kernel itself
     * @param aliases its other names
     * @param sizeBytes up to the next symbol; 0 if there is none
     * @param sameName which of the functions of this name it is; null if the name is unique
     * @param variantOf the function of which the compiler made it; null if it is none of the compiler's
     * @param traceable what ftrace says
     */
    public record Function(
            long address,
            String name,
            @Nullable String module,
            List<String> aliases,
            long sizeBytes,
            @Nullable Ordinal sameName,
            @Nullable String variantOf,
            Traceable traceable) {
        @Override
        public String toString() {
            return (module == null ? "" : module + ":") + name + (sameName == null ? "" : " (" + sameName + ")");
        }
    }

    /**
     * One of several functions of one name, by rising address. What source file each is from only debug information tells; the
     * neighbours are mostly of the same file.
     *
     * @param number from 1
     * @param of how many there are
     * @param before the function before it, null if it is the first
     * @param after the function behind it, null if it is the last
     */
    public record Ordinal(
            int number,
            int of,
            @Nullable String before,
            @Nullable String after) {
        @Override
        public String toString() {
            String neighbours = before != null && after != null
                    ? ", between %s and %s".formatted(before, after)
                    : before != null ? ", behind " + before : after != null ? ", before " + after : "";
            return "%d of %d%s".formatted(number, of, neighbours);
        }
    }

    /** Whether ftrace can trace a function; kprobe.multi and fentry need that, and most kernels' perf kprobes. */
    public enum Traceable {
        /** It is in the list of traceable functions. */
        YES,
        /** It is not. */
        NO,
        /** The list was not read, cannot be read, or has the name without saying which function of the name it is. */
        UNKNOWN
    }

    /** As the kernel's symbols have it, such as {@code overlay:ovl_open+0x4}. */
    @Override
    public String toString() {
        return offset == 0 ? function.toString() : "%s+0x%x".formatted(function, offset);
    }
}
