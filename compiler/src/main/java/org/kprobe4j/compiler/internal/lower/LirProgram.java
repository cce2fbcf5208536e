package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.Architecture;

/** A program before registers are assigned. */
public final class LirProgram {
    private final List<LirBlock> blocks = new ArrayList<>();
    private int registers = Lir.FIRST_VIRTUAL;
    private final BitSet pinned = new BitSet();
    private int frameBytes;
    private int scratchBytes;
    private int mostSpilled;
    private Lir.@Nullable At crowded;

    /** Its blocks; the first one is the entry. */
    public List<LirBlock> blocks() {
        return blocks;
    }

    /** A block that is not in the program's order yet. */
    LirBlock block(int loopDepth) {
        return new LirBlock(nextBlock++, loopDepth);
    }

    private int nextBlock;
    private boolean walksFromContext;
    private final BitSet contextReads = new BitSet();

    /** A fresh virtual register. */
    public int register() {
        return registers++;
    }

    /**
     * A fresh virtual register that never lives in the frame: what the verifier knows of a number's bounds is lost there. To be
     * used for few instructions, or no assignment is found. Source: check_stack_write() in kernel/bpf/verifier.c before 5.16.
     */
    int pinnedRegister() {
        pinned.set(registers);
        return registers++;
    }

    /** The registers that must not be kept in the frame. */
    public BitSet pinned() {
        return pinned;
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

    /** Size of the scratch memory, 0 if there is none. */
    public int scratchBytes() {
        return scratchBytes;
    }

    void scratchBytes(int bytes) {
        scratchBytes = bytes;
    }

    /** Sets the size of the frame, when its parts were moved together. */
    public void frameBytes(int bytes) {
        frameBytes = bytes;
    }

    /** Notes where the most values live in the frame at the same time. */
    public void crowded(int values, Lir.@Nullable At line) {
        mostSpilled = values;
        crowded = line;
    }

    /** How many values live in the frame at the same time, at most. */
    public int mostSpilled() {
        return mostSpilled;
    }

    /** The line where they are that many; null if it has none. */
    public Lir.@Nullable At crowdedLine() {
        return crowded;
    }

    /** Notes that a stack is walked from the registers in the context. */
    void walksFromContext() {
        walksFromContext = true;
    }

    /** Notes what is read at a register's address, that of the context. */
    void readsContext(int context) {
        for (LirBlock block : blocks) {
            for (Lir instruction : block.code()) {
                if (instruction instanceof Lir.Load load && load.base() == context) {
                    contextReads.set(load.offset());
                }
            }
        }
    }

    /** The registers of its context that it reads. */
    public Set<String> contextRegisters(Architecture machine) {
        var names = new HashSet<String>(walksFromContext ? machine.stackWalkers() : List.of());
        machine.registers().forEach((name, offset) -> {
            if (contextReads.get(offset)) {
                names.add(name);
            }
        });
        return names;
    }

    /** Number of blocks ever made. */
    public int blockCount() {
        return nextBlock;
    }
}
