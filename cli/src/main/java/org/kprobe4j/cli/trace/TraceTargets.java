package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.kprobe4j.cli.expression.ExpressionException;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.cli.tool.TargetFunctions;

/**
 * What is to be traced, by what is read of it.
 *
 * @param groups functions of which the same is read
 * @param remarks what is left out and why, a line each
 */
record TraceTargets(List<Group> groups, List<String> remarks) {
    /**
     * Functions of which the same is read.
     *
     * @param target names them
     * @param shared what is read
     * @param views how each is shown, by its name
     */
    record Group(String target, FunctionPlan.Shared shared, Map<String, FunctionView> views) {}

    /** Puts functions together of which the same is read; leaves those out that an expression does not fit. */
    static TraceTargets group(
            String target, List<TargetFunctions.Named> functions, Function<Signature, FunctionPlan> planner) {
        var names = new LinkedHashMap<FunctionPlan.Shared, List<String>>();
        var views = new LinkedHashMap<FunctionPlan.Shared, Map<String, FunctionView>>();
        var left = new ArrayList<String>();
        ExpressionException first = null;
        for (TargetFunctions.Named named : functions) {
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
        return new TraceTargets(
                groups,
                first == null
                        ? List.of()
                        : List.of(TargetFunctions.leftOut(
                                left,
                                "that the expression does not fit",
                                String.valueOf(first.getMessage())
                                        .lines()
                                        .findFirst()
                                        .orElse(""))));
    }
}
