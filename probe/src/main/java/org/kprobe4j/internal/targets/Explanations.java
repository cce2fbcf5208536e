package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.symbols.LoadedModule;
import org.kprobe4j.bpf.symbols.Symbol;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.NearestNames;
import org.kprobe4j.btf.ParameterType;
import org.kprobe4j.internal.targets.LeftOut.Reason;
import org.kprobe4j.internal.targets.TargetSpec.Clause;

/** Says of each clause that gave no place why, as far as the kernel's files tell. */
final class Explanations {
    private static final int MAX_NAMES = 3;

    /** What the kernel's symbols call the module of code that is made at run time. */
    private static final Set<String> MADE_AT_RUN_TIME = Set.of("bpf", "__builtin__ftrace", "__builtin__kprobes");

    private static final String KFUNC_SUFFIX = "_impl";

    private final FunctionFiles files;
    private final FunctionIndex index;
    private final KernelTypes types;
    private final List<Clause> clauses;
    private final List<@Nullable TypedNames> typed;
    private final List<@Nullable Symbol> symbols;
    private final Classifier classifier;
    private final List<LoadedModule> modules;
    private final List<LeftOut> variables = new ArrayList<>();

    Explanations(
            FunctionFiles files,
            FunctionIndex index,
            KernelTypes types,
            List<Clause> clauses,
            List<@Nullable TypedNames> typed,
            List<@Nullable Symbol> symbols,
            Classifier classifier,
            List<LoadedModule> modules) {
        this.files = files;
        this.index = index;
        this.types = types;
        this.clauses = clauses;
        this.typed = typed;
        this.symbols = symbols;
        this.classifier = classifier;
        this.modules = modules;
    }

    List<Resolution.Unmatched> all() {
        List<Integer> without = new ArrayList<>();
        for (int i = 0; i < clauses.size(); i++) {
            if (!clauses.get(i).excluded() && !classifier.hasPlace(i)) {
                without.add(i);
            }
        }
        if (without.isEmpty()) {
            return List.of();
        }
        Suggestions suggestions = suggestions(without);
        return without.stream().map(clause -> explain(clause, suggestions)).toList();
    }

    /** What was named and is a variable; to be asked after {@link #all}. */
    List<LeftOut> variables() {
        return variables;
    }

    /** Looks for near names only for what is not explained otherwise. */
    private Suggestions suggestions(List<Integer> without) {
        var names = new ArrayList<String>();
        var patterns = new ArrayList<Glob>();
        for (int clause : without) {
            if (classifier.leftOutOf(clause).isEmpty()) {
                switch (clauses.get(clause).target()) {
                    case TargetSpec.Symbol symbol when noModule(symbol).isEmpty() -> names.add(symbol.name());
                    case TargetSpec.Matching matching
                    when matching.parameter() == null -> patterns.add(matching.names());
                    default -> {}
                }
            }
        }
        return Suggestions.find(files, index.bounds(), names, patterns);
    }

    private Resolution.Unmatched explain(int clause, Suggestions suggestions) {
        TargetSpec target = clauses.get(clause).target();
        List<LeftOut> left = classifier.leftOutOf(clause);
        if (!left.isEmpty()) {
            return target instanceof TargetSpec.Symbol || target instanceof TargetSpec.Address
                    ? ofOne(target, left)
                    : refused(target, allLeftOut(left));
        }
        return switch (target) {
            case TargetSpec.Symbol symbol -> symbol(symbol, suggestions);
            case TargetSpec.Address _ -> refused(target, address(Objects.requireNonNull(symbols.get(clause))));
            case TargetSpec.Matching matching
            when matching.parameter() != null ->
                refused(target, typed(matching.parameter(), Objects.requireNonNull(typed.get(clause))));
            case TargetSpec.Matching matching ->
                missing(
                        target,
                        noModule(matching.module())
                                .orElseGet(() -> "matches no function" + suggestions.forPattern(matching.names())));
            case TargetSpec.Expression expression ->
                missing(target, noModule(expression.module()).orElse("is found in no function's name"));
            case TargetSpec.Several _ -> throw new IllegalArgumentException("clauses do not nest");
        };
    }

    private static Resolution.Unmatched missing(TargetSpec target, String reason) {
        return new Resolution.Unmatched(target.toString(), Errno.ENOENT, reason);
    }

    private static Resolution.Unmatched refused(TargetSpec target, String reason) {
        return new Resolution.Unmatched(target.toString(), Errno.EINVAL, reason);
    }

    /** What was left out of a clause that is one function or one address. */
    private static Resolution.Unmatched ofOne(TargetSpec target, List<LeftOut> left) {
        if (left.stream().allMatch(one -> one.reason() == Reason.PART)) {
            return missing(
                    target,
                    "the kernel has only parts of it, which the compiler made functions of: %s; name one of them"
                            .formatted(left.stream().map(LeftOut::name).collect(Collectors.joining(", "))));
        }
        LeftOut first = left.stream()
                .filter(one -> one.reason() != Reason.PART)
                .findFirst()
                .orElseThrow();
        String detail = first.detail().isEmpty() ? "" : ": " + first.detail();
        String remedy = switch (first.reason()) {
            case FORBIDDEN -> "; probe a function that calls it";
            case PADDING -> "; probe the function: " + first.name().substring("__pfx_".length());
            default -> "";
        };
        return refused(target, first.reason().text() + detail + remedy);
    }

    private static String allLeftOut(List<LeftOut> left) {
        String reasons = left.stream()
                .map(LeftOut::reason)
                .distinct()
                .sorted()
                .map(Reason::text)
                .collect(Collectors.joining("; "));
        return "none of the %d functions that match can be probed: %s".formatted(left.size(), reasons);
    }

    private Resolution.Unmatched symbol(TargetSpec.Symbol symbol, Suggestions suggestions) {
        Optional<LeftOut> variable = suggestions.variable(symbol);
        if (variable.isPresent()) {
            variables.add(variable.get());
            return refused(symbol, Reason.DATA.text());
        }
        Optional<String> notLoaded = noModule(symbol);
        if (notLoaded.isPresent()) {
            return missing(symbol, notLoaded.get());
        }
        List<String> elsewhere = suggestions.modulesOf(symbol.name());
        if (symbol.module() != null && !elsewhere.isEmpty()) {
            return missing(
                    symbol,
                    "no such function there; there is "
                            + elsewhere.stream()
                                    .map(module -> module + ":" + symbol.name())
                                    .collect(Collectors.joining(", ")));
        }
        return missing(symbol, inlined(symbol).orElseGet(() -> unknown(symbol, suggestions)));
    }

    /** A function that was inlined everywhere is mostly not even in BTF. */
    private static String unknown(TargetSpec.Symbol symbol, Suggestions suggestions) {
        String nearest = suggestions.forFunction(symbol.name());
        return nearest.isEmpty()
                ? "no such function; if the kernel's source has it, the compiler inlined every call: probe a function that calls it"
                : "no such function" + nearest;
    }

    /**
     * BTF is made from what the compiler knew, so it may have functions of which no code of their own was left. Newer versions of pahole
     * leave these out; then nothing in the kernel tells an inlined function from none.
     */
    private Optional<String> inlined(TargetSpec.Symbol symbol) {
        String module = symbol.module();
        if (module == null || module.equals("vmlinux")) {
            Optional<String> kfunc = kfunc(symbol.name());
            if (kfunc.isPresent()) {
                return kfunc;
            }
            Optional<String> kernel = inlined(types.kernel(), symbol.name(), "the kernel");
            if (kernel.isPresent() || module != null) {
                return kernel;
            }
        }
        for (String other : types.modules()) {
            if (module == null || module.equals(other)) {
                Optional<String> found = inlined(types.module(other), symbol.name(), "the module " + other);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    /** BTF has kfuncs with arguments that the verifier adds under a second name. Since kernel: 7.0. Source: resolve_btfids. */
    private Optional<String> kfunc(String name) {
        if (!name.endsWith(KFUNC_SUFFIX)) {
            return Optional.empty();
        }
        String function = name.substring(0, name.length() - KFUNC_SUFFIX.length());
        boolean known = types.kernel().flatMap(btf -> btf.function(name)).isPresent();
        return known && index.has(function)
                ? Optional.of("BTF alone has the name; the function is %s: probe that".formatted(function))
                : Optional.empty();
    }

    private static Optional<String> inlined(Optional<Btf> types, String name, String where) {
        return types.flatMap(btf -> btf.function(name).map(function -> btf.declare(function.id())))
                .map(prototype ->
                        "BTF knows it (%s), but %s has no symbol of it: the compiler inlined every call or dropped it; probe a function that calls it"
                                .formatted(prototype, where));
    }

    private Optional<String> noModule(TargetSpec.Symbol symbol) {
        return noModule(symbol.module() == null ? null : new Glob(symbol.module()));
    }

    /** Nothing if the module is there, or none is named, or it cannot be told. */
    private Optional<String> noModule(@Nullable Glob module) {
        if (module == null || module.toString().equals("vmlinux")) {
            return Optional.empty();
        }
        if (modules.stream().anyMatch(loaded -> module.matches(loaded.name()))) {
            return Optional.empty();
        }
        if (MADE_AT_RUN_TIME.contains(module.toString())) {
            return Optional.of(
                    "not in the text of a module: %s is what the kernel makes at run time".formatted(module));
        }
        if (Glob.hasWildcard(module.toString())) {
            return Optional.of("no loaded module matches " + module);
        }
        List<String> nearest =
                NearestNames.nearest(module.toString(), modules.stream().map(LoadedModule::name), MAX_NAMES);
        return Optional.of("the module %s is not loaded%s"
                .formatted(
                        module,
                        nearest.isEmpty() ? "; modprobe " + module : "; nearest: " + String.join(", ", nearest)));
    }

    private String address(Symbol symbol) {
        if (symbol.module() != null && MADE_AT_RUN_TIME.contains(symbol.module())) {
            return Reason.NOT_TEXT.text() + ": it was made at run time";
        }
        if (symbol.name() != null
                && symbol.module() == null
                && !index.bounds().isText(symbol.address())
                && !index.bounds().isInit(symbol.address())) {
            return Reason.NOT_TEXT.text();
        }
        return symbol.name() == null
                ? "before all symbols of the kernel"
                : "in no function; the symbol before it is %s".formatted(symbol);
    }

    private String typed(ParameterType type, TypedNames names) {
        Optional<Btf> btf = types.kernel();
        if (btf.isEmpty()) {
            return "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), so nothing is known of what functions take";
        }
        if (names.isKnown()) {
            return "no function that matches takes (%s)".formatted(type);
        }
        String tag = type.toString().substring(0, type.toString().indexOf(type.name()));
        Stream<String> all = btf.get().names(type.tag().kinds());
        List<String> nearest = NearestNames.nearest(type.name(), all, MAX_NAMES);
        return "BTF knows no %s%s%s"
                .formatted(
                        tag,
                        type.name(),
                        nearest.isEmpty()
                                ? ""
                                : "; nearest: "
                                        + nearest.stream()
                                                .map(name -> tag + name)
                                                .collect(Collectors.joining(", ")));
    }
}
