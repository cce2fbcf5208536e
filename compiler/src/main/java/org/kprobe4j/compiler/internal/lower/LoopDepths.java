package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.kprobe4j.compiler.internal.ir.Block;

/** How many loops are around each block: what is used there is used more often. */
final class LoopDepths {
    private final Map<Block, Integer> depths = new HashMap<>();

    LoopDepths(List<Block> order) {
        var index = new HashMap<Block, Integer>();
        for (int i = 0; i < order.size(); i++) {
            index.put(order.get(i), i);
        }
        for (Block block : order) {
            for (Block successor : block.end().successors()) {
                if (index.getOrDefault(successor, 0) <= index.getOrDefault(block, 0)) {
                    body(successor, block).forEach(member -> depths.merge(member, 1, Integer::sum));
                }
            }
        }
    }

    private static Set<Block> body(Block header, Block last) {
        Set<Block> body = new HashSet<>();
        body.add(header);
        var work = new ArrayDeque<Block>(List.of(last));
        while (!work.isEmpty()) {
            Block block = work.pop();
            if (body.add(block)) {
                work.addAll(block.predecessors());
            }
        }
        return body;
    }

    int of(Block block) {
        return depths.getOrDefault(block, 0);
    }
}
