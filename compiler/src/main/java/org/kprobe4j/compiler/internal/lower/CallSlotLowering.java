package org.kprobe4j.compiler.internal.lower;

import java.util.function.IntConsumer;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CallSlots;
import org.kprobe4j.compiler.ProgramShape;

/** The table of {@link CallSlots}: a call is put into its slot at the entry and taken out at the return, without helpers but for the task. */
final class CallSlotLowering {
    private final LirBuilder out;
    private final ContextLowering context;
    private final int callBytes;

    CallSlotLowering(LirBuilder out, ContextLowering context, int callBytes) {
        this.out = out;
        this.context = context;
        this.callBytes = callBytes;
    }

    /** A call and where its slot is, in registers. */
    private record Slot(int key, int address) {}

    private Slot slot() {
        int key = context.callAddress();
        int address = out.constantCopy(CallSlots.multiplier());
        out.alu(AluOp.MUL, Width.W64, address, key);
        out.aluImm(AluOp.RSH, Width.W64, address, Long.SIZE - CallSlots.BITS);
        out.aluImm(AluOp.LSH, Width.W64, address, Integer.numberOfTrailingZeros(CallSlots.slotBytes(callBytes)));
        out.alu(AluOp.ADD, Width.W64, address, out.mapValue(CallSlots.MAP, CallSlots.HEADER_BYTES));
        return new Slot(key, address);
    }

    /**
     * Stores a call's value, which lies in the frame with room for its task in front. A slot that has this key already was left by a call
     * that never returned: why is counted. {@code otherwise} runs where another call has the slot.
     */
    void put(int frameOffset, Runnable otherwise) {
        Slot slot = slot();
        out.add(new Lir.Const(0, CallSlots.FREE, false));
        out.add(new Lir.CompareExchange(slot.address(), 0, slot.key()));
        int before = out.copy(0);
        LirBlock taken = out.block();
        LirBlock mine = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JNE, Width.W64, before, 0, taken, mine);
        out.aside(taken, () -> {
            LirBlock left = out.block();
            LirBlock others = out.block();
            out.branch(JmpOp.JEQ, Width.W64, before, slot.key(), left, others);
            out.place(left);
            countWhy(slot, mine);
            out.place(others);
            otherwise.run();
            out.jump(done);
        });
        out.place(mine);
        int task = out.call(Helper.GET_CURRENT_PID_TGID, 0);
        out.add(new Lir.Store(Size.DW, slot.address(), Long.BYTES, task));
        for (int i = ProgramShape.CALL_OWNER_BYTES; i < callBytes; i += Long.BYTES) {
            int word = out.load(Size.DW, Lir.FRAME, frameOffset + i);
            out.add(new Lir.Store(Size.DW, slot.address(), Long.BYTES + i, word));
        }
        out.jump(done);
        out.place(done);
    }

    private void countWhy(Slot slot, LirBlock next) {
        whyLeft(out, slot.address(), Long.BYTES, counter -> {
            out.count(counter);
            out.jump(next);
        });
    }

    /**
     * Tells why a call never returned: its task ended inside, or, where it is the current one, its return was not handed to the program.
     *
     * @param ownerOffset where its task is, from a register's address
     * @param then what follows each answer, a slot of the account; it ends its block
     */
    static void whyLeft(LirBuilder out, int base, int ownerOffset, IntConsumer then) {
        int owner = out.load(Size.DW, base, ownerOffset);
        int task = out.call(Helper.GET_CURRENT_PID_TGID, 0);
        LirBlock same = out.block();
        LirBlock another = out.block();
        out.branch(JmpOp.JEQ, Width.W64, owner, task, same, another);
        out.place(same);
        then.accept(Account.RETURN_LOST);
        out.place(another);
        then.accept(Account.ENDED_INSIDE);
    }

    /**
     * Takes the call's value into the frame and frees the slot. {@code otherwise} takes it from the hash map; {@code leave} ends the program
     * where the call is nowhere, or is another process's that ended inside.
     */
    void take(int frameOffset, Runnable otherwise, Runnable leave) {
        Slot slot = slot();
        int key = out.load(Size.DW, slot.address(), 0);
        LirBlock elsewhere = out.block();
        LirBlock found = out.block();
        LirBlock notOurs = out.block();
        LirBlock ours = out.block();
        LirBlock done = out.block();
        out.branch(JmpOp.JNE, Width.W64, key, slot.key(), elsewhere, found);
        out.aside(elsewhere, () -> {
            LirBlock search = out.block();
            out.branchImm(JmpOp.JEQ, Width.W64, inHash(), 0, notOurs, search);
            out.place(search);
            otherwise.run();
            out.jump(done);
        });
        out.aside(notOurs, leave);
        out.place(found);
        int owner = out.load(Size.W, slot.address(), Long.BYTES + Integer.BYTES);
        int process = out.call(Helper.GET_CURRENT_PID_TGID, 0);
        out.aluImm(AluOp.RSH, Width.W64, process, Integer.SIZE);
        out.branch(JmpOp.JNE, Width.W64, owner, process, notOurs, ours);
        out.place(ours);
        copy(slot.address(), Long.BYTES, frameOffset);
        free(slot);
        out.jump(done);
        out.place(done);
    }

    /** Copies a call's value without its task from a register's address. */
    void copy(int base, int from, int frameOffset) {
        for (int i = ProgramShape.CALL_OWNER_BYTES; i < callBytes; i += Long.BYTES) {
            out.add(new Lir.Store(Size.DW, Lir.FRAME, frameOffset + i, out.load(Size.DW, base, from + i)));
        }
    }

    /** All reads of the slot are done when another CPU sees it free. */
    private void free(Slot slot) {
        int free = out.constantCopy(CallSlots.FREE);
        out.add(new Lir.Exchange(slot.address(), 0, free));
    }

    /** What an earlier call left at this key goes; {@code otherwise} removes it from the hash map. */
    void clear(Runnable otherwise) {
        Slot slot = slot();
        int key = out.load(Size.DW, slot.address(), 0);
        LirBlock left = out.block();
        LirBlock next = out.block();
        LirBlock hashed = out.block();
        LirBlock done = out.block();
        out.branch(JmpOp.JEQ, Width.W64, key, slot.key(), left, next);
        out.aside(left, () -> {
            LirBlock counted = out.block();
            countWhy(slot, counted);
            out.place(counted);
            free(slot);
            out.jump(next);
        });
        out.place(next);
        out.branchImm(JmpOp.JNE, Width.W64, inHash(), 0, hashed, done);
        out.aside(hashed, () -> {
            otherwise.run();
            out.jump(done);
        });
        out.place(done);
    }

    private int inHash() {
        return out.load(Size.DW, out.mapValue(CallSlots.MAP, 0), 0);
    }

    /** Another call is in the hash map, or one less. */
    void countHashed(int change) {
        out.add(new Lir.AtomicAdd(Size.DW, out.mapValue(CallSlots.MAP, 0), 0, out.constant(change)));
    }
}
