package org.kprobe4j.compiler.internal.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.ScratchMemory;
import org.kprobe4j.compiler.internal.ir.Block;
import org.kprobe4j.compiler.internal.ir.Opcode;
import org.kprobe4j.compiler.internal.ir.RoomOperation;
import org.kprobe4j.compiler.internal.ir.Value;

/**
 * A program's memory beyond the stack frame: the one value of a per-CPU array, found once in a hit, at a place that comes before
 * all uses. Programs of kprobes do not nest on a CPU (a second one is dropped and counted as a recursion miss), so a hit has its
 * CPU's value for itself. Source: trace_call_bpf() in kernel/trace/bpf_trace.c, bpf_prog_active.
 */
final class Scratch {
    /** Rooms that are larger are zeroed by a copy of zeros. */
    private static final int STORED_ZEROS = 128;

    private final LirBuilder out;
    private final int mask;
    private final int zeros;
    private final @Nullable Block place;
    private int base = Lir.NONE;
    private int bytes;
    private int takenBytes;

    /** For a graph whose rooms end at {@code frontBytes}. */
    Scratch(LirBuilder out, List<Block> order, LoopDepths depths, int frontBytes) {
        this.out = out;
        this.bytes = frontBytes;
        this.takenBytes = frontBytes;
        this.mask = Math.max(Integer.highestOneBit(Math.max(frontBytes, 1) * 2 - 1), 1) - 1;
        int cleared = clearedBytes(order);
        this.zeros = cleared == 0 ? 0 : take(cleared);
        this.place = place(order, depths);
    }

    private static int clearedBytes(List<Block> order) {
        return order.stream()
                .flatMap(block -> block.operations().stream())
                .mapToInt(operation ->
                        operation.opcode() instanceof Opcode.Memory(RoomOperation.Clear clear) ? clear.bytes() : 0)
                .filter(size -> size > STORED_ZEROS)
                .max()
                .orElse(0);
    }

    /** The last block that comes before all that use the memory, outside of loops; null if nothing does. */
    private static @Nullable Block place(List<Block> order, LoopDepths depths) {
        Map<Block, Block> dominators = dominators(order);
        Block common = null;
        for (Block block : order) {
            if (block.operations().stream().anyMatch(Scratch::uses)) {
                common = common == null ? block : common(dominators, order, common, block);
            }
        }
        while (common != null && depths.of(common) > 0) {
            common = dominators.get(common);
        }
        return common;
    }

    private static boolean uses(Value.Operation operation) {
        if (operation.opcode().rooms().stream().anyMatch(room -> room.target() != Opcode.Room.FRAME)) {
            return true;
        }
        return operation.opcode() instanceof Opcode.Memory(RoomOperation room)
                && !(room instanceof RoomOperation.TextMatch match && match.target() == RoomOperation.TextMatch.FRAME);
    }

    /** Source: K. Cooper, T. Harvey, K. Kennedy: A Simple, Fast Dominance Algorithm, 2001. */
    private static Map<Block, Block> dominators(List<Block> order) {
        var dominators = new HashMap<Block, Block>();
        dominators.put(order.getFirst(), order.getFirst());
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Block block : order.subList(1, order.size())) {
                Block common = null;
                for (Block predecessor : block.predecessors()) {
                    if (dominators.containsKey(predecessor)) {
                        common = common == null ? predecessor : common(dominators, order, common, predecessor);
                    }
                }
                changed |= common != null && dominators.put(block, common) != common;
            }
        }
        return dominators;
    }

    private static Block common(Map<Block, Block> dominators, List<Block> order, Block a, Block b) {
        Set<Block> above = new HashSet<>(chain(dominators, order, a));
        return chain(dominators, order, b).stream()
                .filter(above::contains)
                .findFirst()
                .orElse(order.getFirst());
    }

    private static List<Block> chain(Map<Block, Block> dominators, List<Block> order, Block from) {
        var chain = new ArrayList<Block>(List.of(from));
        while (chain.getLast() != order.getFirst()) {
            chain.add(dominators.getOrDefault(chain.getLast(), order.getFirst()));
        }
        return chain;
    }

    /** Makes the memory known if its uses begin here. */
    void enter(Block block) {
        if (block == place) {
            open();
        }
    }

    /** Finds this CPU's value. An array always has it; the verifier wants the test. */
    void open() {
        if (base != Lir.NONE) {
            return;
        }
        int key = out.program().frame(Integer.BYTES);
        out.add(new Lir.StoreImm(Size.W, Lir.FRAME, key, 0));
        out.add(new Lir.MapAddress(1, ScratchMemory.MAP));
        out.add(new Lir.FrameAddress(2, key));
        int found = out.call(Helper.MAP_LOOKUP_ELEM, 2);
        LirBlock none = out.block();
        LirBlock on = out.block();
        out.branchImm(JmpOp.JEQ, Width.W64, found, 0, none, on);
        out.aside(none, out::exit);
        out.place(on);
        base = found;
    }

    /** Room of so many bytes at an offset that is a multiple of eight. */
    int take(int size) {
        int offset = takenBytes;
        takenBytes += (size + 7) & -8;
        reach(takenBytes);
        return offset;
    }

    /** Notes that the verifier must find so many bytes. */
    void reach(int end) {
        bytes = Math.max(bytes, end);
    }

    /** Size of the value; 0 if there is none. */
    int bytes() {
        return base == Lir.NONE ? 0 : (bytes + 7) & -8;
    }

    /** Register that holds the address of the first byte. */
    int base() {
        if (base == Lir.NONE) {
            throw new IllegalStateException("scratch memory is used before it is found");
        }
        return base;
    }

    /** What cuts a room's offset down to where rooms are. */
    int mask() {
        return mask;
    }

    /** Loads the address of a room at a known offset into a register. */
    void address(int register, int offset) {
        out.add(new Lir.Move(register, base()));
        if (offset != 0) {
            out.aluImm(AluOp.ADD, Width.W64, register, offset);
        }
    }

    /** Zeroes a room. */
    void clear(int room, int size) {
        if (size <= STORED_ZEROS) {
            for (int at = 0; at < size; at += Long.BYTES) {
                out.add(new Lir.StoreImm(Size.DW, base(), room + at, 0));
            }
            return;
        }
        address(1, room);
        out.add(new Lir.Const(2, size, true));
        address(3, zeros);
        out.add(new Lir.Call(Helper.PROBE_READ_KERNEL, 3));
    }
}
