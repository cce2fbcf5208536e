package org.kprobe4j.asm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Turns instructions with labels into a program.
 *
 * <p>Source: RFC 9669, section 3.
 */
public final class Assembler {
    private final Map<Label, Integer> slotOfLabel = new HashMap<>();
    private final List<MapReference> maps = new ArrayList<>();
    private final List<PlaceReference> places = new ArrayList<>();
    private final List<LineEntry> lines = new ArrayList<>();
    private final TreeSet<Integer> functions = new TreeSet<>();
    private int size;

    private Assembler() {}

    /**
     * Resolves the labels and encodes the instructions.
     *
     * @param program the instructions, in order
     * @return the program, its map fds still open
     * @throws AssemblyException if a label is missing or placed twice, or a jump is too far
     */
    public static Assembled assemble(List<Instruction> program) {
        var assembler = new Assembler();
        assembler.layOut(program);
        var slots = assembler.encode(program);
        return new Assembled(
                List.copyOf(program),
                slots,
                assembler.slotOfLabel,
                List.copyOf(assembler.maps),
                List.copyOf(assembler.places),
                List.copyOf(assembler.lines),
                assembler.functions.stream().mapToInt(Integer::intValue).toArray());
    }

    private void layOut(List<Instruction> program) {
        for (var instruction : program) {
            switch (instruction) {
                case Instruction.Mark(var label) -> place(label);
                case Instruction.Line(var file, var line) -> note(new LineEntry(size, file, line));
                case Instruction.LoadMap load -> maps.add(new MapReference(size, load.map()));
                case Instruction.LoadMapValue load -> maps.add(new MapReference(size, load.map()));
                case Instruction.LoadPlaceValue load -> {
                    maps.add(new MapReference(size, load.map()));
                    // The second slot's immediate is the offset in the value.
                    places.add(new PlaceReference(size + 1, load.rowBytes()));
                }
                case Instruction.LoadPlace _ -> places.add(new PlaceReference(size, 1));
                default -> {}
            }
            size += instruction.slots();
        }
        // The kernel refuses line info beyond the last instruction.
        while (!lines.isEmpty() && lines.getLast().slot() == size) {
            lines.removeLast();
        }
    }

    private void place(Label label) {
        Integer before = slotOfLabel.putIfAbsent(label, size);
        if (before != null) {
            throw new AssemblyException("label " + label + " is placed twice: at insn " + before + " and insn " + size);
        }
    }

    /** Of several lines noted at one instruction the last one counts: the kernel wants one entry per instruction. */
    private void note(LineEntry entry) {
        if (!lines.isEmpty() && lines.getLast().slot() == entry.slot()) {
            lines.removeLast();
        }
        lines.add(entry);
    }

    private long[] encode(List<Instruction> program) {
        var slots = new long[size];
        var at = new int[1];
        var encoder = new Encoder(slots, label -> slotOf(label, at[0]));
        functions.add(0);
        for (var instruction : program) {
            encoder.encode(at[0], instruction);
            switch (instruction) {
                case Instruction.CallLocal(var target) -> functions.add(slotOf(target, at[0]));
                case Instruction.LoadFunction load -> functions.add(slotOf(load.target(), at[0]));
                default -> {}
            }
            at[0] += instruction.slots();
        }
        return slots;
    }

    private int slotOf(Label label, int from) {
        Integer slot = slotOfLabel.get(label);
        if (slot == null) {
            throw new AssemblyException("insn " + from + ": label " + label + " is placed nowhere");
        }
        if (slot == size) {
            throw new AssemblyException("insn " + from + ": no instruction follows label " + label);
        }
        return slot;
    }
}
