package org.kprobe4j.compiler.internal.emit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kprobe4j.compiler.internal.lower.Lir;
import org.kprobe4j.compiler.internal.lower.LirBlock;
import org.kprobe4j.compiler.internal.lower.LirProgram;

/**
 * A constant, or the address of a map's value, that the one block before this one has loaded since its last call is not loaded again.
 * Within a block they are shared when they are made; one that finds no register is made anew at each use.
 */
public final class SharedConstants {
    private final LirProgram program;
    private final int[] definitions;
    private final int[] names;

    private SharedConstants(LirProgram program) {
        this.program = program;
        this.definitions = new int[program.registers()];
        this.names = new int[program.registers()];
    }

    /** Rewrites a program whose registers are not assigned yet. */
    public static void share(LirProgram program) {
        new SharedConstants(program).run();
    }

    /** What a block begins with. */
    private record Begin(LirBlock block, Map<Lir, Integer> loaded) {}

    private void run() {
        var ways = new HashMap<LirBlock, Integer>();
        ways.put(program.blocks().getFirst(), 2);
        for (LirBlock block : program.blocks()) {
            block.code()
                    .forEach(
                            instruction -> Effects.forEachDefinition(instruction, register -> definitions[register]++));
            block.successors().forEach(next -> ways.merge(next, 1, Integer::sum));
        }
        for (int i = 0; i < names.length; i++) {
            names[i] = i;
        }
        var work = new ArrayDeque<Begin>();
        for (LirBlock block : program.blocks()) {
            if (ways.getOrDefault(block, 0) != 1) {
                work.push(new Begin(block, new HashMap<>()));
            }
        }
        while (!work.isEmpty()) {
            Begin begin = work.pop();
            shareIn(begin.block(), begin.loaded());
            for (LirBlock next : begin.block().successors()) {
                if (ways.getOrDefault(next, 0) == 1) {
                    work.push(new Begin(next, new HashMap<>(begin.loaded())));
                }
            }
        }
        for (LirBlock block : program.blocks()) {
            block.code().replaceAll(instruction -> Effects.rename(instruction, register -> names[register]));
        }
    }

    private void shareIn(LirBlock block, Map<Lir, Integer> loaded) {
        BitSet pinned = program.pinned();
        List<Lir> kept = new ArrayList<>();
        for (Lir instruction : block.code()) {
            int register = Effects.definition(instruction);
            if (instruction instanceof Lir.Call) {
                loaded.clear();
            } else if (isShared(instruction) && !pinned.get(register)) {
                boolean isOnlyRead = definitions[register] == 1;
                Lir asked = Effects.rename(instruction, _ -> 0);
                Integer first = isOnlyRead ? loaded.putIfAbsent(asked, register) : loaded.get(asked);
                if (first != null && isOnlyRead) {
                    names[register] = first;
                    continue;
                } else if (first != null) {
                    // What several ways bring: they may all find one register.
                    kept.add(new Lir.Move(register, first));
                    continue;
                }
            }
            kept.add(instruction);
        }
        block.code(kept);
    }

    private static boolean isShared(Lir instruction) {
        return (instruction instanceof Lir.Const || instruction instanceof Lir.MapValue)
                && Effects.definition(instruction) >= Lir.FIRST_VIRTUAL;
    }
}
