package org.kprobe4j;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place of the kernel where a probe is planted.
 *
 * @param symbolName the function; of its names the one that ftrace or BTF knows
 * @param module the module that it belongs to, null for the kernel itself
 * @param offset bytes from the function's first
 * @param addr kernel address of the place, 0 if this process may not see it
 * @param aliases the function's other names: they are the same place
 * @param note what else is to be known of it, such as which of several functions of one name it is; empty for most
 */
public record ProbePlace(
        String symbolName, @Nullable String module, long offset, long addr, List<String> aliases, String note) {
    /** Copies the list. */
    public ProbePlace {
        aliases = List.copyOf(aliases);
    }

    /**
     * Name and offset, as a handler's {@code symbolName()} gives them.
     *
     * @return {@code vfs_read}, {@code vfs_read+0x10}
     */
    public String name() {
        return offset == 0 ? symbolName : "%s+0x%x".formatted(symbolName, offset);
    }

    /**
     * The place in one line.
     *
     * @return {@code nf_tables:nft_do_chain+0x10 (note)}
     */
    @Override
    public String toString() {
        return (module == null ? "" : module + ":") + name() + (note.isEmpty() ? "" : " (" + note + ")");
    }
}
