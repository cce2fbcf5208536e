package org.kprobe4j.bpf.symbols;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.KprobesFolder;

/**
 * A module of the running kernel: a line of /proc/modules.
 *
 * @param name with {@code _}, never {@code -}
 * @param sizeBytes of its memory
 * @param users how many use it; -1 if it cannot be unloaded
 * @param state whether it is there to stay
 * @param address where it begins; 0 if addresses are hidden
 */
public record LoadedModule(String name, long sizeBytes, int users, State state, long address) {
    private static final int FIELDS = 6;

    /** What a module is about to do. Source: {@code enum module_state} in include/linux/module.h. */
    public enum State {
        /** It runs. */
        LIVE,
        /** Its init function runs. */
        LOADING,
        /** Its exit function runs: the kernel refuses probes in it. */
        UNLOADING
    }

    /** {@code overlay 217088 1 - Live 0xffffffffc0201000 (OE)}. */
    static @Nullable LoadedModule parse(String line) {
        String[] fields = line.split(" ", FIELDS + 1);
        if (fields.length < FIELDS) {
            return null;
        }
        State state = switch (fields[4]) {
            case "Loading" -> State.LOADING;
            case "Unloading" -> State.UNLOADING;
            default -> State.LIVE;
        };
        return new LoadedModule(
                fields[0], number(fields[1]), (int) number(fields[2]), state, KprobesFolder.hex(fields[5]));
    }

    /** A kernel that cannot unload modules writes {@code -} for the number of users. */
    private static long number(String text) {
        return text.chars().allMatch(Character::isDigit) && !text.isEmpty() ? Long.parseLong(text) : -1;
    }
}
