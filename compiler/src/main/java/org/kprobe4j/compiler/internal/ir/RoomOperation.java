package org.kprobe4j.compiler.internal.ir;

import java.util.List;
import org.kprobe4j.asm.Size;

/**
 * What is done with a program's scratch memory: rooms at byte offsets in the one value of a per-CPU array. Operands are the
 * operation's arguments, in the order given here; a room is an INT, its offset. Whoever makes an operation has checked indexes as
 * Java does; {@code elements}, a power of two, is what an index is cut down to for the verifier's sake.
 */
public sealed interface RoomOperation {
    /** Whether it must stay although nothing uses its value. */
    default boolean hasEffect() {
        return true;
    }

    /** An element: room, index. */
    record Load(int elements, Size size, boolean signed) implements RoomOperation {}

    /** Sets an element: room, index, value. */
    record Store(int elements, Size size) implements RoomOperation {}

    /** Zeroes the bytes of a room. */
    record Clear(int room, int bytes) implements RoomOperation {}

    /** The address of a room, for reads through helpers only: room. */
    record Address() implements RoomOperation {
        @Override
        public boolean hasEffect() {
            return false;
        }
    }

    /** Copies memory that may fault into a room: room, start, length, address. */
    record Fill(int elements, boolean user, int site) implements RoomOperation {}

    /** Copies what a room of {@code length} bytes holds from a start up to a NUL to another room, NUL-ended: room, start. */
    record Slice(int length, int target) implements RoomOperation {}

    /** Copies a text into a room, NUL-ended: address. Its value is the number of bytes before the NUL. {@code orEmpty}: after a fault, which is counted, it is empty. */
    record TextRead(TextSource source, int target, int bytes, int site, boolean orEmpty) implements RoomOperation {}

    /**
     * Compares a text of at most {@code bytes} bytes, its NUL counted, with constants: address. Its value is the index of the
     * first one that it is equal to, or starts with; -1 if there is none. {@code target} is room for the comparison, {@link #FRAME}
     * for a place in the stack frame.
     */
    record TextMatch(
            TextSource source, int bytes, List<String> constants, boolean prefix, int target, int site, boolean orEmpty)
            implements RoomOperation {
        /** The largest comparison that is made in the stack frame, in bytes. */
        public static final int FRAME_BYTES = 64;

        /** Stands for a place in the frame. */
        public static final int FRAME = -1;

        /** How many bytes it reads: enough to see that a text goes on behind the longest constant. */
        public static int readBytes(int bytes, int longest, boolean prefix) {
            return Math.min(bytes, longest + (prefix ? 1 : 2));
        }
    }
}
