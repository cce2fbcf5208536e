package org.kprobe4j.cli.trace;

import org.kprobe4j.KernelStack;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.PtRegs;
import org.kprobe4j.UserStack;

/**
 * What the handlers send, in few shapes. A call without texts, stacks and registers is one record, made at its return. Those are records of
 * their own, sent before the call's: moment and processor of the entry say which call they belong to, for no two calls begin on a processor
 * at a time.
 */
sealed interface TraceEvent {
    /** So many numbers a call has room for. */
    int NUMBERS = 8;

    /** So many texts. */
    int TEXTS = 4;

    /** Nanoseconds of the monotonic clock at the entry. */
    long start();

    /** The processor at the entry. */
    int cpu();

    /**
     * A call that returned, or a hit.
     *
     * @param duration nanoseconds; of a hit 0
     * @param place the address that was hit
     * @param returned the return value's whole register; of a hit 0
     * @param depth how many other traced calls of the task it is in
     */
    record Call(
            long start,
            long duration,
            long place,
            long returned,
            int cpu,
            int depth,
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

    /** A text of a call. */
    record Words(
            long start, int cpu, int slot, @MaxBytes(128) String text) implements TraceEvent {}

    /** The name of a file. */
    record FileName(
            long start, int cpu, int slot, @MaxBytes(512) String text) implements TraceEvent {}

    /** The kernel's stack at the entry. */
    record Frames(long start, int cpu, KernelStack stack) implements TraceEvent {}

    /** The process's stack. */
    record UserFrames(long start, int cpu, UserStack stack) implements TraceEvent {}

    /** The registers at the entry. */
    record Registers(long start, int cpu, PtRegs regs) implements TraceEvent {}
}
