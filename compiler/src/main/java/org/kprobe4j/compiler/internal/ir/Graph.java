package org.kprobe4j.compiler.internal.ir;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;

/** A handler as a control-flow graph in static single assignment form. */
public final class Graph {
    private final List<Block> blocks = new ArrayList<>();
    private final Block entry = block();

    /** The first block. */
    public Block entry() {
        return entry;
    }

    /** Adds an empty block. */
    public Block block() {
        var block = new Block(blocks.size());
        blocks.add(block);
        return block;
    }

    /** Number of blocks ever made: an upper bound of their ids. */
    public int size() {
        return blocks.size();
    }

    /** The reachable blocks in reverse postorder: a block comes after its predecessors, loops excepted. */
    public List<Block> reversePostorder() {
        var order = new ArrayList<Block>();
        var seen = new BitSet();
        record Step(Block block, int next) {}
        var stack = new ArrayList<Step>();
        stack.add(new Step(entry, 0));
        seen.set(entry.id());
        while (!stack.isEmpty()) {
            Step top = stack.removeLast();
            List<Block> successors = top.block.end().successors();
            // The last successor last: so it comes next in the final order, as it does in the bytecode.
            if (top.next == successors.size()) {
                order.add(top.block);
                continue;
            }
            stack.add(new Step(top.block, top.next + 1));
            Block successor = successors.get(top.next);
            if (!seen.get(successor.id())) {
                seen.set(successor.id());
                stack.add(new Step(successor, 0));
            }
        }
        Collections.reverse(order);
        return order;
    }
}
