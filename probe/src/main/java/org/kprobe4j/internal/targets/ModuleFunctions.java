package org.kprobe4j.internal.targets;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.SymbolLine;

/** A second pass for the functions of modules, whose symbols come in no order: their other names, neighbours and sizes. */
final class ModuleFunctions {
    private final Candidate[] candidates;
    private final long[] addresses;
    /** The nearest functions, by candidate. */
    private final long[] below;

    private final long[] above;

    private ModuleFunctions(Collection<Candidate> sorted) {
        this.candidates = sorted.toArray(Candidate[]::new);
        this.addresses = Arrays.stream(candidates).mapToLong(c -> c.address).toArray();
        this.below = new long[addresses.length];
        this.above = new long[addresses.length];
        for (Candidate candidate : candidates) {
            candidate.before = null;
            candidate.after = null;
            candidate.end = 0;
        }
    }

    static List<Candidate> complete(FunctionFiles files, Selection selection, List<Candidate> found) {
        var sorted = new TreeMap<Long, Candidate>(Long::compareUnsigned);
        for (Candidate candidate : found) {
            Candidate there = sorted.putIfAbsent(candidate.address, candidate);
            if (there != null) {
                there.join(candidate);
            }
        }
        ModuleFunctions pass = new ModuleFunctions(sorted.values());
        SymbolGroup alias = new SymbolGroup(selection);
        files.forEachSymbol(line -> {
            if (line.hasModule()) {
                pass.see(line, alias);
            }
            return true;
        });
        return List.of(pass.candidates);
    }

    private void see(SymbolLine line, SymbolGroup alias) {
        int at = lastNotAbove(line.address());
        boolean function = line.isFunction() && !Padding.isNamed(line.bytes(), line.nameFrom(), line.nameTo());
        if (at >= 0 && addresses[at] == line.address()) {
            if (line.isFunction()) {
                addAlias(candidates[at], line, alias);
            }
            boundFrom(at - 1, line, function);
            boundAbove(at + 1, line, function);
        } else {
            boundFrom(at, line, function);
            boundAbove(at + 1, line, function);
        }
    }

    private static void addAlias(Candidate candidate, SymbolLine line, SymbolGroup alias) {
        alias.begin(line.address());
        alias.add(line);
        candidate.addName(alias.firstName());
        candidate.excluded = candidate.excluded || alias.excluded;
    }

    /** The symbol is behind the candidate. */
    private void boundFrom(int at, SymbolLine line, boolean function) {
        if (at < 0) {
            return;
        }
        Candidate candidate = candidates[at];
        long address = line.address();
        if (candidate.end == 0 || Long.compareUnsigned(address, candidate.end) < 0) {
            candidate.end = address;
        }
        if (function
                && isSame(candidate.module, line)
                && (above[at] == 0 || Long.compareUnsigned(address, above[at]) < 0)) {
            above[at] = address;
            candidate.after = line.name();
        }
    }

    /** The symbol is before the candidate. */
    private void boundAbove(int at, SymbolLine line, boolean function) {
        if (at < candidates.length
                && function
                && isSame(candidates[at].module, line)
                && Long.compareUnsigned(line.address(), below[at]) > 0) {
            below[at] = line.address();
            candidates[at].before = line.name();
        }
    }

    private static boolean isSame(@Nullable String module, SymbolLine line) {
        return module != null && module.equals(line.module());
    }

    private int lastNotAbove(long address) {
        int low = 0;
        int high = addresses.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(addresses[middle], address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }
}
