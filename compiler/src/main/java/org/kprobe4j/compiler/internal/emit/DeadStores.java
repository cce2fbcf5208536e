package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/**
 * Drops stores into the frame that are overwritten before anything reads them: the zeroes under private data that a handler
 * sets. A helper with arguments is taken to read all of the frame, one without to read nothing.
 */
public final class DeadStores {
    private final LirProgram program;
    /** Bytes below the frame pointer that are read before they are written again, at the start of each block. */
    private final Map<LirBlock, BitSet> readFrom = new HashMap<>();

    private DeadStores(LirProgram program) {
        this.program = program;
    }

    /** Rewrites a program whose frame no register spills to yet. */
    public static void remove(LirProgram program) {
        var pass = new DeadStores(program);
        boolean changed = true;
        while (changed) {
            changed = false;
            for (LirBlock block : program.blocks().reversed()) {
                changed |= pass.update(block);
            }
        }
        program.blocks().forEach(pass::rewrite);
    }

    private BitSet atEnd(LirBlock block) {
        var read = new BitSet();
        block.successors().forEach(next -> read.or(readFrom.getOrDefault(next, new BitSet())));
        return read;
    }

    private boolean update(LirBlock block) {
        BitSet read = atEnd(block);
        block.code().reversed().forEach(instruction -> step(instruction, read));
        return !read.equals(readFrom.put(block, read));
    }

    private void rewrite(LirBlock block) {
        BitSet read = atEnd(block);
        var kept = new ArrayList<Lir>();
        for (Lir instruction : block.code().reversed()) {
            if (step(instruction, read)) {
                kept.addFirst(instruction);
            }
        }
        block.code(kept);
    }

    /** Goes back over one instruction; false if it stores what nothing reads. */
    private boolean step(Lir instruction, BitSet read) {
        switch (instruction) {
            case Lir.Load(Size size, var dst, int base, int offset)
            when base == Lir.FRAME -> read.set(-offset - size.bytes(), -offset);
            case Lir.AtomicAdd(Size size, int base, int offset, var value)
            when base == Lir.FRAME -> read.set(-offset - size.bytes(), -offset);
            case Lir.Store(Size size, int base, int offset, var value)
            when base == Lir.FRAME -> {
                return overwrites(read, size, offset);
            }
            case Lir.StoreImm(Size size, int base, int offset, var value)
            when base == Lir.FRAME -> {
                return overwrites(read, size, offset);
            }
            case Lir.Call call when call.arguments() > 0 -> read.set(0, program.frameBytes());
            default -> {}
        }
        return true;
    }

    private static boolean overwrites(BitSet read, Size size, int offset) {
        int first = -offset - size.bytes();
        boolean needed = read.nextSetBit(first) >= 0 && read.nextSetBit(first) < -offset;
        read.clear(first, -offset);
        return needed;
    }
}
