package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.cli.expression.ExpressionException;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.cli.output.Kind;

/**
 * Functions of a target of which the same is asked in the same registers: one probe for each group, and the keys of all groups in one map.
 *
 * @param target names them
 * @param asked of their calls
 */
record FunctionGroup(String target, Asked asked) {
    /** What expressions ask of calls. */
    interface Question {
        /**
         * What they ask of a function's calls.
         *
         * @throws ExpressionException if they do not fit
         */
        Asked of(Expressions over);
    }

    /** Functions that were found, and what is asked of each. */
    private record Fitting(TargetFunctions.Named named, Asked asked) {}

    /**
     * The groups of a target's functions. Those that the expressions do not fit are left out, which standard error tells.
     *
     * @param target functions or places
     * @param named whether anything was written that may name an argument
     * @param needsResult whether what they return is looked at: those that return nothing are left out
     * @param question what is asked
     * @throws KprobeException if the expressions fit none
     */
    static List<FunctionGroup> of(String target, boolean named, boolean needsResult, Question question) {
        boolean isOne = Targets.isOne(target);
        if (!needsResult && !(named && isOne)) {
            try {
                Asked asked = question.of(Targets.unnamed(target));
                if (!named || !asked.isAtReturn()) {
                    return List.of(new FunctionGroup(target, asked));
                }
            } catch (ExpressionException _) {
                // It names an argument, which each function has in its own place.
            }
        }
        return isOne
                ? List.of(new FunctionGroup(target, question.of(Targets.expressions(target))))
                : grouped(target, TargetFunctions.find(target), needsResult, question);
    }

    private static List<FunctionGroup> grouped(
            String target, List<TargetFunctions.Named> functions, boolean needsResult, Question question) {
        var fitting = new ArrayList<Fitting>();
        var misfits = new LinkedHashMap<String, ExpressionException>();
        var silent = new ArrayList<String>();
        for (TargetFunctions.Named function : functions) {
            Signature signature = signature(function);
            if (needsResult && signature.returnsNothing()) {
                silent.add(function.function());
                continue;
            }
            try {
                fitting.add(new Fitting(function, question.of(Expressions.over(signature))));
            } catch (ExpressionException e) {
                misfits.put(function.function(), e);
            }
        }
        if (functions.isEmpty()) {
            // The probe says why.
            return List.of(new FunctionGroup(target, question.of(Targets.unnamed(target))));
        }
        if (fitting.isEmpty()) {
            throw misfits.isEmpty() ? Targets.returnNothing(target, silent.size()) : none(target, misfits);
        }
        if (!silent.isEmpty()) {
            say(TargetFunctions.leftOut(silent, "that return nothing", "void"));
        }
        if (!misfits.isEmpty()) {
            say(TargetFunctions.leftOut(
                    List.copyOf(misfits.keySet()),
                    "that the expression does not fit",
                    firstLine(misfits.firstEntry().getValue())));
        }
        return merged(target, functions.size(), alike(fitting));
    }

    /** Arguments are in their registers at a function's entry only. */
    private static Signature signature(TargetFunctions.Named function) {
        return function.target().contains("+")
                ? Signature.unknown(function.target())
                : Signature.of(function.function());
    }

    /** Of those whose keys are of different kinds, the most. */
    private static List<Fitting> alike(List<Fitting> fitting) {
        var byKinds = new LinkedHashMap<List<?>, List<Fitting>>();
        fitting.forEach(one -> byKinds.computeIfAbsent(one.asked().kinds(), _ -> new ArrayList<>())
                .add(one));
        List<Fitting> most = byKinds.values().stream()
                .max(Comparator.comparingInt(List::size))
                .orElseThrow();
        List<Fitting> others = fitting.stream()
                .filter(one ->
                        !one.asked().kinds().equals(most.getFirst().asked().kinds()))
                .toList();
        if (!others.isEmpty()) {
            say(TargetFunctions.leftOut(
                    others.stream().map(one -> one.named().function()).toList(),
                    "whose keys are of another kind",
                    others.getFirst().asked().difference(most.getFirst().asked())));
        }
        return most;
    }

    private static List<FunctionGroup> merged(String target, int all, List<Fitting> fitting) {
        var byAsked = new LinkedHashMap<Asked, List<String>>();
        fitting.forEach(one -> byAsked.computeIfAbsent(one.asked(), _ -> new ArrayList<>())
                .add(one.named().target()));
        boolean isWhole = byAsked.size() == 1 && fitting.size() == all;
        return byAsked.entrySet().stream()
                .map(entry -> new FunctionGroup(isWhole ? target : String.join(",", entry.getValue()), entry.getKey()))
                .toList();
    }

    /** Names that are nearly right are worth more than that a function takes no arguments. */
    private static KprobeException none(String target, Map<String, ExpressionException> misfits) {
        ExpressionException told = misfits.values().stream()
                .filter(e -> firstLine(e).contains("nearest: "))
                .findFirst()
                .orElse(misfits.values().iterator().next());
        return new KprobeException("the expression fits none of the %d functions of %s: %s"
                .formatted(misfits.size(), target, told.getMessage()));
    }

    private static String firstLine(ExpressionException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static void say(String remark) {
        System.err.println("kprobe: " + remark);
    }

    /** The columns of all groups' keys. A number that some functions take with a sign has one. */
    static List<KeyColumn> columns(List<FunctionGroup> groups) {
        var columns = new ArrayList<>(groups.getFirst().asked().keys());
        for (FunctionGroup group : groups) {
            for (int i = 0; i < columns.size(); i++) {
                KeyColumn key = group.asked().keys().get(i);
                if (columns.get(i).column().kind() == Kind.UNSIGNED
                        && key.column().kind() == Kind.NUMBER) {
                    columns.set(i, key);
                }
            }
        }
        return columns;
    }
}
