package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayList;
import java.util.List;

/** A program before registers are assigned. */
public final class LirProgram {
    private final List<LirBlock> blocks = new ArrayList<>();
    private int registers = Lir.FIRST_VIRTUAL;
    private int frameBytes;

    /** Its blocks; the first one is the entry. */
    public List<LirBlock> blocks() {
        return blocks;
    }

    /** A block that is not in the program's order yet. */
    LirBlock block(int loopDepth) {
        return new LirBlock(nextBlock++, loopDepth);
    }

    private int nextBlock;

    /** A fresh virtual register. */
    public int register() {
        return registers++;
    }

    /** Number of registers, the machine's own counted. */
    public int registers() {
        return registers;
    }

    /** Takes room in the stack frame.
     *
     * @return its offset from the frame pointer, negative, a multiple of eight
     */
    public int frame(int bytes) {
        frameBytes += (bytes + 7) & -8;
        return -frameBytes;
    }

    /** Bytes of stack that the program needs. */
    public int frameBytes() {
        return frameBytes;
    }

    /** Number of blocks ever made. */
    public int blockCount() {
        return nextBlock;
    }
}
