package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayList;
import java.util.List;

/** A basic block of {@link Lir}. It ends with an Exit, with a Branch and two successors, or goes on at its one successor. */
public final class LirBlock {
    private final int id;
    private final int loopDepth;
    private final List<LirBlock> successors = new ArrayList<>();
    private List<Lir> code = new ArrayList<>();

    LirBlock(int id, int loopDepth) {
        this.id = id;
        this.loopDepth = loopDepth;
    }

    /** Number within its program. */
    public int id() {
        return id;
    }

    /** How many loops are around it. */
    public int loopDepth() {
        return loopDepth;
    }

    /** Its instructions. */
    public List<Lir> code() {
        return code;
    }

    /** Replaces its instructions. */
    public void code(List<Lir> instructions) {
        code = instructions;
    }

    /** The blocks that may follow. */
    public List<LirBlock> successors() {
        return successors;
    }
}
