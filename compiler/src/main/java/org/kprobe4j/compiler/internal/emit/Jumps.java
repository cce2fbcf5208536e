package org.kprobe4j.compiler.internal.emit;

import java.util.List;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/** Leaves out blocks that only pass on, and branches whose two ways meet at once. */
final class Jumps {
    private Jumps() {}

    static void shorten(LirProgram program) {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (LirBlock block : program.blocks()) {
                block.successors().replaceAll(Jumps::target);
                changed |= dropBranch(block);
            }
        }
        LirBlock first = program.blocks().getFirst();
        program.blocks().removeIf(block -> block != first && isEmpty(block));
    }

    private static boolean dropBranch(LirBlock block) {
        List<LirBlock> successors = block.successors();
        if (successors.size() < 2 || successors.getFirst() != successors.getLast()) {
            return false;
        }
        successors.removeLast();
        return block.code().removeIf(Lir.Branch.class::isInstance);
    }

    private static boolean isEmpty(LirBlock block) {
        return block.successors().size() == 1
                && block.successors().getFirst() != block
                && block.code().stream().allMatch(Lir.At.class::isInstance);
    }

    private static LirBlock target(LirBlock block) {
        LirBlock current = block;
        while (isEmpty(current)) {
            current = current.successors().getFirst();
        }
        return current;
    }
}
