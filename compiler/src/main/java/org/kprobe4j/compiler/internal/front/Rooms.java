package org.kprobe4j.compiler.internal.front;

import java.util.HashMap;
import java.util.Map;
import org.kprobe4j.compiler.ScratchMemory;
import org.kprobe4j.compiler.internal.ir.Opcode;

/** Hands out a program's scratch memory: offsets of rooms, each a multiple of eight. */
final class Rooms {
    private final Map<Integer, Integer> passing = new HashMap<>();
    private final Map<String, Integer> elements = new HashMap<>();
    private int sizeBytes;

    /** A room of its own. */
    int take(int bytes) {
        int offset = sizeBytes;
        sizeBytes += Math.max(bytes + 7 & -8, Long.BYTES);
        if (sizeBytes > ScratchMemory.MAX_BYTES) {
            throw new Refusal(
                    "the handler's arrays and strings need more than the %d bytes that the kernel gives for each CPU; make them smaller, or use a map"
                            .formatted(ScratchMemory.MAX_BYTES));
        }
        return offset;
    }

    /** A room for what is used at once and not again: all of about the same size share one. */
    int passing(int bytes) {
        return passing.computeIfAbsent(Integer.highestOneBit(Math.max(bytes, 64) * 2 - 1), this::take);
    }

    /** A room for all keys, or all values, of a size; {@link Opcode.Room#FRAME} for what is small enough to be in the frame. */
    int element(String role, int bytes) {
        return bytes <= Opcode.Room.FRAME_BYTES
                ? Opcode.Room.FRAME
                : elements.computeIfAbsent(role + bytes, _ -> take(bytes));
    }

    int sizeBytes() {
        return sizeBytes;
    }
}
