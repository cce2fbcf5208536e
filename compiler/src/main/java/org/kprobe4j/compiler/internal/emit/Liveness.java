package org.kprobe4j.compiler.internal.emit;

import java.util.BitSet;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/** Which registers hold a value that is still needed, at the end of each block. */
final class Liveness {
    private final BitSet[] liveOut;
    private final BitSet[] liveIn;

    Liveness(LirProgram program) {
        liveOut = new BitSet[program.blockCount()];
        liveIn = new BitSet[program.blockCount()];
        for (LirBlock block : program.blocks()) {
            liveOut[block.id()] = new BitSet();
            liveIn[block.id()] = new BitSet();
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (LirBlock block : program.blocks().reversed()) {
                changed |= update(block);
            }
        }
    }

    private boolean update(LirBlock block) {
        BitSet out = liveOut[block.id()];
        block.successors().forEach(successor -> out.or(liveIn[successor.id()]));
        var live = (BitSet) out.clone();
        for (Lir instruction : block.code().reversed()) {
            step(instruction, live);
        }
        boolean changed = !live.equals(liveIn[block.id()]);
        liveIn[block.id()] = live;
        return changed;
    }

    /** Goes back over one instruction. */
    static void step(Lir instruction, BitSet live) {
        Effects.forEachDefinition(instruction, live::clear);
        Effects.forEachUse(instruction, live::set);
    }

    BitSet liveOut(LirBlock block) {
        return (BitSet) liveOut[block.id()].clone();
    }
}
