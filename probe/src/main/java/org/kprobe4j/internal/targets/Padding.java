package org.kprobe4j.internal.targets;

/**
 * The bytes that the compiler leaves before a function, for calls that are checked or traced: symbols of their own, never run. The
 * kernel refuses probes there. Source: is_cfi_preamble_symbol() in kernel/kprobes.c.
 */
final class Padding {
    private static final String PFX = "__pfx_";
    private static final String CFI = "__cfi_";

    private Padding() {}

    static boolean isNamed(String name) {
        return name.startsWith(PFX) || name.startsWith(CFI);
    }

    static boolean isMentioned(String text) {
        return text.contains(PFX) || text.contains(CFI);
    }

    static boolean isNamed(byte[] bytes, int from, int to) {
        return to - from > PFX.length()
                && bytes[from] == '_'
                && bytes[from + 1] == '_'
                && bytes[from + 5] == '_'
                && ((bytes[from + 2] == 'p' && bytes[from + 3] == 'f' && bytes[from + 4] == 'x')
                        || (bytes[from + 2] == 'c' && bytes[from + 3] == 'f' && bytes[from + 4] == 'i'));
    }
}
