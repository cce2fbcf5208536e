package org.kprobe4j.compiler.internal.lower;

import java.util.function.IntSupplier;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.internal.ir.Opcode;

/**
 * Room for one record in a ring buffer, from its reservation until it is submitted.
 *
 * <p>The trap of a breakpoint counts as an NMI, and there bpf_ringbuf_reserve() gives up at once when another CPU holds the ring's lock,
 * which it does for some dozen instructions. So where there is room the program tries again, out of the way of the hits that succeed
 * at once. Source: __bpf_ringbuf_reserve in kernel/bpf/ringbuf.c.
 */
final class RingReservation {
    /** After the first attempt. Verifiers before 6.1 follow what fills the record once for each of them. */
    static final int MORE_ATTEMPTS = 16;
    /** {@code BPF_RINGBUF_HDR_SZ} of include/uapi/linux/bpf.h. */
    private static final int HEADER_BYTES = 8;
    /** {@code BPF_RB_AVAIL_DATA}, likewise. */
    private static final int AVAIL_DATA = 0;

    private final LirBuilder out;
    private final Opcode.Emit emit;
    private final IntSupplier frameWord;
    private final int record;
    private final LirBlock fill;
    private final LirBlock done;

    /** {@code frameWord} gives the place of a word in the frame, if it is needed. */
    RingReservation(LirBuilder out, Opcode.Emit emit, IntSupplier frameWord) {
        this.out = out;
        this.emit = emit;
        this.frameWord = frameWord;
        // Pinned: the verifier of 5.10 does not keep a record's address in the frame (is_spillable_regtype).
        this.record = out.program().pinnedRegister();
        this.fill = out.block();
        this.done = out.block();
    }

    /** Goes on where the record is to be filled; its address in a register. */
    int make() {
        reserve();
        LirBlock failed = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, record, 0, failed, fill);
        out.aside(failed, this::tryAgain);
        out.place(fill);
        return record;
    }

    private void reserve() {
        out.add(new Lir.MapAddress(1, emit.ring()));
        out.add(new Lir.Const(2, emit.sizeBytes(), true));
        out.add(new Lir.Const(3, 0, true));
        out.add(new Lir.Call(Helper.RINGBUF_RESERVE, 3));
        out.add(new Lir.Move(record, 0));
    }

    /**
     * Where there was no room the ring is full. The attempts are counted in the frame: in a register they would take one from the hits
     * that need no second attempt. The verifier of 5.10 knows a constant there that was stored from a register.
     */
    private void tryAgain() {
        LirBlock again = out.block();
        LirBlock room = out.block();
        LirBlock full = out.block();
        LirBlock next = out.block();
        LirBlock busy = out.block();
        int left = frameWord.getAsInt();
        out.add(new Lir.Store(Size.DW, Lir.FRAME, left, out.constant(MORE_ATTEMPTS)));
        out.jump(again);
        out.place(again);
        out.add(new Lir.MapAddress(1, emit.ring()));
        out.add(new Lir.Const(2, AVAIL_DATA, true));
        int taken = out.call(Helper.RINGBUF_QUERY, 2);
        out.branchImm(JmpOp.JGT, Width.W64, taken, mostTaken(), full, room);
        out.place(room);
        reserve();
        out.branchImm(JmpOp.JNE, Width.W64, record, 0, fill, next);
        out.place(next);
        int attempts = out.load(Size.DW, Lir.FRAME, left);
        out.aluImm(AluOp.SUB, Width.W64, attempts, 1);
        out.add(new Lir.Store(Size.DW, Lir.FRAME, left, attempts));
        out.branchImm(JmpOp.JNE, Width.W64, attempts, 0, again, busy);
        out.place(busy);
        lose(Account.RING_BUSY);
        out.place(full);
        lose(Account.RING_FULL);
    }

    /** With more than so many bytes taken the record does not fit: the kernel never fills the last byte. */
    private int mostTaken() {
        int recordBytes = (emit.sizeBytes() + 7 & -8) + HEADER_BYTES;
        return emit.ringBytes() - 1 - recordBytes;
    }

    private void lose(int slot) {
        out.count(slot);
        out.jump(done);
    }

    /** Hands the record on. */
    void submit() {
        out.add(new Lir.Move(1, record));
        out.add(new Lir.Const(2, 0, true));
        out.add(new Lir.Call(Helper.RINGBUF_SUBMIT, 2));
        out.jump(done);
        out.place(done);
    }
}
