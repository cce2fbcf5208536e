package org.kprobe4j.asm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;

/**
 * Reads a program's bytes. It takes what the kernel takes from tracing programs and is as strict about unused fields; it refuses the
 * packet loads of socket filters, indirect jumps, map references by index and address-space casts.
 *
 * <p>Source: RFC 9669; kernel/bpf/verifier.c.
 */
public final class Decoder {
    private final long[] slots;
    private final IntFunction<String> mapName;
    private final TreeMap<Integer, Label> labels = new TreeMap<>();
    private final Map<Label, Integer> slotOf = new HashMap<>();
    private final long[] again;
    private final Encoder encoder;

    private Decoder(long[] slots, IntFunction<String> mapName) {
        this.slots = slots;
        this.mapName = mapName;
        this.again = new long[slots.length];
        this.encoder = new Encoder(again, slotOf::get);
    }

    /**
     * Reads a little-endian program; a map of fd 5 is named {@code fd5}.
     *
     * @param program whole slots of eight bytes
     * @return the instructions, with a {@link Instruction.Mark} before each that is jumped to
     * @throws MalformedProgramException if that is not a program
     */
    public static List<Instruction> decode(byte[] program) {
        return decode(program, ByteOrder.LITTLE_ENDIAN, fd -> "fd" + fd);
    }

    /**
     * Reads a program.
     *
     * @param program whole slots of eight bytes
     * @param order the byte order it was linked for
     * @param mapName gives the name of a map's fd
     * @return the instructions, with a {@link Instruction.Mark} before each that is jumped to
     * @throws MalformedProgramException if that is not a program
     */
    public static List<Instruction> decode(byte[] program, ByteOrder order, IntFunction<String> mapName) {
        if (program.length % Assembled.SLOT_BYTES != 0) {
            throw new MalformedProgramException(
                    "a program of " + program.length + " bytes: not a whole number of slots of 8 bytes");
        }
        return new Decoder(slots(program, order), mapName).decode();
    }

    private static long[] slots(byte[] program, ByteOrder order) {
        var bytes = ByteBuffer.wrap(program).order(order);
        var slots = new long[program.length / Assembled.SLOT_BYTES];
        for (int i = 0; i < slots.length; i++) {
            if (order == ByteOrder.LITTLE_ENDIAN) {
                slots[i] = bytes.getLong();
            } else {
                int opcode = bytes.get();
                int registers = bytes.get();
                slots[i] = Opcode.slot(opcode, registers >> 4, registers, bytes.getShort(), bytes.getInt());
            }
        }
        return slots;
    }

    private List<Instruction> decode() {
        var slotDecoder = new SlotDecoder(slots, this::labelAt, mapName);
        var found = new TreeMap<Integer, Instruction>();
        for (int at = 0; at < slots.length; ) {
            Instruction instruction;
            try {
                instruction = slotDecoder.decode(at);
            } catch (IllegalArgumentException e) {
                throw new MalformedProgramException(at, String.valueOf(e.getMessage()));
            }
            refuseUnusedFields(at, instruction);
            found.put(at, instruction);
            at += instruction.slots();
        }
        return withMarks(found);
    }

    private Label labelAt(int slot) {
        return labels.computeIfAbsent(slot, at -> {
            var label = new Label("L" + at);
            slotOf.put(label, at);
            return label;
        });
    }

    /** What does not come out again when the instruction is encoded was in a field that has to be zero. */
    private void refuseUnusedFields(int at, Instruction instruction) {
        encoder.encode(at, instruction);
        boolean map = instruction instanceof Instruction.LoadMap || instruction instanceof Instruction.LoadMapValue;
        long fd = map ? slots[at] >>> 32 << 32 : 0;
        for (int slot = at; slot < at + instruction.slots(); slot++) {
            if (slots[slot] != (again[slot] | (slot == at ? fd : 0))) {
                throw new MalformedProgramException(
                        at, "a field that " + Disassembler.format(instruction) + " does not use is not zero");
            }
        }
    }

    private List<Instruction> withMarks(SortedMap<Integer, Instruction> found) {
        var program = new ArrayList<Instruction>(found.size() + labels.size());
        found.forEach((at, instruction) -> {
            var label = labels.remove(at);
            if (label != null) {
                program.add(new Instruction.Mark(label));
            }
            program.add(instruction);
        });
        if (!labels.isEmpty()) {
            throw new MalformedProgramException(labels.firstKey(), "a jump goes into the middle of a 64-bit immediate");
        }
        return List.copyOf(program);
    }
}
