package org.kprobe4j.compiler.internal.lower;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.RoomOperation;
import org.kprobe4j.compiler.internal.ir.TextSource;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * One rule for each {@link RoomOperation}. Where an index is variable, it is cut down right before it is added to the address, in
 * a register that is never kept in the frame: so every verifier sees that the access stays inside, whatever became of what it
 * knew from Java's own check.
 */
final class RoomLowering {
    /** A place: a register and what to add to it. */
    private record Place(int base, int offset) {}

    private final LirBuilder out;
    private final Lowering values;
    private final Frame frame;
    private final Scratch scratch;
    private int frameRoom;

    RoomLowering(LirBuilder out, Lowering values, Frame frame, Scratch scratch) {
        this.out = out;
        this.values = values;
        this.frame = frame;
        this.scratch = scratch;
    }

    void lower(Value.Operation operation, RoomOperation room) {
        switch (room) {
            case RoomOperation.Load(int elements, Size size, boolean signed) -> {
                Place place = place(operation.argument(0), operation.argument(1), elements, size.bytes());
                int result = out.load(size, place.base, place.offset);
                OperationLowering.widen(out, result, operation.kind(), size, signed);
                values.define(operation, result);
            }
            case RoomOperation.Store(int elements, Size size) -> {
                Place place = place(operation.argument(0), operation.argument(1), elements, size.bytes());
                OperationLowering.store(out, values, size, place.base, place.offset, operation.argument(2));
            }
            case RoomOperation.Clear(int offset, int bytes) -> scratch.clear(offset, bytes);
            case RoomOperation.Address() -> {
                int result = out.register();
                moveAddress(result, operation.argument(0), 1);
                values.define(operation, result);
            }
            case RoomOperation.Fill fill -> fill(operation, fill);
            case RoomOperation.Slice(int length, int target) -> slice(operation, length, target);
            case RoomOperation.TextRead read -> values.define(operation, read(operation, read));
            case RoomOperation.TextMatch match -> values.define(operation, match(operation, match));
        }
    }

    // ---- addresses ----

    private Place place(Value room, Value index, int elements, int size) {
        if (room instanceof Value.Constant at && index instanceof Value.Constant element) {
            return new Place(scratch.base(), (int) (at.value() + element.value() * size));
        }
        int address = out.program().pinnedRegister();
        if (index instanceof Value.Constant element) {
            moveAddress(address, room, elements * size);
            return new Place(address, (int) element.value() * size);
        }
        bounded(address, index, elements - 1);
        if (size > 1) {
            out.aluImm(AluOp.LSH, Width.W64, address, Integer.numberOfTrailingZeros(size));
        }
        int offset = addRoom(address, room, elements * size);
        out.alu(AluOp.ADD, Width.W64, address, scratch.base());
        return new Place(address, offset);
    }

    /** The number in an index, cut down to a mask. */
    private void bounded(int register, Value index, int mask) {
        values.moveTo(register, Lowering.uncut(index));
        out.aluImm(AluOp.AND, Width.W64, register, mask);
    }

    /** Adds a variable room's offset to a register; what is left to add if it is known. */
    private int addRoom(int register, Value room, int extent) {
        if (room instanceof Value.Constant at) {
            scratch.reach((int) at.value() + extent);
            return (int) at.value();
        }
        int offset = out.program().pinnedRegister();
        bounded(offset, room, scratch.mask());
        scratch.reach(scratch.mask() + extent);
        out.alu(AluOp.ADD, Width.W64, register, offset);
        return 0;
    }

    private void moveAddress(int register, Value room, int extent) {
        if (room instanceof Value.Constant at) {
            scratch.reach((int) at.value() + extent);
            scratch.address(register, (int) at.value());
            return;
        }
        int offset = out.program().pinnedRegister();
        bounded(offset, room, scratch.mask());
        scratch.reach(scratch.mask() + extent);
        out.add(new Lir.Move(register, scratch.base()));
        out.alu(AluOp.ADD, Width.W64, register, offset);
    }

    // ---- copies ----

    private void fill(Value.Operation operation, RoomOperation.Fill fill) {
        int elements = fill.elements();
        int target = out.program().pinnedRegister();
        Value start = operation.argument(1);
        bounded(target, start, elements - 1);
        int offset = addRoom(target, operation.argument(0), 2 * elements);
        out.alu(AluOp.ADD, Width.W64, target, scratch.base());
        int length = out.program().pinnedRegister();
        values.moveTo(length, operation.argument(2));
        atMost(length, elements);
        values.moveTo(3, operation.argument(3));
        out.add(new Lir.Move(2, length));
        out.add(new Lir.Move(1, target));
        if (offset != 0) {
            out.aluImm(AluOp.ADD, Width.W64, 1, offset);
        }
        int failed = out.call(fill.user() ? Helper.PROBE_READ_USER : Helper.PROBE_READ_KERNEL, 3);
        stopIf(JmpOp.JNE, failed, fill.site());
    }

    /** Tells the verifier what Java's check has made sure of; never leaves. */
    private void atMost(int register, int limit) {
        LirBlock never = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JGT, Width.W64, register, limit, never, on);
        out.aside(never, out::exit);
        out.place(on);
    }

    private void slice(Value.Operation operation, int length, int target) {
        int elements = Integer.highestOneBit(Math.max(length, 1) * 2 - 1);
        int source = out.program().pinnedRegister();
        bounded(source, operation.argument(1), elements - 1);
        int size = out.program().pinnedRegister();
        out.add(new Lir.Move(size, source));
        out.add(new Lir.Negate(Width.W64, size));
        out.aluImm(AluOp.ADD, Width.W64, size, length + 1);
        atMost(size, length + 1);
        int offset = addRoom(source, operation.argument(0), elements + 1);
        out.alu(AluOp.ADD, Width.W64, source, scratch.base());
        scratch.reach(target + length + 1);
        out.add(new Lir.Move(3, source));
        if (offset != 0) {
            out.aluImm(AluOp.ADD, Width.W64, 3, offset);
        }
        out.add(new Lir.Move(2, size));
        scratch.address(1, target);
        out.add(new Lir.Call(Helper.PROBE_READ_KERNEL_STR, 3));
    }

    private void stopIf(JmpOp op, int register, int site) {
        LirBlock fault = out.block();
        LirBlock on = out.block();
        out.branchImm(op, Width.W64, register, 0, fault, on);
        out.aside(fault, () -> {
            out.count(Account.FAULTS + site);
            frame.abandon();
        });
        out.place(on);
    }

    // ---- text ----

    private int read(Value.Operation operation, RoomOperation.TextRead read) {
        scratch.reach(read.target() + read.bytes());
        scratch.address(1, read.target());
        if (read.source() == TextSource.COMM) {
            out.add(new Lir.Const(2, Opcode.Field.Comm.BYTES, true));
            out.add(new Lir.Call(Helper.GET_CURRENT_COMM, 2));
            // Its length: of a copy onto itself.
            scratch.address(1, read.target());
            scratch.address(3, read.target());
        } else {
            values.moveTo(3, operation.argument(0));
        }
        out.add(new Lir.Const(2, read.bytes(), true));
        int length = out.call(str(read.source()), 3);
        onTextFault(length, read.site(), read.orEmpty());
        // The helper counts the NUL; for an empty text in user memory it gives 0 before 6.13
        // (strncpy_from_user_nofault).
        LirBlock empty = out.block();
        LirBlock counted = out.block();
        LirBlock done = out.block();
        int result = out.copy(length);
        out.branchImm(read.orEmpty() ? JmpOp.JSLE : JmpOp.JEQ, Width.W64, result, 0, empty, counted);
        out.place(counted);
        out.aluImm(AluOp.ADD, Width.W64, result, -1);
        out.jump(done);
        out.place(empty);
        if (read.orEmpty()) {
            out.add(new Lir.Const(result, 0, true));
        }
        out.jump(done);
        out.place(done);
        return result;
    }

    /** After a fault the helper has left zeros. */
    private void onTextFault(int length, int site, boolean orEmpty) {
        if (!orEmpty) {
            stopIf(JmpOp.JSLT, length, site);
            return;
        }
        LirBlock fault = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JSLT, Width.W64, length, 0, fault, on);
        out.aside(fault, () -> {
            out.count(Account.FAULTS + site);
            out.jump(on);
        });
        out.place(on);
    }

    private static Helper str(TextSource source) {
        return source == TextSource.USER ? Helper.PROBE_READ_USER_STR : Helper.PROBE_READ_KERNEL_STR;
    }

    private int match(Value.Operation operation, RoomOperation.TextMatch match) {
        List<byte[]> constants = match.constants().stream()
                .map(text -> bytes(text, match.prefix()))
                .toList();
        int longest = match.constants().stream()
                .mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElse(0);
        Place place;
        if (match.source() == TextSource.TABLE) {
            // It is as long as any of the constants, KernelText.isTooLong().
            place = new Place(values.register(operation.argument(0)), 0);
        } else {
            place = compared(match, RoomOperation.TextMatch.readBytes(match.bytes(), longest, match.prefix()));
            readForMatch(operation, match, place, longest);
        }
        int result = out.register();
        LirBlock done = out.block();
        for (int i = 0; i < constants.size(); i++) {
            LirBlock next = out.block();
            compare(place, constants.get(i), next);
            out.add(new Lir.Const(result, i, false));
            out.jump(done);
            out.place(next);
        }
        out.add(new Lir.Const(result, -1, false));
        out.jump(done);
        out.place(done);
        return result;
    }

    /** The bytes to find; those of a whole text end with its NUL. */
    private static byte[] bytes(String text, boolean prefix) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return prefix ? bytes : Arrays.copyOf(bytes, bytes.length + 1);
    }

    private Place compared(RoomOperation.TextMatch match, int bytes) {
        if (match.target() != RoomOperation.TextMatch.FRAME) {
            scratch.reach(match.target() + bytes);
            return new Place(scratch.base(), match.target());
        }
        if (frameRoom == 0) {
            frameRoom = out.program().frame(RoomOperation.TextMatch.FRAME_BYTES);
        }
        return new Place(Lir.FRAME, frameRoom);
    }

    private void readForMatch(Value.Operation operation, RoomOperation.TextMatch match, Place place, int longest) {
        if (place.base == Lir.FRAME) {
            out.add(new Lir.FrameAddress(1, place.offset));
        } else {
            scratch.address(1, place.offset);
        }
        if (match.source() == TextSource.COMM) {
            out.add(new Lir.Const(2, Opcode.Field.Comm.BYTES, true));
            out.add(new Lir.Call(Helper.GET_CURRENT_COMM, 2));
            return;
        }
        values.moveTo(3, operation.argument(0));
        out.add(new Lir.Const(2, RoomOperation.TextMatch.readBytes(match.bytes(), longest, match.prefix()), true));
        int length = out.call(str(match.source()), 3);
        onTextFault(length, match.site(), match.orEmpty());
    }

    /** Goes on if the bytes are there, else leaves. */
    private void compare(Place place, byte[] bytes, LirBlock differs) {
        int at = 0;
        while (at < bytes.length) {
            int size = Long.BYTES;
            while (at + size > bytes.length) {
                size /= 2;
            }
            long word = 0;
            for (int i = size - 1; i >= 0; i--) {
                word = word << Byte.SIZE | (bytes[at + i] & 0xff);
            }
            int loaded = out.load(Size.ofBytes(size), place.base, place.offset + at);
            LirBlock same = out.block();
            if (size == Long.BYTES && word != (int) word) {
                out.branch(JmpOp.JNE, Width.W64, loaded, out.constant(word), differs, same);
            } else {
                Width width = size == Long.BYTES ? Width.W64 : Width.W32;
                out.branchImm(JmpOp.JNE, width, loaded, (int) word, differs, same);
            }
            out.place(same);
            at += size;
        }
    }

    /** Copies a text of a table, all of its room, by loads and stores. */
    void copy(Value address, int bytes, int base, int at) {
        int from = values.register(address);
        for (int i = 0; i < bytes; i += Long.BYTES) {
            out.add(new Lir.Store(Size.DW, base, at + i, out.load(Size.DW, from, i)));
        }
    }

    /** Copies a text into a record that was reserved; the length that the helper gave, negative if it failed. */
    int readInto(Value address, Opcode.Field.Text field, int base, int at) {
        values.moveTo(3, address);
        if (base == Lir.FRAME) {
            out.add(new Lir.FrameAddress(1, at));
        } else {
            out.add(new Lir.Move(1, base));
            out.aluImm(AluOp.ADD, Width.W64, 1, at);
        }
        out.add(new Lir.Const(2, field.sizeBytes(), true));
        Helper whole = field.source() == TextSource.USER ? Helper.PROBE_READ_USER : Helper.PROBE_READ_KERNEL;
        return out.call(field.whole() ? whole : str(field.source()), 3);
    }
}
