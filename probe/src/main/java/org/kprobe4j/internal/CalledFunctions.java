package org.kprobe4j.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.FunctionIndex;

/**
 * The functions that a function calls directly, and those that these call, as the running kernel's own instructions say. Calls through
 * pointers and what the compiler inlined are not seen. Reads /proc/kcore.
 */
public final class CalledFunctions {
    private static final int MOST_BYTES = 1 << 16;

    /** What instructions jump to that is no work of theirs: thunks, ftrace, checks of compilers. */
    private static final Pattern SCAFFOLD = Pattern.compile(
            "__x86_.*|__fentry__|_?mcount|ftrace_.*|__sanitizer_.*|__(stack_chk|fortify|ubsan|kasan|kcsan).*|__SC[TK]__.*|__pi_.*|"
                    + "__traceiter_.*|.*_trampoline.*");

    private static final String COLD = ".cold";

    private final FunctionIndex index;
    private final Map<Long, List<Long>> known = new LinkedHashMap<>();

    /**
     * Of the running kernel.
     *
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public static CalledFunctions running() {
        return new CalledFunctions(FunctionFiles.running().functions(false));
    }

    CalledFunctions(FunctionIndex index) {
        this.index = index;
    }

    /** Where a function begins; of several of one name the first. */
    public Optional<Long> address(String function) {
        int found = index.next(function.getBytes(StandardCharsets.UTF_8), 0, false);
        return found < index.size() && index.name(found).equals(function)
                ? Optional.of(index.address(found))
                : Optional.empty();
    }

    /**
     * The functions below one.
     *
     * @param address where it begins
     * @param depth how many calls deep; 1 for those that it calls itself
     * @return names, the nearest first
     * @throws IOException if the kernel's instructions cannot be read
     */
    public List<String> below(long address, int depth) throws IOException {
        return below(address, depth, _ -> true);
    }

    /**
     * The functions below one, and no further where one is not wanted.
     *
     * @param address where it begins
     * @param depth how many calls deep; 1 for those that it calls itself
     * @param wanted asked for the names of those that are called
     * @return names, the nearest first
     * @throws IOException if the kernel's instructions cannot be read
     */
    public List<String> below(long address, int depth, Predicate<String> wanted) throws IOException {
        var names = new LinkedHashMap<Long, String>();
        List<Long> level = List.of(address);
        for (int i = 0; i < depth; i++) {
            var next = new ArrayList<Long>();
            for (long caller : level) {
                for (long callee : calls(caller)) {
                    String name = name(callee);
                    if (name != null
                            && callee != address
                            && wanted.test(name)
                            && names.putIfAbsent(callee, name) == null) {
                        next.add(callee);
                    }
                }
            }
            level = next;
        }
        return names.values().stream().distinct().toList();
    }

    private List<Long> calls(long address) throws IOException {
        List<Long> before = known.get(address);
        if (before != null) {
            return before;
        }
        var entries = new ArrayList<Long>();
        var parts = new ArrayList<>(List.of(address));
        for (int i = 0; i < parts.size(); i++) {
            long part = parts.get(i);
            byte[] code = KernelText.read(part, size(part));
            for (long target : CallTargets.of(Machine.architecture(), part, code)) {
                @Nullable String name = nameAround(target);
                if (name != null && name.endsWith(COLD)) {
                    long start = startAround(target);
                    if (!parts.contains(start)) {
                        parts.add(start);
                    }
                } else if (name(target) != null && target != address) {
                    entries.add(target);
                }
            }
        }
        known.put(address, List.copyOf(entries));
        return entries;
    }

    /** Up to the next symbol. */
    private int size(long address) {
        int next = index.firstFrom(address + 1);
        long bytes = next < index.size() ? index.address(next) - address : 1;
        return (int) Math.min(MOST_BYTES, bytes);
    }

    /** Of the function that begins there; null if none does, or none that does work of its own. */
    private @Nullable String name(long address) {
        for (int i = index.firstFrom(address); i < index.size() && index.address(i) == address; i++) {
            if (index.isFunction(i)) {
                String name = index.name(i);
                return SCAFFOLD.matcher(name).matches() || name.endsWith(COLD) ? null : name;
            }
        }
        return null;
    }

    private long startAround(long address) {
        int after = index.firstFrom(address + 1);
        return after == 0 ? address : index.address(after - 1);
    }

    private @Nullable String nameAround(long address) {
        int after = index.firstFrom(address + 1);
        return after == 0 || !index.isFunction(after - 1) ? null : index.name(after - 1);
    }
}
