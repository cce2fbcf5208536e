package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.ExpressionException;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.internal.targets.Place;
import org.kprobe4j.internal.targets.Resolution;
import org.kprobe4j.internal.targets.TargetResolver;
import org.kprobe4j.internal.targets.TargetSpec;
import org.kprobe4j.internal.targets.TargetSyntaxException;

/**
 * What is to be traced, by what is read of it.
 *
 * @param groups functions of which the same is read
 * @param remarks what is left out and why, a line each
 */
record TraceTargets(List<Group> groups, List<String> remarks) {
    private static final int NAMED = 3;

    /**
     * Functions of which the same is read.
     *
     * @param target names them
     * @param shared what is read
     * @param views how each is shown, by its name
     */
    record Group(String target, FunctionPlan.Shared shared, Map<String, FunctionView> views) {}

    /** A function and how a target names it. */
    record Named(String function, String target) {}

    /** Whether a target names places in functions. */
    static boolean hasOffsets(String target) {
        return TargetText.read(() -> TargetSpec.parse(target)).clauses().stream()
                .anyMatch(clause -> (clause.target() instanceof TargetSpec.Symbol symbol && symbol.offset() != 0)
                        || clause.target() instanceof TargetSpec.Address);
    }

    /** Finds the functions; where a target says itself which they are, the kernel is not asked. */
    static List<Named> find(String target) {
        TargetSpec spec = TargetText.read(() -> TargetSpec.parse(target));
        var named = new ArrayList<Named>();
        for (TargetSpec.Clause clause : spec.clauses()) {
            if (clause.excluded() || !(clause.target() instanceof TargetSpec.Symbol symbol)) {
                return resolve(spec);
            }
            named.add(new Named(symbol.name(), symbol.toString()));
        }
        return named;
    }

    private static List<Named> resolve(TargetSpec spec) {
        Resolution found;
        try {
            found = TargetResolver.running().resolve(spec);
        } catch (RuntimeException e) {
            // That the kernel hides its functions, and how to change that.
            throw new KprobeException("%s: %s".formatted(spec, e.getMessage()));
        }
        if (found.places().isEmpty() && !found.unmatched().isEmpty()) {
            throw new KprobeException(found.unmatched().getFirst().toString());
        }
        return found.places().stream().map(TraceTargets::named).toList();
    }

    private static Named named(Place place) {
        Place.Function function = place.function();
        String target = function.sameName() != null ? "0x%x".formatted(place.address()) : place.toString();
        return new Named(function.name(), target);
    }

    /** Puts functions together of which the same is read; leaves those out that an expression does not fit. */
    static TraceTargets group(String target, List<Named> functions, Function<Signature, FunctionPlan> planner) {
        var names = new LinkedHashMap<FunctionPlan.Shared, List<String>>();
        var views = new LinkedHashMap<FunctionPlan.Shared, Map<String, FunctionView>>();
        var left = new ArrayList<String>();
        ExpressionException first = null;
        for (Named named : functions) {
            try {
                FunctionPlan plan = planner.apply(Signature.of(named.function()));
                names.computeIfAbsent(plan.shared(), _ -> new ArrayList<>()).add(named.target());
                views.computeIfAbsent(plan.shared(), _ -> new LinkedHashMap<>()).put(named.function(), plan.view());
            } catch (ExpressionException e) {
                first = first == null ? e : first;
                left.add(named.function());
            }
        }
        if (first != null && names.isEmpty()) {
            throw first;
        }
        boolean isWhole = names.size() == 1 && left.isEmpty();
        var groups = new ArrayList<Group>();
        names.forEach((shared, targets) -> groups.add(
                new Group(isWhole ? target : String.join(",", targets), shared, views.getOrDefault(shared, Map.of()))));
        return new TraceTargets(groups, first == null ? List.of() : List.of(remark(left, first)));
    }

    private static String remark(List<String> left, ExpressionException why) {
        String names = String.join(", ", left.subList(0, Math.min(NAMED, left.size())));
        return "%d function%s left out that the expression does not fit: %s%s (%s)"
                .formatted(
                        left.size(),
                        left.size() == 1 ? "" : "s",
                        names,
                        left.size() > NAMED ? ", …" : "",
                        String.valueOf(why.getMessage()).lines().findFirst().orElse(""));
    }

    /** Reads targets. */
    private static final class TargetText {
        private TargetText() {}

        static TargetSpec read(java.util.function.Supplier<TargetSpec> parse) {
            try {
                return parse.get();
            } catch (TargetSyntaxException e) {
                throw new KprobeException(String.valueOf(e.getMessage()));
            }
        }
    }
}
