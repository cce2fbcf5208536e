package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.internal.targets.Place;
import org.kprobe4j.internal.targets.TargetResolver;

/**
 * Functions of a target whose return values are read alike: one probe for each group.
 *
 * @param target they, as a target
 * @param signature of one function its own; of several what they return, and no parameters
 */
record CallGroup(String target, Signature signature) {
    private static final int FEW = 5;

    /** Expressions over their calls. */
    Expressions expressions() {
        return Expressions.over(signature);
    }

    /** All functions of a target as one group, whatever they return. */
    static List<CallGroup> together(String target) {
        return List.of(new CallGroup(target, Signature.unknown(target)));
    }

    /** The same, with those that return nothing where errors are not asked for. */
    static List<CallGroup> byResultOrVoid(String target, boolean needsResult) {
        List<CallGroup> groups = needsResult ? byResult(target) : merged(all(target));
        return groups.isEmpty() ? together(target) : groups;
    }

    /**
     * The functions of a target by what they return. Those that return nothing are left out, which standard error tells.
     *
     * @throws KprobeException if none returns anything
     */
    static List<CallGroup> byResult(String target) {
        List<CallGroup> groups = all(target);
        // Nothing matched: the probe says why.
        return groups.isEmpty() ? together(target) : merged(returning(target, groups));
    }

    private static List<CallGroup> all(String target) {
        if (Targets.isOne(target)) {
            String function = target.substring(target.indexOf(':') + 1);
            return List.of(new CallGroup(target, Signature.of(function)));
        }
        var groups = new ArrayList<CallGroup>();
        for (Place place : TargetResolver.running().resolve(target).places()) {
            Place.Function function = place.function();
            String name = (function.module() == null ? "" : function.module() + ":") + function.name();
            groups.add(new CallGroup(name, Signature.of(function.name())));
        }
        return groups;
    }

    private boolean isVoid() {
        return signature.types() != null && signature.result() == 0;
    }

    private static List<CallGroup> returning(String target, List<CallGroup> all) {
        List<String> without =
                all.stream().filter(CallGroup::isVoid).map(CallGroup::target).toList();
        if (without.size() == all.size()) {
            throw new KprobeException("%s: %s (void); kprobe latency tells how long %s"
                    .formatted(
                            target,
                            all.size() == 1 ? "it returns nothing" : "these functions return nothing",
                            all.size() == 1 ? "it takes" : "they take"));
        }
        if (!without.isEmpty()) {
            System.err.println("kprobe: left out, for %s nothing (void): %s%s"
                    .formatted(
                            without.size() == 1 ? "it returns" : "they return",
                            String.join(", ", without.subList(0, Math.min(FEW, without.size()))),
                            without.size() > FEW ? " and %d more".formatted(without.size() - FEW) : ""));
        }
        return all.stream().filter(group -> !group.isVoid()).toList();
    }

    private static List<CallGroup> merged(List<CallGroup> all) {
        var byType = new LinkedHashMap<Result, List<CallGroup>>();
        for (CallGroup one : all) {
            byType.computeIfAbsent(Result.of(one.signature()), _ -> new ArrayList<>())
                    .add(one);
        }
        return byType.values().stream().map(CallGroup::merge).toList();
    }

    /** The type of a return value, in which BTF. */
    private record Result(@Nullable Btf types, int type) {
        static Result of(Signature signature) {
            Btf types = signature.types();
            return new Result(types, types == null ? 0 : types.resolveId(signature.result()));
        }
    }

    private static CallGroup merge(List<CallGroup> alike) {
        if (alike.size() == 1) {
            return alike.getFirst();
        }
        String target = String.join(",", alike.stream().map(CallGroup::target).toList());
        Signature first = alike.getFirst().signature();
        return new CallGroup(target, new Signature(target, first.types(), List.of(), first.result()));
    }
}
