package org.kprobe4j;

import org.jspecify.annotations.Nullable;

/**
 * A function that a probe's target matches and that is not probed.
 *
 * @param symbolName the function, or the part of the target that matches nothing
 * @param module the module that it belongs to, null for the kernel itself
 * @param addr kernel address, 0 if there is none
 * @param reason why, in words
 */
public record SkippedPlace(String symbolName, @Nullable String module, long addr, String reason) {
    /**
     * The function and the reason.
     *
     * @return {@code vfs_dedupe_get_page: on the kernel's blacklist …}
     */
    @Override
    public String toString() {
        return "%s%s: %s".formatted(module == null ? "" : module + ":", symbolName, reason);
    }
}
