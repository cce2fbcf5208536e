package org.kprobe4j.asm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** A program whose labels are resolved and whose map fds are still open. Immutable, so safe for use by several threads. */
public final class Assembled {
    /** Bytes of a slot. */
    public static final int SLOT_BYTES = 8;

    private final List<Instruction> instructions;
    private final long[] slots;
    private final Map<Label, Integer> slotOfLabel;
    private final List<MapReference> maps;
    private final List<PlaceReference> places;
    private final List<LineEntry> lines;
    private final int[] functions;

    Assembled(
            List<Instruction> instructions,
            long[] slots,
            Map<Label, Integer> slotOfLabel,
            List<MapReference> maps,
            List<PlaceReference> places,
            List<LineEntry> lines,
            int[] functions) {
        this.instructions = instructions;
        this.slots = slots;
        this.slotOfLabel = slotOfLabel;
        this.maps = maps;
        this.places = places;
        this.lines = lines;
        this.functions = functions;
    }

    /**
     * The program's length.
     *
     * @return slots of eight bytes: the kernel's {@code insn_cnt}
     */
    public int size() {
        return slots.length;
    }

    /**
     * The instructions and directives as they were assembled.
     *
     * @return an immutable list
     */
    public List<Instruction> instructions() {
        return instructions;
    }

    /**
     * The instructions that name maps.
     *
     * @return in program order
     */
    public List<MapReference> mapReferences() {
        return maps;
    }

    /**
     * The source lines: at most one per slot.
     *
     * @return in program order
     */
    public List<LineEntry> lines() {
        return lines;
    }

    /**
     * Where the program's functions start: slot 0 and the target of every local call and function address. The kernel wants a {@code
     * bpf_func_info} for each, if it gets any, and a {@code bpf_line_info} at each.
     *
     * @return slots, ascending
     */
    public int[] functions() {
        return functions.clone();
    }

    /**
     * Where a label was placed.
     *
     * @param label a label of this program
     * @return its slot
     * @throws IllegalArgumentException if the program does not place the label
     */
    public int slotOf(Label label) {
        Integer slot = slotOfLabel.get(label);
        if (slot == null) {
            throw new IllegalArgumentException("label " + label + " is not placed in this program");
        }
        return slot;
    }

    /**
     * The source line of an instruction, such as one that the verifier complains of.
     *
     * @param slot the instruction's slot
     * @return the last line noted at or before it
     */
    public Optional<LineEntry> lineAt(int slot) {
        int low = 0;
        int high = lines.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (lines.get(middle).slot() <= slot) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 || slot >= slots.length ? Optional.empty() : Optional.of(lines.get(low - 1));
    }

    /**
     * The program for a little-endian kernel.
     *
     * @param mapFd gives the fd of a map's name
     * @return {@code size() * 8} bytes
     */
    public byte[] link(ToIntFunction<String> mapFd) {
        return link(mapFd, ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The program as a kernel takes it.
     *
     * @param mapFd gives the fd of a map's name
     * @param order the kernel's byte order
     * @return {@code size() * 8} bytes
     */
    public byte[] link(ToIntFunction<String> mapFd, ByteOrder order) {
        return link(mapFd, order, 0);
    }

    /**
     * The program as a kernel takes it, for one of the places that have a copy of it each.
     *
     * @param mapFd gives the fd of a map's name
     * @param order the kernel's byte order
     * @param placeNumber what {@link Instruction.LoadPlace} stands for
     * @return {@code size() * 8} bytes
     * @throws IllegalArgumentException if the number is negative, or a row of that number lies beyond 2 GiB
     */
    public byte[] link(ToIntFunction<String> mapFd, ByteOrder order, int placeNumber) {
        var linked = slots.clone();
        for (var place : places) {
            long added = (long) place.factor() * placeNumber;
            if (added < 0 || Opcode.imm(linked[place.slot()]) + added > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("insn " + place.slot() + ": there is no place " + placeNumber
                        + " with " + place.factor() + " bytes for each");
            }
            linked[place.slot()] += added << 32;
        }
        for (var reference : maps) {
            long fd = mapFd.applyAsInt(reference.map());
            linked[reference.slot()] |= fd << 32;
        }
        var bytes = ByteBuffer.allocate(linked.length * SLOT_BYTES).order(order);
        for (long slot : linked) {
            if (order == ByteOrder.LITTLE_ENDIAN) {
                bytes.putLong(slot);
            } else {
                // In the big-endian layout the destination is the high half of the register byte.
                bytes.put((byte) Opcode.opcode(slot))
                        .put((byte) (Opcode.dst(slot) << 4 | Opcode.src(slot)))
                        .putShort((short) Opcode.off(slot))
                        .putInt(Opcode.imm(slot));
            }
        }
        return bytes.array();
    }

    /**
     * The program in the verifier's notation, one instruction a line, with its slot; source lines as comments.
     *
     * @return text that ends with a newline
     */
    public String disassemble() {
        return Disassembler.disassemble(instructions);
    }

    @Override
    public String toString() {
        return disassemble();
    }
}
