package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.ProgramShape;

/** This CPU's word of the map {@link ProgramShape#ARMED_MAP}: 1 from the pre handler's end to the post handler in the same trap. */
final class ArmedWord {
    private final LirBuilder out;

    ArmedWord(LirBuilder out) {
        this.out = out;
    }

    /** Its address; the verifier wants it tested for zero. */
    int address() {
        int key = out.program().frame(Integer.BYTES);
        out.add(new Lir.StoreImm(Size.W, Lir.FRAME, key, 0));
        out.add(new Lir.MapAddress(1, ProgramShape.ARMED_MAP));
        out.add(new Lir.FrameAddress(2, key));
        return out.call(Helper.MAP_LOOKUP_ELEM, 2);
    }

    void set() {
        LirBlock there = out.block();
        LirBlock done = out.block();
        int address = address();
        out.branchImm(JmpOp.JEQ, Width.W64, address, 0, done, there);
        out.place(there);
        out.add(new Lir.StoreImm(Size.DW, address, 0, 1));
        out.jump(done);
        out.place(done);
    }
}
