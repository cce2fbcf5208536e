package org.kprobe4j.internal.targets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.ParameterType;

/**
 * What someone asks to probe, before any kernel is asked.
 *
 * <pre>
 *   vfs_read                    a function
 *   vfs_read+0x10               a place in it
 *   overlay:ovl_open            a module's; vmlinux: is the kernel itself
 *   0xffffffff812a4b60          an address
 *   tcp_*,!tcp_v6_*             all of a pattern, some left out; ? is one character
 *   /^vfs_(read|write)$/        all that a regular expression finds
 *   (struct file *)             all that take a parameter of the type
 *   vfs_*(struct inode *)       those of them that match
 *   &#64;names.txt                  what the lines of a file name; # begins a comment
 * </pre>
 */
public sealed interface TargetSpec {
    /**
     * Reads a target.
     *
     * @throws TargetSyntaxException if it is none; also if a file that it names cannot be read
     */
    static TargetSpec parse(String text) {
        return new TargetParser(text, true, TargetSpec::lines).spec();
    }

    /**
     * Reads a target whose places are functions' entries, as a return probe needs it: no offsets.
     *
     * @throws TargetSyntaxException if it is none; also if a file that it names cannot be read
     */
    static TargetSpec parseEntries(String text) {
        return new TargetParser(text, false, TargetSpec::lines).spec();
    }

    private static List<String> lines(String path) throws IOException {
        return Files.readAllLines(Path.of(path));
    }

    /** Its clauses in the order in which they are written, those of files in their place. */
    default List<Clause> clauses() {
        return List.of(new Clause(this, false));
    }

    /**
     * A function, or a place in it.
     *
     * @param module the module, {@code vmlinux} for the kernel itself, null for any
     * @param name the function's
     * @param offset bytes from its start
     */
    record Symbol(@Nullable String module, String name, long offset) implements TargetSpec {
        @Override
        public String toString() {
            return in(module) + name + (offset == 0 ? "" : "+0x%x".formatted(offset));
        }
    }

    /**
     * An address.
     *
     * @param address in the kernel's text
     */
    record Address(long address) implements TargetSpec {
        @Override
        public String toString() {
            return "0x%x".formatted(address);
        }
    }

    /**
     * All functions of a pattern.
     *
     * @param module the module or a pattern of modules, {@code vmlinux} for the kernel itself, null for any
     * @param names of the functions
     * @param parameter what they take; null for anything
     */
    record Matching(
            @Nullable Glob module, Glob names, @Nullable ParameterType parameter) implements TargetSpec {
        @Override
        public String toString() {
            return in(module) + names + (parameter == null ? "" : "(" + parameter + ")");
        }
    }

    /**
     * All functions in whose names a regular expression finds something.
     *
     * @param module the module or a pattern of modules, {@code vmlinux} for the kernel itself, null for any
     * @param expression as java.util.regex has it
     */
    record Expression(@Nullable Glob module, Pattern expression) implements TargetSpec {
        @Override
        public String toString() {
            return in(module) + "/" + expression.pattern() + "/";
        }
    }

    /**
     * Several, at least one of them not left out.
     *
     * @param clauses in the order in which they are written
     */
    record Several(List<Clause> clauses) implements TargetSpec {
        @Override
        public String toString() {
            return String.join(",", clauses.stream().map(Clause::toString).toList());
        }
    }

    /**
     * One of several.
     *
     * @param target none of {@link Several}
     * @param excluded whether it is left out
     */
    record Clause(TargetSpec target, boolean excluded) {
        @Override
        public String toString() {
            return (excluded ? "!" : "") + target;
        }
    }

    private static String in(@Nullable Object module) {
        return module == null ? "" : module + ":";
    }
}
