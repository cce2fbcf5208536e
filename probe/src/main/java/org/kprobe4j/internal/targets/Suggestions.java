package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.SymbolLine;
import org.kprobe4j.bpf.symbols.TextBounds;
import org.kprobe4j.btf.NearestNames;

/** The names nearest to those that matched nothing, for all of them in one pass. */
final class Suggestions {
    private static final int MAX_NAMES = 3;
    /** Suggestions are for slips of a hand, not for a long list from another kernel. */
    private static final int MAX_CLAUSES = 20;

    private static final int LEAST_PREFIX = 3;

    private final Map<String, NearestNames> functions = new HashMap<>();
    private final Map<String, NearestNames> prefixes = new HashMap<>();

    private final Map<String, Set<String>> modules = new HashMap<>();
    private final NameTable names = new NameTable();
    private final List<LeftOut> variables = new ArrayList<>();

    private final TextBounds bounds;

    private Suggestions(TextBounds bounds) {
        this.bounds = bounds;
    }

    /**
     * Looks for them.
     *
     * @param files the kernel's
     * @param bounds the kernel's text: what lies outside is data, whatever its symbol's type
     * @param symbols names of functions that do not exist
     * @param patterns patterns that match nothing
     */
    static Suggestions find(FunctionFiles files, TextBounds bounds, List<String> symbols, List<Glob> patterns) {
        Suggestions suggestions = new Suggestions(bounds);
        symbols.stream().limit(MAX_CLAUSES).forEach(suggestions::add);
        patterns.stream()
                .map(Glob::prefix)
                .filter(prefix -> prefix.length() >= LEAST_PREFIX)
                .limit(MAX_CLAUSES)
                .forEach(prefix -> suggestions.prefixes.put(prefix, new NearestNames(prefix, MAX_NAMES)));
        if (!suggestions.functions.isEmpty() || !suggestions.prefixes.isEmpty()) {
            files.forEachSymbol(suggestions::see);
        }
        return suggestions;
    }

    private boolean isBehindText(SymbolLine line) {
        return !line.hasModule() && !bounds.isText(line.address()) && !bounds.isInit(line.address());
    }

    private void add(String name) {
        functions.put(name, new NearestNames(name, MAX_NAMES));
        int _ = names.add(name);
    }

    private boolean see(SymbolLine line) {
        if (!line.isFunction() || isBehindText(line)) {
            int number = names.find(line.bytes(), line.nameFrom(), line.nameTo());
            if (number != NameTable.NONE) {
                variables.add(new LeftOut(line.address(), line.name(), line.module(), LeftOut.Reason.DATA, ""));
            }
            return true;
        }
        if (line.isFunction() && !Padding.isNamed(line.bytes(), line.nameFrom(), line.nameTo())) {
            String name = line.name();
            if (functions.containsKey(name)) {
                String module = line.module();
                modules.computeIfAbsent(name, _ -> new TreeSet<>()).add(module == null ? "vmlinux" : module);
            }
            functions.values().forEach(nearest -> nearest.offer(name));
            prefixes.forEach((prefix, nearest) -> nearest.offer(beginning(name, prefix)));
        }
        return true;
    }

    /** The words of a name that are about as long as a prefix, with the {@code _} behind them if the prefix has one. */
    private static String beginning(String name, String prefix) {
        boolean open = prefix.endsWith("_");
        int best = name.length();
        for (int at = name.indexOf('_', 1); at > 0; at = name.indexOf('_', at + 1)) {
            int length = open ? at + 1 : at;
            if (Math.abs(length - prefix.length()) < Math.abs(best - prefix.length())) {
                best = length;
            }
        }
        return name.substring(0, best);
    }

    /** A variable of a name that is no function's. */
    Optional<LeftOut> variable(TargetSpec.Symbol symbol) {
        return variables.stream()
                .filter(variable -> variable.name().equals(symbol.name())
                        && (symbol.module() == null
                                || symbol.module().equals(variable.module() == null ? "vmlinux" : variable.module())))
                .findFirst();
    }

    /** Where there is a function of exactly this name: modules, {@code vmlinux} for the kernel itself. */
    List<String> modulesOf(String name) {
        return List.copyOf(modules.getOrDefault(name, Set.of()));
    }

    /** {@code ; nearest: vfs_read, vfs_readv}, or nothing. */
    String forFunction(String name) {
        return text(functions.get(name), "");
    }

    /** {@code ; nearest: vfs_read*}, or nothing. */
    String forPattern(Glob pattern) {
        return text(prefixes.get(pattern.prefix()), "*");
    }

    private static String text(@Nullable NearestNames nearest, String behind) {
        if (nearest == null || nearest.best().isEmpty()) {
            return "";
        }
        return "; nearest: "
                + String.join(
                        ", ", nearest.best().stream().map(name -> name + behind).toList());
    }
}
