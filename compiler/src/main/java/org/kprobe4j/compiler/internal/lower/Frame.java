package org.kprobe4j.compiler.internal.lower;

import java.util.List;
import java.util.OptionalLong;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.ProgramShape;

/**
 * What stands around a handler: before it, the test whether this hit is the handler's at all; after it, what the other half
 * of the pair needs. One place for pre, post, entry and return programs.
 */
final class Frame {
    private static final int FRAME_DATA_BYTES = 128;

    private final LirBuilder out;
    private final Architecture machine;
    private final ProgramShape shape;
    private final int context;
    private final PlaceLowering place;
    private final int callBytes;
    private final int dataBytes;
    private final CallKey key;
    private final Scratch scratch;
    private int dataBase = Lir.FRAME;
    private int dataOffset;

    Frame(
            LirBuilder out,
            Architecture machine,
            ProgramShape shape,
            int context,
            int callBytes,
            int dataBytes,
            Scratch scratch,
            PlaceLowering place) {
        this.place = place;
        this.scratch = scratch;
        this.out = out;
        this.machine = machine;
        this.shape = shape;
        this.context = context;
        this.callBytes = callBytes;
        this.dataBytes = dataBytes;
        this.key = new CallKey(out, machine, context, place);
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
        place.count();
        switch (shape) {
            case ProgramShape.Pre pre -> {
                if (pre.post().orElse(null) instanceof PostPairing.NextInstruction) {
                    makeRoom();
                }
            }
            case ProgramShape.Post(PostPairing.NextInstruction _) -> {
                key.write(0);
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
            }
            case ProgramShape.Return back -> {
                if (back.paired()) {
                    key.write(machine.returnStackDelta());
                    dataBase = key.lookup();
                    leaveIfNull(dataBase);
                }
            }
        }
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
        for (int i = 0; i < callBytes; i += Long.BYTES) {
            out.add(new Lir.StoreImm(Size.DW, dataBase, dataOffset + i, 0));
        }
    }

    private void leaveIfNull(int address) {
        LirBlock leave = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, address, 0, leave, on);
        out.aside(leave, () -> leave(Account.FILTERED));
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
            address = out.load(word, context, machine.offset(link).orElseThrow());
        } else {
            int slot = out.program().frame(Long.BYTES);
            int stackPointer =
                    out.load(word, context, machine.offset(machine.sp()).orElseThrow());
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
        out.exit();
    }

    /** After a handler that returned zero or not. */
    void close(boolean returnedZero) {
        switch (shape) {
            case ProgramShape.Pre pre
            when pre.post().orElse(null) instanceof PostPairing.SameTrap -> new ArmedWord(out).set();
            case ProgramShape.Entry entry
            when returnedZero -> {
                keep(entry.kept());
                key.write(0);
                remember();
            }
            case ProgramShape.Entry _ -> {
                out.count(Account.FILTERED);
                forget();
            }
            case ProgramShape.Return back when back.paired() -> key.delete();
            case ProgramShape.Pre _, ProgramShape.Post _, ProgramShape.Return _ -> {}
        }
        out.exit();
    }

    /** After a fault: the hit is counted already, nothing may wait for its other half. */
    void abandon() {
        switch (shape) {
            case ProgramShape.Entry _ -> forget();
            case ProgramShape.Return back when back.paired() -> key.delete();
            case ProgramShape.Pre _, ProgramShape.Post _, ProgramShape.Return _ -> {}
        }
        out.exit();
    }

    /** The arguments that the return handler reads: their registers hold other values by then. */
    private void keep(List<Integer> arguments) {
        Size word = machine.wordBytes() == Long.BYTES ? Size.DW : Size.W;
        int to = dataOffset + dataBytes;
        for (int argument : arguments) {
            int register = machine.argument(argument).flatMap(machine::offset).orElseThrow();
            out.add(new Lir.Store(Size.DW, dataBase, to, out.load(word, context, register)));
            to += Long.BYTES;
        }
    }

    /** Lets the post handler run where this task has that stack pointer. */
    void armPost(int stackPointer) {
        key.writeFor(stackPointer);
        remember();
    }

    private void remember() {
        int failed = key.update(dataBase, dataOffset);
        LirBlock lost = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JNE, Width.W64, failed, 0, lost, done);
        out.aside(lost, () -> {
            out.count(Account.MAP_FULL);
            out.jump(done);
        });
        out.place(done);
    }

    /** A call that never returned may have left its entry at the same place of the stack; it must not pass for this one. */
    private void forget() {
        key.write(0);
        key.delete();
    }
}
