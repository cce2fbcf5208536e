package org.kprobe4j.internal.targets;

import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.SymbolLine;

/** A clause that is a pattern, ready to judge names. Keeps state while it judges: not safe for several threads. */
final class NameRule {
    private final @Nullable Glob module;
    private final @Nullable Glob glob;
    private final @Nullable Matcher expression;
    private final @Nullable TypedNames types;
    private final NameChars chars = new NameChars();

    private NameRule(
            @Nullable Glob module, @Nullable Glob glob, @Nullable Matcher expression, @Nullable TypedNames types) {
        this.module = module;
        this.glob = glob;
        this.expression = expression;
        this.types = types;
    }

    static NameRule of(TargetSpec.Matching clause, @Nullable TypedNames types) {
        return new NameRule(clause.module(), clause.names(), null, types);
    }

    static NameRule of(TargetSpec.Expression clause) {
        return new NameRule(clause.module(), null, clause.expression().matcher(""), null);
    }

    /** Whether it speaks of the compiler's names itself, as {@code *.cold} does: then parts of functions are asked for. */
    boolean asksForParts() {
        return glob != null
                ? glob.toString().indexOf('.') >= 0
                : expression != null && expression.pattern().pattern().contains("\\.");
    }

    /** Whether it speaks of the bytes before functions itself. */
    boolean asksForPadding() {
        return glob != null
                ? Padding.isNamed(glob.prefix())
                : expression != null && Padding.isMentioned(expression.pattern().pattern());
    }

    /** What every name that matches begins with; empty if it may be anything. */
    String prefix() {
        return glob == null ? "" : glob.prefix();
    }

    /** False where a look at the beginning is enough. */
    boolean mayMatch(SymbolLine line) {
        return glob == null || glob.mayMatch(line.bytes(), line.nameFrom(), line.nameTo());
    }

    boolean matches(SymbolLine line, int stemEnd) {
        return isIn(module, line)
                && (matches(line, line.nameTo(), stemEnd)
                        || (stemEnd < line.nameTo() && matches(line, stemEnd, stemEnd)));
    }

    private boolean matches(SymbolLine line, int to, int stemEnd) {
        return matches(line.bytes(), line.nameFrom(), to) && (types == null || types.contains(line, stemEnd));
    }

    private boolean matches(byte[] bytes, int from, int to) {
        return glob != null
                ? glob.matches(bytes, from, to)
                : expression != null
                        && expression.reset(chars.of(bytes, from, to)).find();
    }

    /** Whether a line is of a module or, for {@code vmlinux}, of the kernel itself. */
    static boolean isIn(@Nullable Glob module, SymbolLine line) {
        if (module == null) {
            return true;
        }
        String name = line.module();
        return module.matches(name == null ? "vmlinux" : name);
    }
}
