package org.kprobe4j.compiler.internal.ir;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Size;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.StackKind;

/** What an operation does. Operands are the operation's arguments, in the order given here. */
public sealed interface Opcode {
    /** Whether it must stay although nothing uses its value. */
    default boolean hasEffect() {
        return false;
    }

    /** One that must stay although nothing uses its value. */
    sealed interface Effect extends Opcode {
        @Override
        default boolean hasEffect() {
            return true;
        }
    }

    /** {@code a op b}, both of the operation's kind, except that a shift's count is an INT. A divisor is known not to be zero. */
    record Binary(Arithmetic operator) implements Opcode {}

    /** Arithmetic negation of one operand. */
    record Negate() implements Opcode {}

    /** int to long, keeping the sign. */
    record Extend() implements Opcode {}

    /** int to long, the upper half zero. */
    record ZeroExtend() implements Opcode {}

    /** long to int, the lower half. */
    record Truncate() implements Opcode {}

    /** int to byte, short (signed) or char (unsigned) and back to int. */
    record Narrow(int bits, boolean signed) implements Opcode {}

    /** 1 if {@code a cond b}, else 0; both operands of {@code operands} kind. */
    record Compare(Cond cond, Kind operands) implements Opcode {}

    /** Java's lcmp: -1, 0 or 1 for two longs. */
    record CompareLong() implements Opcode {}

    /** A word of the program's context ({@code struct pt_regs}) at a byte offset. */
    record Context(int offset, Size size) implements Opcode {}

    /** The address, a LONG, of a byte in the row of the place that was hit, in the table of a probe's places. */
    record PlaceRow(int offset) implements Opcode {}

    /** Lets the post handler run for this task as soon as its stack pointer is the argument's. */
    record ArmPost() implements Opcode {
        @Override
        public boolean hasEffect() {
            return true;
        }
    }

    /** A kernel helper that takes scalars only. {@code pure} helpers give the same value all through one hit. */
    record HelperCall(Helper helper, boolean pure) implements Opcode {
        @Override
        public boolean hasEffect() {
            return !pure;
        }
    }

    /**
     * A safe read of memory at (address argument + offset). A fault is counted at {@code site}; it ends the handler, unless there
     * is a fallback, which is the result then.
     *
     * @param signed whether what is narrower than the operation's kind keeps its sign
     * @param user whether it is the current process's memory, else the kernel's
     * @param bits the part of the word that is wanted; null for all of it
     * @param fallback the result after a fault; null to end the handler
     */
    record KernelRead(
            int offset,
            Size size,
            boolean signed,
            int site,
            boolean user,
            @Nullable BitRange bits,
            @Nullable Long fallback)
            implements Effect {}

    /** Site of a read whose fault is not counted. */
    int UNCOUNTED = -1;

    /** Bits of a word, counted from its lowest. */
    record BitRange(int shift, int count) {}

    /** A field of the instance's private data. */
    record DataLoad(int offset, Size size, boolean signed) implements Effect {}

    /** Stores its argument into a field of the instance's private data. */
    record DataStore(int offset, Size size) implements Effect {}

    /** Reserves a record in a ring buffer of {@code ringBytes}, fills it and submits it; what finds no room is counted. */
    record Emit(String ring, int ringBytes, int sizeBytes, List<Field> fields) implements Effect {}

    /** The address of a key's value in a map, or zero. */
    record MapLookup(String map, Room key) implements Effect {}

    /** Has the probed function return its argument, without having run, when the handler ends; counted at {@code site} then. */
    record OverrideReturn(int site) implements Effect {}

    /** A part of a map's value, at its address, which is not zero. */
    record MapLoad(int offset, Size size, boolean signed) implements Effect {}

    /**
     * Sets a key's value; {@code onlyNew} leaves one that is there as it is. As an INT: zero, or a negative errno; what finds no
     * room is counted.
     */
    record MapUpdate(String map, Room key, Room value, boolean onlyNew) implements Effect {}

    /** Removes a key. As an INT: zero, or a negative errno. */
    record MapDelete(String map, Room key) implements Effect {}

    /**
     * Adds to a key's value, a number, its {@code delta}; a key without one gets that. No room is counted. Atomically, unless it is this
     * CPU's own value.
     */
    record MapAdd(String map, Room key, Size size, int delta, boolean perCpu) implements Effect {}

    /** Adds its argument to a 64-bit number in an array map's value, atomically. */
    record CellAdd(String map, int offset) implements Effect {}

    /** Adds one, atomically, to the 64-bit number in an array map's value that counts its argument. */
    record BucketCount(String map, Buckets buckets) implements Effect {}

    /** Counts its argument {@code value} in a key's row of 64-bit numbers; a key without one gets zeros. No room is counted. */
    record RowCount(String map, String zeros, Room key, Buckets buckets, int value) implements Effect {}

    /** Records its argument in this CPU's row of an array map's value. */
    record SummaryAdd(String map, int rows) implements Effect {}

    /** Records its argument {@code value} in this CPU's row of a key. No room is counted. */
    record SummaryMapAdd(String map, Room key, int value) implements Effect {}

    /**
     * The number of the stack in a map of type STACK_TRACE, or a negated errno. It is the same all through one hit. A stack that
     * finds no place is counted at {@code site}.
     */
    record StackNumber(String map, StackKind kind, int site) implements Opcode {
        /** Where it is asked for does not matter: a stack is walked once, and counted at the first place. */
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof StackNumber number && number.map.equals(map) && number.kind == kind;
        }

        @Override
        public int hashCode() {
            return 31 * map.hashCode() + kind.hashCode();
        }
    }

    /**
     * Bytes for a helper to read, a map's key or value: in the stack frame, or in the room of that offset in scratch memory.
     *
     * @param target the offset, {@link #FRAME} for the frame
     */
    record Room(int sizeBytes, List<Field> fields, int target) {
        /** Stands for a place in the frame. */
        public static final int FRAME = -1;

        /** The largest that is in the frame, in bytes. */
        public static final int FRAME_BYTES = 96;

        /** Bytes that are written: the NUL of a text that fills the last component may lie behind. */
        public static int extent(int sizeBytes, List<Field> fields) {
            boolean behind = fields.stream()
                    .anyMatch(
                            field -> field instanceof Field.Text text && text.offset() + text.sizeBytes() > sizeBytes);
            return behind ? sizeBytes + Long.BYTES : sizeBytes;
        }
    }

    /** The keys and values that an operation builds. */
    default List<Room> rooms() {
        return switch (this) {
            case MapLookup lookup -> List.of(lookup.key());
            case MapUpdate update -> List.of(update.key(), update.value());
            case MapDelete delete -> List.of(delete.key());
            case MapAdd add -> List.of(add.key());
            case RowCount count -> List.of(count.key());
            case SummaryMapAdd add -> List.of(add.key());
            case State(StateOperation operation) -> operation.rooms();
            default -> List.of();
        };
    }

    /** What is done with arrays, queues and values of tasks. */
    record State(StateOperation operation) implements Effect {}

    /** What is done with scratch memory. */
    record Memory(RoomOperation operation) implements Opcode {
        @Override
        public boolean hasEffect() {
            return operation.hasEffect();
        }
    }

    /** A part of an emitted record or of a room. */
    sealed interface Field {
        /** Byte offset in the record. */
        int offset();

        /** The operation's argument of that index. */
        record Scalar(int offset, Size size, int argument) implements Field {}

        /** The current task's comm, 16 bytes, NUL-padded. */
        record Comm(int offset) implements Field {
            /** Source: TASK_COMM_LEN in include/linux/sched.h. */
            public static final int BYTES = 16;
        }

        /**
         * A text at the address in an argument, NUL-ended; {@code whole} copies all bytes, whatever they are. A fault ends the
         * handler, without the record; with {@code orEmpty} it is counted and leaves zeros.
         */
        record Text(
                int offset, int sizeBytes, TextSource source, boolean whole, int argument, int site, boolean orEmpty)
                implements Field {}

        /** A register at a byte offset of the context, widened with zeros to eight bytes. */
        record Register(int offset, int register, Size size) implements Field {}

        /** Constant bytes. */
        record Bytes(int offset, List<Byte> content) implements Field {}

        /**
         * A stack: a u64 length in bytes (negative: the errno), then up to {@code frames} addresses. The argument of index {@code
         * innermost} stands in the place of the first one, which is the trampoline's at a function's return; {@link #AS_WALKED}
         * where it stays.
         */
        record Stack(int offset, int frames, StackKind kind, int innermost) implements Field {
            /** No argument stands for the first address. */
            public static final int AS_WALKED = -1;
        }
    }
}
