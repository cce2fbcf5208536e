package org.kprobe4j.compiler.internal.ir;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Removes branches that are known, repeated operations, phis that join one value only, and what nothing uses. */
public final class Simplify {
    private final List<Block> order;
    private final Map<Value, Value> replaced = new HashMap<>();

    private Simplify(Graph graph) {
        this.order = graph.reversePostorder();
    }

    /** Simplifies a graph in place. */
    public static void run(Graph graph) {
        var widening = new Simplify(graph);
        if (widening.widenKnownPhis()) {
            widening.rewrite();
            widening.removeUnused();
        }
        KnownBranches.run(graph);
        var pass = new Simplify(graph);
        pass.dropUnreachablePredecessors();
        pass.shareWithinBlocks();
        pass.removeTrivialPhis();
        pass.rewrite();
        pass.removeUnused();
    }

    /** A condition's 1 or 0 that is made a long is a long from the beginning: {@link KnownBranches} then sees it tested. */
    private boolean widenKnownPhis() {
        for (Block block : order) {
            for (Value.Operation operation : block.operations()) {
                if ((operation.opcode() instanceof Opcode.Extend || operation.opcode() instanceof Opcode.ZeroExtend)
                        && operation.argument(0) instanceof Value.Phi phi
                        && Arrays.stream(phi.inputs())
                                .allMatch(input -> input instanceof Value.Constant known && known.value() >= 0)) {
                    replaced.put(operation, widened(phi));
                }
            }
        }
        return !replaced.isEmpty();
    }

    private static Value.Phi widened(Value.Phi phi) {
        Value.Phi wide = phi.block().phi(Kind.LONG);
        for (Value input : phi.inputs()) {
            wide.add(GraphBuilder.constant(((Value.Constant) input).value()));
        }
        return wide;
    }

    /** An excluded way leaves blocks that nothing reaches; phis must not wait for them. */
    private void dropUnreachablePredecessors() {
        Set<Block> reachable = new HashSet<>(order);
        for (Block block : order) {
            List.copyOf(block.predecessors()).stream()
                    .filter(p -> !reachable.contains(p))
                    .forEach(block::removePredecessor);
        }
    }

    /**
     * What has no effect and the same operands gives the same: once for each block; a helper's answer, which costs a call, also in
     * the blocks that come after one other only.
     */
    private void shareWithinBlocks() {
        record Key(Opcode opcode, List<Value> arguments) {
            // Written out, and without the opcode's: a record's own are linked at run time, kind by kind.
            @Override
            public boolean equals(@Nullable Object other) {
                return other instanceof Key key && key.arguments.equals(arguments) && key.opcode.equals(opcode);
            }

            @Override
            public int hashCode() {
                return 31 * opcode.getClass().hashCode() + arguments.hashCode();
            }
        }
        var answers = new HashMap<Block, Map<Key, Value>>();
        for (Block block : order) {
            var seen = new HashMap<Key, Value>();
            if (block.predecessors().size() == 1) {
                seen.putAll(answers.getOrDefault(block.predecessors().getFirst(), Map.of()));
            }
            block.operations().removeIf(operation -> {
                if (operation.opcode().hasEffect()) {
                    return false;
                }
                List<Value> arguments =
                        Arrays.stream(operation.arguments()).map(this::find).toList();
                Value first = seen.putIfAbsent(new Key(operation.opcode(), arguments), operation);
                if (first == null) {
                    return false;
                }
                replaced.put(operation, first);
                return true;
            });
            seen.keySet().removeIf(key -> !(key.opcode() instanceof Opcode.HelperCall));
            answers.put(block, seen);
        }
    }

    private void removeTrivialPhis() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Block block : order) {
                for (Value.Phi phi : List.copyOf(block.phis())) {
                    Value only = onlyInput(phi);
                    if (only != null) {
                        replaced.put(phi, only);
                        block.phis().remove(phi);
                        changed = true;
                    }
                }
            }
        }
    }

    private @Nullable Value onlyInput(Value.Phi phi) {
        Value only = null;
        for (Value input : phi.inputs()) {
            Value current = find(input);
            if (current == phi || current.equals(only)) {
                continue;
            }
            if (only != null) {
                return null;
            }
            only = current;
        }
        return only;
    }

    private Value find(Value value) {
        Value current = value;
        for (Value next = replaced.get(current); next != null; next = replaced.get(current)) {
            current = next;
        }
        return current;
    }

    private void rewrite() {
        UnaryOperator<Value> find = this::find;
        for (Block block : order) {
            block.phis().forEach(phi -> replaceAll(phi.inputs(), find));
            block.operations().forEach(operation -> replaceAll(operation.arguments(), find));
            if (block.end() instanceof End.Branch b) {
                block.replaceEnd(new End.Branch(b.cond(), find(b.a()), find(b.b()), b.yes(), b.no(), b.position()));
            }
        }
    }

    private static void replaceAll(Value[] values, UnaryOperator<Value> find) {
        for (int i = 0; i < values.length; i++) {
            values[i] = find.apply(values[i]);
        }
    }

    private void removeUnused() {
        Set<Value> used = new HashSet<>();
        var work = new ArrayDeque<Value>();
        for (Block block : order) {
            block.operations().stream().filter(o -> o.opcode().hasEffect()).forEach(work::add);
            if (block.end() instanceof End.Branch branch) {
                work.addAll(List.of(branch.a(), branch.b()));
            }
        }
        while (!work.isEmpty()) {
            Value value = work.pop();
            if (!used.add(value)) {
                continue;
            }
            switch (value) {
                case Value.Phi phi -> work.addAll(List.of(phi.inputs()));
                case Value.Operation operation -> work.addAll(List.of(operation.arguments()));
                case Value.Constant _ -> {}
            }
        }
        for (Block block : order) {
            block.phis().removeIf(phi -> !used.contains(phi));
            block.operations().removeIf(operation -> !used.contains(operation));
        }
    }
}
