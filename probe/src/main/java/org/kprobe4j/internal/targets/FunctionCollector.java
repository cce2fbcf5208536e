package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.SymbolLine;

/**
 * Finds the functions that a selection names, in one pass over the kernel's symbols and, if some are modules', a second one: the
 * kernel's own symbols come by rising address, so the names of one address follow one another; modules' do not.
 */
final class FunctionCollector {
    private final Selection selection;
    private final List<Candidate> candidates = new ArrayList<>();
    private final Map<Integer, LeftOut> data = new HashMap<>();
    private final TextBounds bounds = new TextBounds();

    private SymbolGroup group;
    /** The last function before the group, to be told as a neighbour. */
    private SymbolGroup before;

    private @Nullable Candidate latest;
    private boolean inModules;
    private @Nullable String module;

    private FunctionCollector(Selection selection) {
        this.selection = selection;
        this.group = new SymbolGroup(selection);
        this.before = new SymbolGroup(selection);
    }

    /**
     * Finds them.
     *
     * @param files the kernel's
     * @param selection what is asked for
     */
    static FunctionCollector collect(FunctionFiles files, Selection selection) {
        FunctionCollector collector = new FunctionCollector(selection);
        files.forEachSymbol(collector::see);
        collector.finish(0);
        List<Candidate> ofModules =
                collector.candidates.stream().filter(c -> c.module != null).toList();
        if (!ofModules.isEmpty()) {
            collector.candidates.removeAll(new HashSet<>(ofModules));
            collector.candidates.addAll(ModuleFunctions.complete(files, selection, ofModules));
        }
        collector.candidates.sort((a, b) -> Long.compareUnsigned(a.address, b.address));
        return collector;
    }

    /** By rising address. */
    List<Candidate> candidates() {
        return candidates;
    }

    /** By clause that names it: a variable. */
    Map<Integer, LeftOut> data() {
        return data;
    }

    TextBounds bounds() {
        return bounds;
    }

    private boolean see(SymbolLine line) {
        if (line.address() != group.address || line.hasModule()) {
            finish(line.hasModule() ? 0 : line.address());
            begin(line);
        }
        if (line.hasModule()) {
            module = line.module();
        } else {
            bounds.see(line);
        }
        if (line.isFunction()) {
            group.add(line);
        } else {
            selection.judgeExactly(line, (clause, how) -> {
                if (!selection.isExcluding(clause)) {
                    data.putIfAbsent(clause, variable(line));
                }
            });
        }
        return true;
    }

    private static LeftOut variable(SymbolLine line) {
        return new LeftOut(line.address(), line.name(), line.module(), LeftOut.Reason.DATA, "");
    }

    private void begin(SymbolLine line) {
        if (line.hasModule() != inModules) {
            inModules = line.hasModule();
            before.begin(0);
            latest = null;
        }
        group.begin(line.address());
        selection.judgeAddress(line.address(), group);
    }

    /** The group is complete, and the next symbol is known, 0 if there is none. */
    private void finish(long next) {
        if (group.isSelected() && !group.isEmpty()) {
            Candidate candidate = new Candidate(group.address, inModules ? module : null, group.names(), group.hits());
            candidate.excluded = group.excluded;
            candidate.end = next;
            if (!before.isEmpty()) {
                // The same object where the neighbour is asked for, too: a pattern of everything keeps each name once.
                candidate.before =
                        latest != null && latest.address == before.address ? latest.name() : before.firstName();
            }
            tellNeighbour(candidate.name());
            candidates.add(candidate);
            latest = group.isFunction() ? candidate : null;
        } else if (group.isFunction() && latest != null) {
            tellNeighbour(group.firstName());
            latest = null;
        }
        if (group.isFunction()) {
            SymbolGroup free = before;
            before = group;
            group = free;
        }
    }

    private void tellNeighbour(String name) {
        if (latest != null && group.isFunction()) {
            latest.after = name;
        }
    }
}
