package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.ForbiddenRanges;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.symbols.LoadedModule;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.bpf.symbols.TraceableFunctions;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfFunctions;
import org.kprobe4j.internal.targets.TargetSpec.Clause;

/**
 * Finds what a target means on a kernel, in an index of the kernel's functions that is made once for a process and anew when modules
 * come or go. ftrace's list is read for patterns only, the kernel's other symbols where a name is no function's.
 *
 * <p>What a kernel with CONFIG_KPROBE_EVENTS_ON_NOTRACE would allow, probes where ftrace has no place, is left out for patterns: the
 * kernel does not tell its configuration. That a function exists does not say that every call of it is one: the compiler may have
 * inlined some. Thread-safe.
 */
public final class TargetResolver {
    /** So many functions by name are taken without asking ftrace: the kernel says it when they are planted. */
    private static final int FEW_SYMBOLS = 16;

    private final FunctionFiles files;
    private final KernelTypes types;

    private TargetResolver(FunctionFiles files, KernelTypes types) {
        this.files = files;
        this.types = types;
    }

    /** On the running kernel. */
    public static TargetResolver running() {
        return of(FunctionFiles.running(), KernelTypes.running());
    }

    /** Begins to read the running kernel's functions in the background, for the resolution that will need them. */
    public static void readAhead() {
        var reader = new Thread(
                () -> {
                    try {
                        FunctionIndex _ = FunctionFiles.running().functions(false);
                    } catch (BpfException e) {
                        // The same failure meets whoever resolves a target, who tells it.
                    }
                },
                "function-reader");
        reader.setDaemon(true);
        reader.start();
    }

    static TargetResolver of(FunctionFiles files, KernelTypes types) {
        return new TargetResolver(files, types);
    }

    /**
     * Reads a target and resolves it.
     *
     * @throws TargetSyntaxException if it is written wrongly
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public Resolution resolve(String target) {
        return resolve(TargetSpec.parse(target));
    }

    /**
     * Resolves a target. What it names and the kernel has not, is part of the answer.
     *
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public Resolution resolve(TargetSpec spec) {
        return resolve(spec, isMany(spec.clauses()));
    }

    /**
     * The same, and ftrace is asked about few functions, too, which takes longer than the kernel's own answer at planting.
     *
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public Resolution resolveFully(TargetSpec spec) {
        return resolve(spec, true);
    }

    /** What it names, function by function. */
    FunctionListing list(TargetSpec spec) {
        return new FunctionListing(resolve(spec, true), files, types);
    }

    private Resolution resolve(TargetSpec spec, boolean many) {
        List<Clause> clauses = spec.clauses();
        FunctionIndex index = files.functions(many);
        List<@Nullable TypedNames> typed = typed(clauses);
        Selection selection = new Selection(clauses, typed);
        List<@Nullable Symbol> symbols = findAddresses(clauses, selection);
        List<Candidate> candidates = FunctionCollector.collect(index, selection);
        List<String> unknown = new ArrayList<>();
        nameAndJudge(index, many, candidates, unknown);
        List<LoadedModule> modules = files.modules();
        Classifier classifier = new Classifier(selection, index, forbidden(unknown), modules);
        classifier.classify(candidates);
        Explanations explanations = new Explanations(files, index, types, clauses, typed, symbols, classifier, modules);
        List<Resolution.Unmatched> unmatched = explanations.all();
        List<LeftOut> leftOut = new ArrayList<>(classifier.leftOut());
        leftOut.addAll(explanations.variables());
        return new Resolution(
                List.copyOf(classifier.places()), List.copyOf(leftOut), selection.paddings(), unmatched, unknown);
    }

    /**
     * What a place's function takes and gives, as far as BTF has a function of its name: of several static functions of one name it
     * has one, and of the compiler's copies the original.
     *
     * @return the C prototype; nothing if arguments are known by their number only
     */
    public Optional<String> prototype(Place place) {
        Place.Function function = place.function();
        String module = function.module();
        Optional<Btf> btf = module == null ? types.kernel() : types.module(module);
        String name = function.variantOf() == null ? function.name() : function.variantOf();
        return btf.flatMap(known -> known.function(name).map(f -> known.declare(f.id())));
    }

    private List<@Nullable TypedNames> typed(List<Clause> clauses) {
        var typed = new ArrayList<@Nullable TypedNames>();
        for (Clause clause : clauses) {
            boolean asks = clause.target() instanceof TargetSpec.Matching matching && matching.parameter() != null;
            typed.add(asks ? typed((TargetSpec.Matching) clause.target()) : null);
        }
        return typed;
    }

    private TypedNames typed(TargetSpec.Matching clause) {
        return TypedNames.of(types, Objects.requireNonNull(clause.parameter()));
    }

    /** By clause: what the kernel calls an address; null for other clauses. */
    private List<@Nullable Symbol> findAddresses(List<Clause> clauses, Selection selection) {
        long[] addresses = clauses.stream()
                .filter(clause -> clause.target() instanceof TargetSpec.Address)
                .mapToLong(clause -> ((TargetSpec.Address) clause.target()).address())
                .toArray();
        List<Symbol> named = addresses.length == 0 ? List.of() : files.symbolize(addresses);
        var symbols = new ArrayList<@Nullable Symbol>();
        int next = 0;
        for (int i = 0; i < clauses.size(); i++) {
            Symbol symbol = clauses.get(i).target() instanceof TargetSpec.Address ? named.get(next++) : null;
            symbols.add(symbol);
            if (symbol != null && symbol.name() != null) {
                selection.at(i, symbol.address() - symbol.offset(), symbol.offset());
            }
        }
        return symbols;
    }

    /**
     * Whether ftrace's list has the function that begins at an address: for few functions by name it was not asked when they were found.
     *
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public boolean isListed(long address) {
        FunctionIndex index = files.functions(true);
        Optional<TraceableFunctions> list = files.traceable(index);
        boolean listed = false;
        for (int i = index.firstFrom(address); i < index.size() && index.address(i) == address; i++) {
            if (list.isEmpty() || list.get().isUnknown(i)) {
                return false;
            }
            listed |= list.get().isListed(i);
        }
        return listed;
    }

    private static boolean isMany(List<Clause> clauses) {
        return clauses.size() > FEW_SYMBOLS
                || clauses.stream()
                        .anyMatch(clause -> clause.target() instanceof TargetSpec.Matching
                                || clause.target() instanceof TargetSpec.Expression);
    }

    private void nameAndJudge(FunctionIndex index, boolean many, List<Candidate> candidates, List<String> unknown) {
        if (many) {
            if (judge(index, candidates)) {
                return;
            }
            unknown.add(
                    "not known which functions ftrace can trace: tracefs available_filter_functions cannot be read");
        }
        List<Candidate> ambiguous =
                candidates.stream().filter(c -> c.names().size() > 1).toList();
        if (!ambiguous.isEmpty() && !preferByTypes(ambiguous) && !many) {
            boolean _ = judge(index, candidates);
        }
    }

    private boolean judge(FunctionIndex index, List<Candidate> candidates) {
        Optional<TraceableFunctions> traceable = files.traceable(index);
        traceable.ifPresent(list -> FunctionCollector.judge(index, list, candidates));
        return traceable.isPresent();
    }

    /** Prefers of each function's names the one that BTF knows; false if the kernel has no BTF. */
    private boolean preferByTypes(List<Candidate> candidates) {
        Optional<Btf> btf = types.kernel();
        if (btf.isEmpty()) {
            return false;
        }
        if (candidates.size() == 1) {
            Candidate only = candidates.getFirst();
            only.names().stream()
                    .filter(name -> btf.get().function(name).isPresent())
                    .findFirst()
                    .ifPresent(only::prefer);
            return true;
        }
        NameTable names = new NameTable();
        candidates.forEach(candidate -> candidate.names().forEach(names::add));
        BitSet known = new BitSet();
        BtfFunctions.forEach(btf.get(), (id, bytes, from, to) -> {
            int number = names.find(bytes, from, to);
            if (number != NameTable.NONE) {
                known.set(number);
            }
        });
        for (Candidate candidate : candidates) {
            candidate.names().stream()
                    .filter(name -> known.get(names.add(name)))
                    .findFirst()
                    .ifPresent(candidate::prefer);
        }
        return true;
    }

    private @Nullable ForbiddenRanges forbidden(List<String> unknown) {
        try {
            return files.forbidden();
        } catch (BpfException e) {
            unknown.add("not known which functions the kernel forbids: " + e.getMessage());
            return null;
        }
    }
}
