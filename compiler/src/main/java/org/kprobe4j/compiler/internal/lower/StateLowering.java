package org.kprobe4j.compiler.internal.lower;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.CellLayout;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.StateOperation;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * One rule for each {@link StateOperation}. An index is cut down to a mask right before it is used, in a register that is never
 * kept in the frame, so that every verifier sees that it stays inside.
 */
final class StateLowering {
    /** {@code BPF_LOCAL_STORAGE_GET_F_CREATE} of include/uapi/linux/bpf.h. */
    private static final int CREATE = 1;

    private final LirBuilder out;
    private final Lowering values;
    private final OperationLowering operations;
    private final MapLowering maps;
    private final Scratch scratch;
    /** Where heads of queues are copied to, by their size. */
    private final Map<Integer, MapLowering.Place> heads = new HashMap<>();

    StateLowering(LirBuilder out, Lowering values, OperationLowering operations, MapLowering maps, Scratch scratch) {
        this.out = out;
        this.values = values;
        this.operations = operations;
        this.maps = maps;
        this.scratch = scratch;
    }

    void lower(Value.Operation operation, StateOperation state) {
        switch (state) {
            case StateOperation.CellAddress(String map, CellLayout cells) ->
                values.define(operation, address(operation.argument(0), map, cells));
            case StateOperation.CellSet set -> set(operation, set);
            case StateOperation.CellIncrease(Size size, boolean atomic) -> {
                int address = values.register(operation.argument(0));
                increase(out, size, atomic, address, values.register(operation.argument(1)));
            }
            case StateOperation.QueuePush push -> values.define(operation, push(operation, push));
            case StateOperation.QueueHead head -> values.define(operation, head(head));
            case StateOperation.HeadAddress(Opcode.Room room) -> {
                int address = out.register();
                maps.address(address, place(room));
                values.define(operation, address);
            }
            case StateOperation.TaskValue(String map) -> values.define(operation, taskValue(map, null));
            case StateOperation.TaskSet set -> set(operation, set);
            case StateOperation.TaskRemove(String map) -> {
                currentTask(map);
                values.define(operation, out.call(Helper.TASK_STORAGE_DELETE, 2));
            }
        }
    }

    // ---- arrays ----

    private int address(Value index, String map, CellLayout cells) {
        int address = out.register();
        if (cells.rows() == 1 && index instanceof Value.Constant known) {
            out.add(new Lir.MapValue(address, map, (int) known.value() * cells.strideBytes()));
            return address;
        }
        int row = cells.rows() == 1 ? Lir.NONE : row(cells);
        int offset = out.program().pinnedRegister();
        values.moveTo(offset, Lowering.uncut(index));
        out.aluImm(AluOp.AND, Width.W64, offset, cells.mask());
        multiply(offset, cells.strideBytes());
        if (row != Lir.NONE) {
            out.alu(AluOp.ADD, Width.W64, offset, row);
        }
        out.add(new Lir.MapValue(address, map, 0));
        out.alu(AluOp.ADD, Width.W64, address, offset);
        return address;
    }

    private int row(CellLayout cells) {
        out.add(new Lir.Call(Helper.GET_SMP_PROCESSOR_ID, 0));
        int row = out.program().pinnedRegister();
        out.add(new Lir.Move(row, 0));
        out.aluImm(AluOp.AND, Width.W64, row, cells.rowMask());
        multiply(row, (int) cells.rowBytes());
        return row;
    }

    private void multiply(int register, int factor) {
        if (Integer.bitCount(factor) > 1) {
            out.aluImm(AluOp.MUL, Width.W64, register, factor);
        } else if (factor > 1) {
            out.aluImm(AluOp.LSH, Width.W64, register, Integer.numberOfTrailingZeros(factor));
        }
    }

    /** What no other CPU writes to needs no atomic addition. */
    static void increase(LirBuilder out, Size size, boolean atomic, int address, int delta) {
        if (atomic) {
            out.add(new Lir.AtomicAdd(size, address, 0, delta));
            return;
        }
        int sum = out.load(size, address, 0);
        out.alu(AluOp.ADD, Width.W64, sum, delta);
        out.add(new Lir.Store(size, address, 0, sum));
    }

    /** A text may turn out not to be readable: so it is read elsewhere, before anything is written. */
    private void set(Value.Operation operation, StateOperation.CellSet set) {
        int address = values.register(operation.argument(set.address()));
        boolean readsText = set.value().fields().stream().anyMatch(Opcode.Field.Text.class::isInstance);
        if (readsText || set.value().target() != Opcode.Room.FRAME) {
            copy(maps.value(operation, set.value()), set.value().sizeBytes(), address);
        } else {
            set.value().fields().forEach(field -> operations.fill(operation, field, address, 0, false));
        }
    }

    private void copy(MapLowering.Place from, int bytes, int address) {
        if (bytes > Opcode.Room.FRAME_BYTES) {
            out.add(new Lir.Move(1, address));
            out.add(new Lir.Const(2, bytes, true));
            maps.address(3, from);
            out.add(new Lir.Call(Helper.PROBE_READ_KERNEL, 3));
            return;
        }
        int base = from.inFrame() ? Lir.FRAME : scratch.base();
        int at = 0;
        while (at < bytes) {
            int left = bytes - at;
            Size size = left >= Long.BYTES ? Size.DW : Size.ofBytes(Integer.highestOneBit(left));
            out.add(new Lir.Store(size, address, at, out.load(size, base, from.offset() + at)));
            at += size.bytes();
        }
    }

    // ---- queues ----

    private int push(Value.Operation operation, StateOperation.QueuePush push) {
        MapLowering.Place value = maps.value(operation, push.value());
        out.add(new Lir.MapAddress(1, push.map()));
        maps.address(2, value);
        out.add(new Lir.Const(3, 0, true));
        int failed = out.call(Helper.MAP_PUSH_ELEM, 3);
        LirBlock full = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JNE, Width.W32, failed, 0, full, done);
        out.aside(full, () -> {
            out.count(Account.ENTRIES_LOST);
            out.jump(done);
        });
        out.place(done);
        return failed;
    }

    private int head(StateOperation.QueueHead head) {
        out.add(new Lir.MapAddress(1, head.map()));
        maps.address(2, place(head.into()));
        return out.call(head.remove() ? Helper.MAP_POP_ELEM : Helper.MAP_PEEK_ELEM, 2);
    }

    private MapLowering.Place place(Opcode.Room room) {
        if (room.target() != Opcode.Room.FRAME) {
            scratch.reach(room.target() + room.sizeBytes());
            return new MapLowering.Place(false, room.target());
        }
        return heads.computeIfAbsent(
                room.sizeBytes(),
                size -> new MapLowering.Place(true, out.program().frame(size)));
    }

    // ---- values of tasks ----

    /** Loads the map and the task into the first two arguments. */
    private void currentTask(String map) {
        out.add(new Lir.Call(Helper.GET_CURRENT_TASK_BTF, 0));
        out.add(new Lir.Move(2, 0));
        out.add(new Lir.MapAddress(1, map));
    }

    private int taskValue(String map, MapLowering.@Nullable Place initial) {
        currentTask(map);
        if (initial == null) {
            out.add(new Lir.Const(3, 0, true));
            out.add(new Lir.Const(4, 0, true));
        } else {
            maps.address(3, initial);
            out.add(new Lir.Const(4, CREATE, true));
        }
        return out.call(Helper.TASK_STORAGE_GET, 4);
    }

    private void set(Value.Operation operation, StateOperation.TaskSet set) {
        MapLowering.Place value = maps.value(operation, set.value());
        int address = taskValue(set.map(), value);
        LirBlock lost = out.block();
        LirBlock found = out.block();
        LirBlock done = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, address, 0, lost, found);
        out.place(found);
        copy(value, set.value().sizeBytes(), address);
        out.jump(done);
        out.aside(lost, () -> {
            out.count(Account.ENTRIES_LOST);
            out.jump(done);
        });
        out.place(done);
    }
}
