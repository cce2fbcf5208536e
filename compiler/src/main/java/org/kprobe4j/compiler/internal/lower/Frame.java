package org.kprobe4j.compiler.internal.lower;

import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;

/**
 * What stands around a handler: before it, the test whether this hit is the handler's at all; after it, what the other half
 * of the pair needs. One place for pre, post, entry and return programs.
 */
final class Frame {
    private static final int FRAME_DATA_BYTES = 128;
    /** Update flags of a map. Source: include/uapi/linux/bpf.h. */
    private static final int BPF_ANY = 0;

    private static final int BPF_NOEXIST = 1;
    private static final int EEXIST = 17;

    private final LirBuilder out;
    private final Architecture machine;
    private final ProgramShape shape;
    private final ContextLowering context;
    private final PlaceLowering place;
    private final boolean switched;
    private final int callBytes;
    private final int dataBytes;
    private final CallKey key;
    private final @Nullable CallSlotLowering slots;
    private final Scratch scratch;
    private int dataBase = Lir.FRAME;
    private int dataOffset;

    Frame(LirBuilder out, Lowering.Surroundings around, ContextLowering context, Scratch scratch, PlaceLowering place) {
        this.place = place;
        this.scratch = scratch;
        this.out = out;
        this.machine = around.machine();
        this.shape = around.shape();
        this.context = context;
        this.switched = around.switched();
        this.callBytes = around.callBytes();
        this.dataBytes = around.dataBytes();
        boolean armed = shape instanceof ProgramShape.Pre || shape instanceof ProgramShape.Post;
        this.key = new CallKey(out, context, place, armed);
        this.slots = around.store() == CallStore.SLOTS ? new CallSlotLowering(out, context, callBytes) : null;
    }

    /** Size of the private data, without what is kept behind it. */
    int dataBytes() {
        return dataBytes;
    }

    /** Register that the private data's fields are relative to. */
    int dataBase() {
        return dataBase;
    }

    /** Offset of the private data's first byte from {@link #dataBase()}. */
    int dataOffset() {
        return dataOffset;
    }

    void open() {
        if (beginsHere() && switched) {
            countIfOn();
        } else {
            place.count();
        }
        switch (shape) {
            case ProgramShape.Pre pre -> {
                if (pre.post().orElse(null) instanceof PostPairing.NextInstruction) {
                    makeRoom();
                }
            }
            case ProgramShape.Post(PostPairing.NextInstruction _) -> {
                key.write();
                leaveIfNull(key.lookup());
                key.delete();
            }
            case ProgramShape.Post(PostPairing.SameTrap _) -> {
                int armed = new ArmedWord(out).address();
                leaveIfNull(armed);
                leaveIfNull(out.load(Size.DW, armed, 0));
                out.add(new Lir.StoreImm(Size.DW, armed, 0, 0));
            }
            case ProgramShape.Entry entry -> {
                leaveWithoutInstance(entry.trampoline());
                makeRoom();
                dataOffset += ProgramShape.CALL_OWNER_BYTES;
            }
            case ProgramShape.Return back -> {
                if (back.paired() && slots != null) {
                    take(slots);
                } else if (back.paired()) {
                    key.write();
                    dataBase = key.lookup();
                    leaveIfNotOurs(dataBase);
                    dataOffset = ProgramShape.CALL_OWNER_BYTES;
                }
            }
        }
    }

    /** Whether a hit begins with this program, so that it stands under the probe's switch. */
    private boolean beginsHere() {
        return switch (shape) {
            case ProgramShape.Pre _, ProgramShape.Entry _ -> true;
            case ProgramShape.Post _ -> false;
            case ProgramShape.Return back -> !back.paired();
        };
    }

    /** Counts the hit by adding the switch, which is 1: so a program that can be switched off has one instruction more. */
    private void countIfOn() {
        int account = out.mapValue(Account.MAP, 0);
        int on = out.load(Size.DW, account, Account.ON * Long.BYTES);
        LirBlock off = out.block();
        LirBlock goOn = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, on, 0, off, goOn);
        out.last(off, this::exitUnfollowed);
        out.place(goOn);
        place.count(context.register(), account, on);
    }

    /** Zeroed room for the value of the call's map entry; a large one would leave no stack for anything else. */
    private void makeRoom() {
        if (callBytes > FRAME_DATA_BYTES) {
            scratch.open();
            dataBase = scratch.base();
            dataOffset = scratch.take(callBytes);
        } else {
            dataOffset = out.program().frame(callBytes);
        }
        int zeroed = shape instanceof ProgramShape.Entry ? ProgramShape.CALL_OWNER_BYTES : 0;
        for (int i = zeroed; i < callBytes; i += Long.BYTES) {
            out.add(new Lir.StoreImm(Size.DW, dataBase, dataOffset + i, 0));
        }
    }

    /** The call is over as soon as its value is in the frame. */
    private void take(CallSlotLowering from) {
        int frame = out.program().frame(callBytes);
        dataOffset = frame + ProgramShape.CALL_OWNER_BYTES;
        from.take(
                frame,
                () -> {
                    key.write();
                    int value = key.lookup();
                    leaveIfNotOurs(value);
                    from.copy(value, 0, frame);
                    int failed = key.deleted();
                    LirBlock deleted = out.block();
                    LirBlock done = out.block();
                    out.branchImm(JmpOp.JNE, Width.W32, failed, 0, done, deleted);
                    out.place(deleted);
                    from.countHashed(-1);
                    out.jump(done);
                    out.place(done);
                },
                () -> leave(Account.FILTERED));
    }

    private void leaveIfNull(int address) {
        LirBlock leave = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, address, 0, leave, on);
        out.aside(leave, () -> leave(Account.FILTERED));
        out.place(on);
    }

    /**
     * There is no entry, or it is of a process that is gone: its task ended inside the function, and the entry program was not run for
     * the call that returns here. The process's id stays the same in an execve, unlike the task's.
     */
    private void leaveIfNotOurs(int call) {
        LirBlock leave = out.block();
        LirBlock found = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, call, 0, leave, found);
        out.aside(leave, () -> leave(Account.FILTERED));
        out.place(found);
        int owner = out.load(Size.W, call, Integer.BYTES);
        int process = out.call(Helper.GET_CURRENT_PID_TGID, 0);
        out.aluImm(AluOp.RSH, Width.W64, process, Integer.SIZE);
        out.branch(JmpOp.JNE, Width.W64, owner, process, leave, on);
        out.place(on);
    }

    /** A kretprobe that had a free instance has put its trampoline in the place of the return address already. */
    private void leaveWithoutInstance(OptionalLong trampoline) {
        if (trampoline.isEmpty()) {
            return;
        }
        LirBlock leave = out.block();
        LirBlock on = out.block();
        String link = machine.linkRegister();
        Size word = machine.wordBytes() == Long.BYTES ? Size.DW : Size.W;
        int address;
        if (link != null) {
            address = context.load(link);
        } else {
            int slot = out.program().frame(Long.BYTES);
            int stackPointer = context.load(machine.sp());
            out.add(new Lir.Move(3, stackPointer));
            out.add(new Lir.FrameAddress(1, slot));
            out.add(new Lir.Const(2, machine.wordBytes(), true));
            out.add(new Lir.Call(Helper.PROBE_READ_KERNEL, 3));
            address = out.load(word, Lir.FRAME, slot);
        }
        out.branch(JmpOp.JNE, Width.W64, address, out.constant(trampoline.getAsLong()), leave, on);
        out.aside(leave, () -> leave(Account.NO_INSTANCE));
        out.place(on);
    }

    private void leave(int slot) {
        out.count(slot);
        exitUnfollowed();
    }

    /** Ends a program whose call needs no return: a session's entry says so. */
    private void exitUnfollowed() {
        out.exit(decides() ? 1 : 0);
    }

    private boolean decides() {
        return shape instanceof ProgramShape.Entry entry && entry.decides();
    }

    /** After a handler that returned zero or not. */
    void close(boolean returnedZero) {
        switch (shape) {
            case ProgramShape.Pre pre
            when pre.post().orElse(null) instanceof PostPairing.SameTrap -> new ArmedWord(out).set();
            case ProgramShape.Entry entry
            when returnedZero -> {
                keep(entry.kept());
                if (slots == null) {
                    key.write();
                    remember();
                } else {
                    slots.put(dataOffset - ProgramShape.CALL_OWNER_BYTES, () -> {
                        key.write();
                        remember();
                    });
                }
            }
            case ProgramShape.Entry _ -> {
                out.count(Account.FILTERED);
                forget();
                exitUnfollowed();
                return;
            }
            case ProgramShape.Return back when back.paired() && slots == null -> key.delete();
            case ProgramShape.Pre _, ProgramShape.Post _, ProgramShape.Return _ -> {}
        }
        out.exit();
    }

    /** After a fault: the hit is counted already, nothing may wait for its other half. */
    void abandon() {
        switch (shape) {
            case ProgramShape.Entry _ -> forget();
            case ProgramShape.Return back when back.paired() && slots == null -> key.delete();
            case ProgramShape.Pre _, ProgramShape.Post _, ProgramShape.Return _ -> {}
        }
        exitUnfollowed();
    }

    /** The arguments that the return handler reads: their registers hold other values by then. */
    private void keep(List<Integer> arguments) {
        int to = dataOffset + dataBytes;
        for (int argument : arguments) {
            int value = context.load(machine.argument(argument).orElseThrow());
            out.add(new Lir.Store(Size.DW, dataBase, to, value));
            to += Long.BYTES;
        }
    }

    /** Lets the post handler run where this task has that stack pointer. */
    void armPost(int stackPointer) {
        key.writeFor(stackPointer);
        remember();
    }

    private void remember() {
        int at = dataOffset;
        if (shape instanceof ProgramShape.Entry) {
            at -= ProgramShape.CALL_OWNER_BYTES;
            int owner = out.call(Helper.GET_CURRENT_PID_TGID, 0);
            out.add(new Lir.Store(Size.DW, dataBase, at, owner));
            put(at, BPF_NOEXIST, true);
        } else {
            put(at, BPF_ANY, false);
        }
    }

    /** {@code again}: what stands there already was left by a call that never returned; it is taken out first. */
    private void put(int valueOffset, int flags, boolean again) {
        int failed = key.update(dataBase, valueOffset, flags);
        LirBlock lost = out.block();
        LirBlock done = out.block();
        LirBlock stored = slots == null ? done : out.block();
        out.branchImm(JmpOp.JNE, Width.W32, failed, 0, lost, stored);
        out.aside(lost, () -> {
            if (again) {
                LirBlock full = out.block();
                LirBlock taken = out.block();
                out.branchImm(JmpOp.JNE, Width.W32, failed, -EEXIST, full, taken);
                out.aside(full, () -> full(done));
                out.place(taken);
                takeOutWhatIsThere();
                put(valueOffset, flags, false);
                out.jump(done);
            } else {
                full(done);
            }
        });
        if (slots != null) {
            out.place(stored);
            slots.countHashed(1);
            out.jump(done);
        }
        out.place(done);
    }

    private void full(LirBlock next) {
        if (decides()) {
            leave(Account.MAP_FULL);
        } else {
            out.count(Account.MAP_FULL);
            out.jump(next);
        }
    }

    /** A call that never returned may have left its entry at the same place of the stack; it must not pass for this one. */
    private void forget() {
        if (slots != null) {
            slots.clear(this::forgetHashed);
        } else {
            forgetHashed();
        }
    }

    private void forgetHashed() {
        key.write();
        takeOutWhatIsThere();
    }

    /**
     * Removes the entry of a call that never returned, and counts why: its task ended inside, or its return was not handed to the
     * program. Who removes it counts it, be it this program or user space.
     */
    private void takeOutWhatIsThere() {
        int left = key.lookup();
        LirBlock found = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JNE, Width.W64, left, 0, found, done);
        out.aside(found, () -> {
            CallSlotLowering.whyLeft(out, left, 0, slot -> takeOut(slot, done));
        });
        out.place(done);
    }

    private void takeOut(int slot, LirBlock next) {
        int failed = key.deleted();
        LirBlock counted = out.block();
        out.branchImm(JmpOp.JNE, Width.W32, failed, 0, next, counted);
        out.place(counted);
        if (slots != null) {
            slots.countHashed(-1);
        }
        out.count(slot);
        out.jump(next);
    }
}
