package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/**
 * Gives each virtual register one of r0 to r9: by colouring the interference graph, moves coalesced where that keeps it
 * colourable; what finds no register lives in the frame, or is made anew where it is a constant.
 *
 * <p>Source: L. George, A. Appel: Iterated Register Coalescing, 1996.
 */
public final class RegisterAllocator {
    private static final int MAX_ROUNDS = 32;

    private final LirProgram program;
    private final BitSet unspillable = new BitSet();
    private final int roomBytes;
    private final List<Integer> slots = new ArrayList<>();

    private RegisterAllocator(LirProgram program) {
        this.program = program;
        this.roomBytes = program.frameBytes();
        this.unspillable.or(program.pinned());
    }

    /** Rewrites a program to use machine registers only. */
    public static void allocate(LirProgram program) {
        new RegisterAllocator(program).run();
    }

    private void run() {
        Jumps.shorten(program);
        for (int round = 0; round < MAX_ROUNDS; round++) {
            removeDeadCode();
            var colouring = new Colouring(program, unspillable);
            List<Integer> spilled = colouring.run();
            if (spilled.isEmpty()) {
                assign(colouring);
                // Moves that were coalesced leave blocks empty.
                Jumps.shorten(program);
                SpillSlots.share(program, roomBytes, slots);
                return;
            }
            spilled.forEach(this::spill);
        }
        throw new IllegalStateException("no assignment of registers after %d rounds".formatted(MAX_ROUNDS));
    }

    /** Drops what nothing reads: moves of results that are not asked for, constants of removed uses. */
    private void removeDeadCode() {
        var liveness = new Liveness(program);
        for (LirBlock block : program.blocks()) {
            BitSet live = liveness.liveOut(block);
            var kept = new ArrayList<Lir>();
            for (Lir instruction : block.code().reversed()) {
                int definition = Effects.definition(instruction);
                if (definition >= 0 && !live.get(definition) && !Effects.changesMemory(instruction)) {
                    continue;
                }
                Liveness.step(instruction, live);
                kept.addFirst(instruction);
            }
            block.code(kept);
        }
    }

    private void assign(Colouring colouring) {
        for (LirBlock block : program.blocks()) {
            var code = new ArrayList<Lir>();
            for (Lir instruction : block.code()) {
                Lir renamed = Effects.rename(instruction, colouring::colour);
                if (!(renamed instanceof Lir.Move(int dst, int src)) || dst != src) {
                    code.add(renamed);
                }
            }
            block.code(code);
        }
    }

    private void spill(int register) {
        List<Lir> definitions = program.blocks().stream()
                .flatMap(block -> block.code().stream())
                .filter(instruction -> Effects.definition(instruction) == register)
                .toList();
        if (definitions.size() == 1 && Effects.isRepeatable(definitions.getFirst())) {
            repeat(register, definitions.getFirst());
        } else {
            keepInFrame(register);
        }
    }

    private void repeat(int register, Lir definition) {
        for (LirBlock block : program.blocks()) {
            var code = new ArrayList<Lir>();
            for (Lir instruction : block.code()) {
                if (Effects.definition(instruction) == register && instruction.equals(definition)) {
                    continue;
                }
                if (uses(instruction, register)) {
                    int copy = temporary();
                    code.add(Effects.rename(definition, r -> r == register ? copy : r));
                    code.add(Effects.rename(instruction, r -> r == register ? copy : r));
                } else {
                    code.add(instruction);
                }
            }
            block.code(code);
        }
    }

    private void keepInFrame(int register) {
        int slot = program.frame(Long.BYTES);
        slots.add(slot);
        for (LirBlock block : program.blocks()) {
            var code = new ArrayList<Lir>();
            for (Lir instruction : block.code()) {
                boolean reads = uses(instruction, register);
                boolean writes = Effects.definition(instruction) == register;
                if (!reads && !writes) {
                    code.add(instruction);
                    continue;
                }
                int copy = temporary();
                if (reads) {
                    code.add(new Lir.Load(Size.DW, copy, Lir.FRAME, slot));
                }
                code.add(Effects.rename(instruction, r -> r == register ? copy : r));
                if (writes) {
                    code.add(new Lir.Store(Size.DW, Lir.FRAME, slot, copy));
                }
            }
            block.code(code);
        }
    }

    private int temporary() {
        int register = program.register();
        unspillable.set(register);
        return register;
    }

    private static boolean uses(Lir instruction, int register) {
        var found = new boolean[1];
        Effects.forEachUse(instruction, r -> found[0] |= r == register);
        return found[0];
    }

    /** For each register the weight of its uses: ten times as much for each loop around one. */
    static Map<Integer, Double> weights(LirProgram program) {
        var weights = new HashMap<Integer, Double>();
        for (LirBlock block : program.blocks()) {
            double weight = Math.pow(10, Math.min(block.loopDepth(), 6));
            for (Lir instruction : block.code()) {
                Effects.forEachUse(instruction, r -> weights.merge(r, weight, Double::sum));
                int definition = Effects.definition(instruction);
                if (definition >= 0) {
                    double cost = Effects.isRepeatable(instruction) ? 0 : weight;
                    weights.merge(definition, cost, Double::sum);
                }
            }
        }
        return weights;
    }
}
