package org.kprobe4j.compiler.internal.ir;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.kprobe4j.compiler.CompileException;
import org.kprobe4j.compiler.Diagnostic;

/** Refuses loops that nothing leaves. What is left can end; whether it does so soon enough is for the verifier to say. */
public final class EndlessLoops {
    private EndlessLoops() {}

    /**
     * Checks a graph.
     *
     * @throws CompileException if from some place no way leads to the handler's end
     */
    public static void refuse(Graph graph) {
        List<Block> order = graph.reversePostorder();
        Set<Block> ending = ending(order);
        var index = new HashMap<Block, Integer>();
        order.forEach(block -> index.put(block, index.size()));
        List<Diagnostic> endless = order.stream()
                .filter(block -> !ending.contains(block))
                .filter(block -> block.end().successors().stream()
                        .anyMatch(s -> index.getOrDefault(s, 0) <= index.getOrDefault(block, 0)))
                .map(block -> block.end().position())
                .distinct()
                .map(
                        position -> new Diagnostic(
                                position.file(),
                                position.line(),
                                "this loop never ends; give it a bound that is a constant, for example for (int i = 0; i < 100; i++)"))
                .toList();
        if (!endless.isEmpty()) {
            throw new CompileException(endless);
        }
    }

    /** The blocks from which some way leads to an end. */
    private static Set<Block> ending(List<Block> order) {
        Set<Block> ending = new HashSet<>();
        var work = new ArrayDeque<Block>();
        order.stream().filter(b -> b.end().successors().isEmpty()).forEach(work::add);
        while (!work.isEmpty()) {
            Block block = work.pop();
            if (ending.add(block)) {
                work.addAll(block.predecessors());
            }
        }
        return ending;
    }
}
