package org.kprobe4j.internal.targets;

import org.jspecify.annotations.Nullable;

/**
 * A symbol that a target names and that is not probed.
 *
 * @param address where it is
 * @param name the symbol
 * @param module null for the kernel itself
 * @param reason why
 * @param detail what is known of this one; empty if the reason says all
 */
public record LeftOut(long address, String name, @Nullable String module, Reason reason, String detail) {
    /** Why a symbol is left out. */
    public enum Reason {
        /** A range of kprobes/blacklist covers it. */
        FORBIDDEN("on the blacklist", "on the kernel's blacklist of kprobes (NOKPROBE)"),
        /** Bytes before a function, named {@code __cfi_} or {@code __pfx_}. */
        PADDING("padding", "the bytes before a function, which are never run (__pfx_, __cfi_)"),
        /** Not in the list of traceable functions. */
        NOT_TRACEABLE("notrace", "not traceable by ftrace (notrace, inline in the source, or assembler)"),
        /** In the text that was freed after the kernel had started. */
        INIT_GONE("init text", "in init text, which was freed when the kernel had started"),
        /** Outside of the kernel's and its modules' text. */
        NOT_TEXT("no text", "not in the text of the kernel or a module"),
        /** A variable. */
        DATA("data", "data, not a function"),
        /** A variant of a function that was asked for by its plain name. */
        VARIANT("variants", "a variant by the compiler, beside the function itself; name it to probe it, too"),
        /** A part or the cold code of a function, not asked for by its name. */
        PART("parts", "a part of a function; name it to probe it"),
        /** An offset behind the function's end. */
        OUTSIDE("behind the end", "behind the function's end"),
        /** The module is being loaded or unloaded. */
        MODULE_NOT_LIVE("in a module that comes or goes", "in a module that is being loaded or unloaded"),
        /** Taken out by {@code !}. */
        EXCLUDED("left out by the target", "left out by the target");

        private final String brief;
        private final String text;

        Reason(String brief, String text) {
            this.brief = brief;
            this.text = text;
        }

        /** In two or three words, behind a number. */
        public String brief() {
            return brief;
        }

        /** In words. */
        public String text() {
            return text;
        }
    }

    @Override
    public String toString() {
        return "%s%s: %s%s"
                .formatted(
                        module == null ? "" : module + ":", name, reason.text(), detail.isEmpty() ? "" : ": " + detail);
    }
}
