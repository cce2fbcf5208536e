package org.kprobe4j.compiler.internal.ir;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Value.Constant;

/**
 * Takes ways whose branch is known past it: a boolean that a method returns as true or false, or that a condition leaves as 1
 * or 0, is not made and tested again. A block that does nothing but branch on a phi is left out by the ways that bring a
 * constant.
 */
final class KnownBranches {
    private final Graph graph;
    private final Map<Value, Set<Block>> users = new HashMap<>();

    private KnownBranches(Graph graph) {
        this.graph = graph;
    }

    static void run(Graph graph) {
        while (new KnownBranches(graph).pass()) {
            // One block that is left out may make the next one known.
        }
    }

    private boolean pass() {
        joinStraightLines();
        List<Block> order = graph.reversePostorder();
        order.forEach(this::noteUses);
        boolean changed = false;
        for (Block block : order) {
            if (block.operations().isEmpty()
                    && !block.phis().isEmpty()
                    && block.end() instanceof End.Branch branch
                    && !block.predecessors().contains(block)
                    && phisStayInside(block)) {
                changed |= leaveOut(block, branch, new HashSet<>(order));
            }
        }
        return changed;
    }

    /** Calls leave chains of blocks: what always follows one block alone becomes part of it. */
    private void joinStraightLines() {
        for (Block block : graph.reversePostorder()) {
            while (block.end() instanceof End.Goto(Block next, Position position)
                    && next != block
                    && next != graph.entry()
                    && next.predecessors().size() == 1
                    && next.phis().isEmpty()) {
                block.absorb(next);
            }
        }
    }

    private void noteUses(Block block) {
        for (Value.Phi phi : block.phis()) {
            for (int i = 0; i < phi.inputs().length; i++) {
                use(phi.inputs()[i], block);
            }
        }
        block.operations().forEach(operation -> List.of(operation.arguments()).forEach(a -> use(a, block)));
        if (block.end() instanceof End.Branch branch) {
            use(branch.a(), block);
            use(branch.b(), block);
        }
    }

    private void use(Value value, Block block) {
        users.computeIfAbsent(value, _ -> new HashSet<>()).add(block);
    }

    /** Whether nothing but the branch asks for the block's phis; else values would have to be joined anew further on. */
    private boolean phisStayInside(Block block) {
        return block.phis().stream().allMatch(phi -> Set.of(block).containsAll(users.getOrDefault(phi, Set.of())));
    }

    private static boolean leaveOut(Block block, End.Branch branch, Set<Block> reachable) {
        boolean changed = false;
        for (Block from : new ArrayList<>(block.predecessors())) {
            int index = block.predecessors().indexOf(from);
            Constant a = known(branch.a(), block, index);
            Constant b = known(branch.b(), block, index);
            if (a == null || b == null || !reachable.contains(from)) {
                continue;
            }
            Block to = branch.cond().holds(a.value(), b.value()) ? branch.yes() : branch.no();
            if (!from.end().successors().contains(to)) {
                redirect(from, block, to);
                changed = true;
            }
        }
        return changed;
    }

    private static @Nullable Constant known(Value value, Block block, int index) {
        Value there = value instanceof Value.Phi phi && phi.block() == block ? phi.inputs()[index] : value;
        return there instanceof Constant constant ? constant : null;
    }

    private static void redirect(Block from, Block past, Block to) {
        int index = to.predecessors().indexOf(past);
        to.phis().forEach(phi -> phi.add(phi.inputs()[index]));
        to.addPredecessor(from);
        from.redirect(past, to);
        past.removePredecessor(from);
    }
}
