package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Size;
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
    private final Map<Integer, Integer> contextReads = new HashMap<>();

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

    /** Notes that a register in the context is read, at its byte offset. */
    void readsContext(int offset, Size size) {
        contextReads.merge(offset, size.bytes(), Math::max);
    }

    /** Whether a stack is walked from the registers in the context. */
    public boolean walksStack() {
        return walksFromContext;
    }

    /** The registers of its context that it reads, apart from what walks of stacks and the keys of calls need, with how many bytes. */
    public Map<String, Integer> contextReads(Architecture machine) {
        var reads = new LinkedHashMap<String, Integer>();
        machine.registers().forEach((name, offset) -> {
            Integer bytes = contextReads.get(offset);
            if (bytes != null) {
                reads.put(name, bytes);
            }
        });
        return reads;
    }

    /** The registers of its context that it needs, but for the one that a call in flight is known by. */
    public Set<String> contextRegisters(Architecture machine) {
        var names = new HashSet<String>(walksFromContext ? machine.stackWalkers() : List.of());
        names.addAll(contextReads(machine).keySet());
        return names;
    }

    /** Number of blocks ever made. */
    public int blockCount() {
        return nextBlock;
    }
}
