package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/**
 * Lets values that live in the frame share their places: two of them need places of their own only where both are still needed.
 * A value in the frame is stored and loaded whole, at one offset, by nothing else.
 */
final class SpillSlots {
    private final LirProgram program;
    private final int roomBytes;
    private final List<Integer> offsets;
    private final Map<Integer, Integer> indexes = new HashMap<>();
    private final BitSet[] liveIn;
    private final BitSet[] adjacent;
    private int most;

    private SpillSlots(LirProgram program, int roomBytes, List<Integer> offsets) {
        this.program = program;
        this.roomBytes = roomBytes;
        this.offsets = offsets;
        this.liveIn = new BitSet[program.blockCount()];
        this.adjacent = new BitSet[offsets.size()];
        for (int i = 0; i < adjacent.length; i++) {
            indexes.put(offsets.get(i), i);
            adjacent[i] = new BitSet();
        }
    }

    /** Moves the values at {@code offsets} together; the frame's first {@code roomBytes} stay as they are. */
    static void share(LirProgram program, int roomBytes, List<Integer> offsets) {
        if (offsets.isEmpty()) {
            return;
        }
        var slots = new SpillSlots(program, roomBytes, offsets);
        slots.findLive();
        slots.findConflicts();
        slots.place();
    }

    private int index(int base, int offset) {
        return base == Lir.FRAME ? indexes.getOrDefault(offset, -1) : -1;
    }

    private void stored(Lir instruction, IntConsumer action) {
        if (instruction instanceof Lir.Store store && index(store.base(), store.offset()) >= 0) {
            action.accept(index(store.base(), store.offset()));
        }
    }

    private void loaded(Lir instruction, IntConsumer action) {
        if (instruction instanceof Lir.Load load && index(load.base(), load.offset()) >= 0) {
            action.accept(index(load.base(), load.offset()));
        }
    }

    private BitSet liveOut(LirBlock block) {
        var live = new BitSet();
        block.successors().forEach(successor -> live.or(liveIn[successor.id()]));
        return live;
    }

    private void findLive() {
        program.blocks().forEach(block -> liveIn[block.id()] = new BitSet());
        boolean changed = true;
        while (changed) {
            changed = false;
            for (LirBlock block : program.blocks().reversed()) {
                BitSet live = liveOut(block);
                for (Lir instruction : block.code().reversed()) {
                    stored(instruction, live::clear);
                    loaded(instruction, live::set);
                }
                changed |= !live.equals(liveIn[block.id()]);
                liveIn[block.id()] = live;
            }
        }
    }

    private void findConflicts() {
        for (LirBlock block : program.blocks()) {
            BitSet live = liveOut(block);
            for (int at = block.code().size() - 1; at >= 0; at--) {
                Lir instruction = block.code().get(at);
                stored(instruction, slot -> {
                    adjacent[slot].or(live);
                    live.stream().forEach(other -> adjacent[other].set(slot));
                    adjacent[slot].clear(slot);
                    live.clear(slot);
                });
                loaded(instruction, live::set);
                if (live.cardinality() > most) {
                    most = live.cardinality();
                    program.crowded(most, line(block, at));
                }
            }
        }
    }

    private static Lir.@Nullable At line(LirBlock block, int instruction) {
        for (int at = instruction; at >= 0; at--) {
            if (block.code().get(at) instanceof Lir.At line) {
                return line;
            }
        }
        return null;
    }

    private void place() {
        var places = new int[offsets.size()];
        int count = 0;
        for (int slot = 0; slot < places.length; slot++) {
            int current = slot;
            var taken = new BitSet();
            adjacent[slot].stream().filter(other -> other < current).forEach(other -> taken.set(places[other]));
            places[slot] = taken.nextClearBit(0);
            count = Math.max(count, places[slot] + 1);
        }
        for (LirBlock block : program.blocks()) {
            var code = new ArrayList<Lir>();
            for (Lir instruction : block.code()) {
                code.add(moved(instruction, places));
            }
            block.code(code);
        }
        program.frameBytes(roomBytes + count * Long.BYTES);
    }

    private Lir moved(Lir instruction, int[] places) {
        if (instruction instanceof Lir.Load(var size, int dst, int base, int offset) && index(base, offset) >= 0) {
            return new Lir.Load(size, dst, base, offset(places[index(base, offset)]));
        }
        if (instruction instanceof Lir.Store(var size, int base, int offset, int src) && index(base, offset) >= 0) {
            return new Lir.Store(size, base, offset(places[index(base, offset)]), src);
        }
        return instruction;
    }

    private int offset(int place) {
        return -(roomBytes + (place + 1) * Long.BYTES);
    }
}
