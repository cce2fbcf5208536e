package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.ProgramShape;

/**
 * The name of a call in flight: the number of the place, and the stack pointer there. Two calls that are in flight at the same time
 * stand at different stack addresses, so recursion and interrupts keep their own data; two functions that are entered at the same
 * one, as by a tail call, are different places.
 *
 * <p>What a pre handler arms carries the task's id as well. A kretprobe's call does not: its task's id may change before it returns (an
 * execve by a thread that is not its process's first takes over the first one's id), and an entry of a call that never returned is
 * found by the next call on that stack.
 *
 * <pre>
 *   0       4        8               16
 *   +-------+--------+----------------+
 *   | tid|0 | place  | stack pointer  |
 *   +-------+--------+----------------+
 * </pre>
 */
final class CallKey {
    private final LirBuilder out;
    private final ContextLowering context;
    private final PlaceLowering place;
    private final boolean namesTask;
    private final int frameOffset;

    CallKey(LirBuilder out, ContextLowering context, PlaceLowering place, boolean namesTask) {
        this.place = place;
        this.namesTask = namesTask;
        this.out = out;
        this.context = context;
        this.frameOffset = out.program().frame(ProgramShape.CALL_KEY_BYTES);
    }

    /** Writes the key into the frame. */
    void write() {
        writeFor(context.callAddress());
    }

    /** The same for a stack pointer in a register. */
    void writeFor(int stackPointer) {
        out.add(new Lir.Store(Size.DW, Lir.FRAME, frameOffset + Long.BYTES, stackPointer));
        if (namesTask) {
            int task = out.call(Helper.GET_CURRENT_PID_TGID, 0);
            out.add(new Lir.Store(Size.W, Lir.FRAME, frameOffset, task));
        } else {
            out.add(new Lir.StoreImm(Size.W, Lir.FRAME, frameOffset, 0));
        }
        place.store(frameOffset + Integer.BYTES);
    }

    private void mapAndKey() {
        out.add(new Lir.MapAddress(1, ProgramShape.CALLS_MAP));
        out.add(new Lir.FrameAddress(2, frameOffset));
    }

    /** The value's address, or zero. */
    int lookup() {
        mapAndKey();
        return out.call(Helper.MAP_LOOKUP_ELEM, 2);
    }

    /** Stores the bytes at an offset from a register; zero, or a negative errno: a C int. */
    int update(int valueBase, int valueOffset, int flags) {
        mapAndKey();
        if (valueBase == Lir.FRAME) {
            out.add(new Lir.FrameAddress(3, valueOffset));
        } else {
            out.add(new Lir.Move(3, valueBase));
            out.aluImm(AluOp.ADD, Width.W64, 3, valueOffset);
        }
        out.add(new Lir.Const(4, flags, true));
        return out.call(Helper.MAP_UPDATE_ELEM, 4);
    }

    void delete() {
        mapAndKey();
        out.add(new Lir.Call(Helper.MAP_DELETE_ELEM, 2));
    }

    /** Removes the entry; zero, or a negative errno if there was none: a C int. */
    int deleted() {
        delete();
        return out.copy(0);
    }
}
