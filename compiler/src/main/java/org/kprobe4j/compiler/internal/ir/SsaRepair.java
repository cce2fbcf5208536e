package org.kprobe4j.compiler.internal.ir;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * After a block with a phi was left out: each use of the phi takes the value of the way on which it is reached, joined anew where
 * such ways meet.
 *
 * <p>Source: M. Braun et al.: Simple and Efficient Construction of Static Single Assignment Form, 2013.
 */
final class SsaRepair {
    private final Value.Phi gone;
    /** The value at the end of a block. */
    private final Map<Block, Value> atEnd;

    private final Map<Block, Value> atStart = new HashMap<>();
    private final Set<Block> reachable;

    /** {@code atEnd} says the value at the end of each block that the way through the phi's block began with. */
    SsaRepair(Value.Phi gone, Map<Block, Value> atEnd, Set<Block> reachable) {
        this.gone = gone;
        this.atEnd = atEnd;
        this.reachable = reachable;
    }

    void run(List<Block> blocks) {
        for (Block block : blocks) {
            for (Value.Phi phi : List.copyOf(block.phis())) {
                for (int i = 0; i < phi.inputs().length; i++) {
                    if (phi.inputs()[i] == gone) {
                        phi.inputs()[i] = end(block.predecessors().get(i));
                    }
                }
            }
            for (Value.Operation operation : block.operations()) {
                for (int i = 0; i < operation.arguments().length; i++) {
                    if (operation.arguments()[i] == gone) {
                        operation.arguments()[i] = start(block);
                    }
                }
            }
            if (block.end() instanceof End.Branch b && (b.a() == gone || b.b() == gone)) {
                Value here = start(block);
                block.replaceEnd(new End.Branch(
                        b.cond(),
                        b.a() == gone ? here : b.a(),
                        b.b() == gone ? here : b.b(),
                        b.yes(),
                        b.no(),
                        b.position()));
            }
        }
    }

    private Value end(Block block) {
        Value known = atEnd.get(block);
        return known != null ? known : start(block);
    }

    private Value start(Block block) {
        Value known = atStart.get(block);
        if (known != null) {
            return known;
        }
        List<Block> ways =
                block.predecessors().stream().filter(reachable::contains).toList();
        if (ways.size() == 1 && block.predecessors().size() == 1) {
            Value only = end(ways.getFirst());
            atStart.put(block, only);
            return only;
        }
        Value.Phi phi = block.phi(gone.kind());
        atStart.put(block, phi);
        for (Block from : block.predecessors()) {
            // What nothing reaches brings nothing.
            phi.add(reachable.contains(from) ? end(from) : new Value.Constant(gone.kind(), 0));
        }
        return phi;
    }
}
