package org.kprobe4j.internal.targets;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.symbols.SymbolLine;
import org.kprobe4j.bpf.symbols.TraceableFunctions;

/** Finds the functions that a selection names in the index of a kernel's functions: what begins at one address is one of them. */
final class FunctionCollector implements Selection.Hits {
    private final FunctionIndex index;
    private final Selection selection;
    private final SymbolLine.Holder holder = FunctionIndex.holder();
    private final List<Candidate> candidates = new ArrayList<>();
    private final HitList hits = new HitList();
    private boolean excluded;

    private FunctionCollector(FunctionIndex index, Selection selection) {
        this.index = index;
        this.selection = selection;
    }

    /**
     * Finds them.
     *
     * @param index the kernel's functions
     * @param selection what is asked for
     * @return by rising address
     */
    static List<Candidate> collect(FunctionIndex index, Selection selection) {
        FunctionCollector collector = new FunctionCollector(index, selection);
        if (selection.hasRules()) {
            collector.all(selection.firstBytes());
        } else {
            collector.namedOnly();
        }
        return collector.candidates;
    }

    /** Most names are passed over by their first byte. */
    private void all(boolean @Nullable [] firstBytes) {
        int at = 0;
        while (at < index.size()) {
            if (firstBytes == null || firstBytes[index.firstByte(at) & 0xff]) {
                at = group(firstBytes == null ? at : firstOfAddress(at));
            } else {
                at++;
            }
        }
    }

    private int firstOfAddress(int at) {
        int first = at;
        while (first > 0 && index.address(first - 1) == index.address(at)) {
            first--;
        }
        return first;
    }

    /** Names and addresses are looked for, so that no other symbol is judged. */
    private void namedOnly() {
        var starts = new TreeSet<Integer>();
        for (String name : selection.names()) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            for (int i = index.next(bytes, 0, true); i < index.size(); i = index.next(bytes, i + 1, true)) {
                starts.add(index.firstFrom(index.address(i)));
            }
        }
        for (long address : selection.starts()) {
            starts.add(index.firstFrom(address));
        }
        for (int start : starts) {
            if (start < index.size()) {
                int _ = group(start);
            }
        }
    }

    /** Judges what begins at the address of an entry, the first of its address; gives the first behind it. */
    private int group(int from) {
        long address = index.address(from);
        hits.clear();
        excluded = false;
        boolean function = false;
        int to = from;
        for (; to < index.size() && index.address(to) == address; to++) {
            if (index.isFunction(to)) {
                function = true;
                selection.judge(index.show(to, holder), this);
            }
        }
        if (function) {
            selection.judgeAddress(address, this);
        }
        if (!hits.isEmpty()) {
            candidates.add(candidate(from, to));
        }
        return to;
    }

    @Override
    public void hit(int clause, Selection.Hit how) {
        if (selection.isExcluding(clause)) {
            excluded = true;
        } else {
            hits.add(Candidate.pack(clause, how));
        }
    }

    private Candidate candidate(int from, int to) {
        var names = new ArrayList<String>(1);
        @Nullable String module = null;
        for (int i = from; i < to; i++) {
            if (index.isFunction(i)) {
                names.add(index.name(i));
                module = index.module(i);
            }
        }
        Candidate candidate = new Candidate(index.address(from), from, module, names, hits.toArray());
        candidate.excluded = excluded;
        candidate.end = to < index.size() ? index.address(to) : 0;
        return candidate;
    }

    /** The names of the functions before and behind one, of the same module, for telling it from others of its name. */
    static Place.Ordinal ordinal(FunctionIndex index, Candidate one, int number, int of) {
        return new Place.Ordinal(number, of, neighbour(index, one, -1), neighbour(index, one, 1));
    }

    private static @Nullable String neighbour(FunctionIndex index, Candidate one, int step) {
        int i = one.index;
        while (i >= 0 && i < index.size()) {
            if (index.address(i) != one.address && index.isFunction(i) && !Padding.isNamed(index.name(i))) {
                int first = index.firstFrom(index.address(i));
                String module = index.module(i);
                boolean same = module == null ? one.module == null : module.equals(one.module);
                return same ? firstFunction(index, first) : null;
            }
            i += step;
        }
        return null;
    }

    private static String firstFunction(FunctionIndex index, int first) {
        int i = first;
        while (!index.isFunction(i)) {
            i++;
        }
        return index.name(i);
    }

    /** Asks ftrace's list which of the functions can be traced, and by which of its names it knows each. */
    static void judge(FunctionIndex index, TraceableFunctions traceable, List<Candidate> candidates) {
        for (Candidate candidate : candidates) {
            candidate.traceable = Place.Traceable.NO;
            for (int i = candidate.index; i < index.size() && index.address(i) == candidate.address; i++) {
                if (traceable.isListed(i)) {
                    candidate.prefer(index.name(i));
                    candidate.traceable = Place.Traceable.YES;
                }
                if (traceable.isUnknown(i)) {
                    candidate.traceable = Place.Traceable.UNKNOWN;
                    break;
                }
            }
        }
        judgeVariants(index, traceable, candidates);
    }

    /**
     * A variant that has no place for ftrace itself is as traceable as the function of which it was made: the kernel judges so for
     * perf kprobes. Source: within_notrace_func() in kernel/trace/trace_kprobe.c.
     */
    private static void judgeVariants(FunctionIndex index, TraceableFunctions traceable, List<Candidate> candidates) {
        NameTable stems = new NameTable();
        for (Candidate candidate : candidates) {
            if (candidate.traceable == Place.Traceable.NO && candidate.isVariant()) {
                int _ = stems.add(candidate.stem());
            }
        }
        if (stems.size() == 0) {
            return;
        }
        BitSet listed = new BitSet();
        SymbolLine.Holder holder = FunctionIndex.holder();
        for (int i = 0; i < index.size(); i++) {
            if (traceable.isListed(i) || traceable.isUnknown(i)) {
                SymbolLine line = index.show(i, holder);
                int stem = stems.find(line.bytes(), line.nameFrom(), line.nameTo());
                if (stem != NameTable.NONE) {
                    listed.set(stem);
                }
            }
        }
        for (Candidate candidate : candidates) {
            if (candidate.traceable == Place.Traceable.NO
                    && candidate.isVariant()
                    && listed.get(stems.add(candidate.stem()))) {
                candidate.traceable = Place.Traceable.YES;
            }
        }
    }
}
