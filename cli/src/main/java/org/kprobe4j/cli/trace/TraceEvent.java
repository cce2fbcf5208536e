package org.kprobe4j.cli.trace;

import org.kprobe4j.KernelStack;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.PtRegs;
import org.kprobe4j.UserStack;

/**
 * What the handlers send, in few shapes. A call without texts, stacks and registers is one record, made at its return. Those are parts of
 * their own, sent before the call's record, which says what was sent: so it is known what of a call was lost. What handlers of a task send
 * comes in the order of its calls, so a part whose call does not come is known to be without it.
 */
sealed interface TraceEvent {
    /** So many numbers a call has room for. */
    int NUMBERS = 8;

    /** So many texts; the part of the first one is 1 in {@link Call#sent}, of the next one 2. */
    int TEXTS = 4;

    /** Beside them: the kernel's stack was sent. */
    int STACK = 1 << TEXTS;

    /** The process's stack was sent. */
    int USER_STACK = STACK << 1;

    /** The registers were sent. */
    int REGISTERS = USER_STACK << 1;

    /**
     * A call that returned, or a hit.
     *
     * @param start nanoseconds of the monotonic clock at the entry
     * @param duration nanoseconds; of a hit 0
     * @param place the address that was hit
     * @param returned the return value's whole register; of a hit 0
     * @param cpu the processor at the entry
     * @param depth how many other traced calls of the task it is in
     * @param sent which parts were sent of it
     */
    record Call(
            long start,
            long duration,
            long place,
            long returned,
            int cpu,
            short depth,
            short sent,
            int pid,
            int tid,
            String comm,
            long n0,
            long n1,
            long n2,
            long n3,
            long n4,
            long n5,
            long n6,
            long n7)
            implements TraceEvent {
        /** A call of which nothing came but parts. */
        static Call withoutReturn(Origin origin) {
            return new Call(
                    origin.start,
                    0,
                    origin.place,
                    0,
                    origin.cpu,
                    (short) origin.depth,
                    (short) 0,
                    origin.pid,
                    origin.tid,
                    origin.comm,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0);
        }

        long number(int slot) {
            return switch (slot) {
                case 0 -> n0;
                case 1 -> n1;
                case 2 -> n2;
                case 3 -> n3;
                case 4 -> n4;
                case 5 -> n5;
                case 6 -> n6;
                case 7 -> n7;
                default -> throw new IndexOutOfBoundsException(slot);
            };
        }
    }

    /**
     * Which call a part is of: what a call without its own record is shown by.
     *
     * @param start nanoseconds of the monotonic clock at the entry
     * @param place the address that was hit
     * @param cpu the processor at the entry
     * @param depth how many other traced calls of the task it is in
     */
    record Origin(long start, long place, int cpu, int depth, int pid, int tid, String comm) {}

    /** A part of a call. */
    sealed interface Part extends TraceEvent {
        /** Of which call. */
        Origin of();
    }

    /** A text of a call. */
    record Words(Origin of, int slot, @MaxBytes(128) String text) implements Part {}

    /** The name of a file. */
    record FileName(Origin of, int slot, @MaxBytes(512) String text) implements Part {}

    /** The kernel's stack at the entry. */
    record Frames(Origin of, KernelStack stack) implements Part {}

    /** The process's stack. */
    record UserFrames(Origin of, UserStack stack) implements Part {}

    /** The registers at the entry. */
    record Registers(Origin of, PtRegs regs) implements Part {}
}
