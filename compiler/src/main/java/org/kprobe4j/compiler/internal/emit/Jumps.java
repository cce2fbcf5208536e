package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/** Leaves out blocks that only pass on, branches whose two ways meet at once, and tests that were made just before. */
final class Jumps {
    private Jumps() {}

    static void shorten(LirProgram program) {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (LirBlock block : program.blocks()) {
                block.successors().replaceAll(Jumps::target);
                changed |= passTests(block);
                changed |= dropBranch(block);
            }
        }
        LirBlock first = program.blocks().getFirst();
        Set<LirBlock> reached = reached(first);
        program.blocks().removeIf(block -> block != first && (isEmpty(block) || !reached.contains(block)));
    }

    /** The verifier refuses a program with instructions that nothing leads to. */
    private static Set<LirBlock> reached(LirBlock first) {
        var reached = new HashSet<>(List.of(first));
        var work = new ArrayDeque<>(reached);
        while (!work.isEmpty()) {
            work.pop().successors().stream().filter(reached::add).forEach(work::push);
        }
        return reached;
    }

    private static boolean dropBranch(LirBlock block) {
        List<LirBlock> successors = block.successors();
        if (successors.size() < 2 || successors.getFirst() != successors.getLast()) {
            return false;
        }
        successors.removeLast();
        return block.code().removeIf(Lir.Branch.class::isInstance);
    }

    /** Goes past a block that does nothing but repeat the test that led to it. */
    private static boolean passTests(LirBlock block) {
        Lir.Branch branch = branch(block);
        boolean changed = false;
        for (int way = 0; branch != null && way < 2; way++) {
            LirBlock next = block.successors().get(way);
            Lir.Branch test = branch(next);
            boolean repeats = test != null
                    && branch.repeats(test)
                    && next != block
                    && next.code().stream().allMatch(i -> i instanceof Lir.At || i instanceof Lir.Branch);
            if (repeats && next.successors().get(way) != next) {
                block.successors().set(way, next.successors().get(way));
                changed = true;
            }
        }
        return changed;
    }

    private static Lir.@Nullable Branch branch(LirBlock block) {
        return block.successors().size() == 2 && block.code().getLast() instanceof Lir.Branch branch ? branch : null;
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
