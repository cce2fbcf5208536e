package org.kprobe4j.compiler.internal.ir;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.ir.Value.Constant;

/**
 * Takes ways whose branch is known past it: a boolean that a method returns as true or false, or that a condition leaves as 1
 * or 0, is not made and tested again. A block that does nothing but branch on a phi is left out by the ways that bring a
 * constant; if it has phis that are asked for further on, only where all ways do: so a map's entry, or null, is tested once.
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
                    && !block.predecessors().contains(block)) {
                if (phisStayInside(block)) {
                    changed |= leaveOut(block, branch, new HashSet<>(order));
                } else if (isKnownOnAllWays(block, branch, order)) {
                    dissolve(block, branch);
                    return true;
                }
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
            Block to = target(block, branch, from).orElse(null);
            if (to != null
                    && reachable.contains(from)
                    && !from.end().successors().contains(to)) {
                redirect(from, block, to);
                changed = true;
            }
        }
        return changed;
    }

    /** Whether each way into the block, none of them from a loop's end, brings constants and may lead on past it. */
    private static boolean isKnownOnAllWays(Block block, End.Branch branch, List<Block> order) {
        Set<Block> before = new HashSet<>(order.subList(0, order.indexOf(block)));
        return block.predecessors().stream()
                .allMatch(from -> before.contains(from)
                        && target(block, branch, from)
                                .filter(to -> !from.end().successors().contains(to))
                                .isPresent());
    }

    private static Optional<Block> target(Block block, End.Branch branch, Block from) {
        int index = block.predecessors().indexOf(from);
        Constant a = known(branch.a(), block, index);
        Constant b = known(branch.b(), block, index);
        return a == null || b == null
                ? Optional.empty()
                : Optional.of(branch.cond().holds(a.value(), b.value()) ? branch.yes() : branch.no());
    }

    /** Leads all ways past a block, and what was joined in it on to where it is asked for. */
    private void dissolve(Block block, End.Branch branch) {
        List<Block> ways = List.copyOf(block.predecessors());
        List<Value.Phi> phis = List.copyOf(block.phis());
        var inputs = new HashMap<Value.Phi, Map<Block, Value>>();
        for (Value.Phi phi : phis) {
            var atEnd = new HashMap<Block, Value>();
            for (int i = 0; i < ways.size(); i++) {
                atEnd.put(ways.get(i), phi.inputs()[i]);
            }
            inputs.put(phi, atEnd);
        }
        for (Block from : ways) {
            redirect(from, block, target(block, branch, from).orElseThrow());
        }
        branch.successors().forEach(successor -> successor.removePredecessor(block));
        List<Block> order = graph.reversePostorder();
        Set<Block> reachable = new HashSet<>(order);
        phis.forEach(phi -> new SsaRepair(phi, inputs.getOrDefault(phi, Map.of()), reachable).run(order));
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
