package org.kprobe4j.compiler.internal.lower;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;

/**
 * An eBPF instruction before registers are assigned. Registers are numbers: 0 to 9 are the machine's own, {@link #FRAME} is
 * the frame pointer, from {@link #FIRST_VIRTUAL} on they are virtual. Frame offsets count down from the frame pointer.
 */
public sealed interface Lir {
    /** The frame pointer, r10: never assigned. */
    int FRAME = 10;
    /** The first virtual register. */
    int FIRST_VIRTUAL = 11;
    /** Stands for "no register". */
    int NONE = -1;

    /** {@code dst = src}. */
    record Move(int dst, int src) implements Lir {
        // Written out: a record's own are linked at run time, which a JVM that has just started feels.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Move move && move.dst == dst && move.src == src;
        }

        @Override
        public int hashCode() {
            return 31 * dst + src;
        }
    }

    /** {@code dst = value}; {@code wide} keeps all 64 bits, else the upper half is zero. */
    record Const(int dst, long value, boolean wide) implements Lir {}

    /** {@code dst = dst op src}; with MOV only the lower half is copied and {@code dst} is not read. */
    record Alu(AluOp op, Width width, int dst, int src) implements Lir {}

    /** {@code dst = dst op imm}. */
    record AluImm(AluOp op, Width width, int dst, int imm) implements Lir {}

    /** {@code dst = -dst}. */
    record Negate(Width width, int dst) implements Lir {}

    /** {@code dst = map}. */
    record MapAddress(int dst, String map) implements Lir {}

    /** {@code dst = address of a byte in an array map's value}. */
    record MapValue(int dst, String map, int offset) implements Lir {}

    /** {@code dst = the number of the place}, of a program that is linked for each place. */
    record PlaceNumber(int dst) implements Lir {}

    /** {@code dst = address of a byte in the place's row of an array map's value}, likewise. */
    record PlaceValue(int dst, String map, int rowBytes, int offset) implements Lir {}

    /** {@code dst = r10 + offset}. */
    record FrameAddress(int dst, int offset) implements Lir {}

    /** {@code dst = *(size *)(base + offset)}, zero-extended. */
    record Load(Size size, int dst, int base, int offset) implements Lir {}

    /** {@code *(size *)(base + offset) = src}. */
    record Store(Size size, int base, int offset, int src) implements Lir {}

    /** {@code *(size *)(base + offset) = imm}. */
    record StoreImm(Size size, int base, int offset, int imm) implements Lir {}

    /** {@code lock *(size *)(base + offset) += src}; four or eight bytes. */
    record AtomicAdd(Size size, int base, int offset, int src) implements Lir {}

    /**
     * Exchanges {@code *(u64 *)(base + offset)} for {@code src} if it equals r0; r0 is what was there.
     */
    record CompareExchange(int base, int offset, int src) implements Lir {}

    /** {@code value = xchg *(u64 *)(base + offset), value}: a store with a full barrier. */
    record Exchange(int base, int offset, int value) implements Lir {}

    /**
     * What the verifier knows as a pointer is a number from here on: its 64 bits in the byte order that they have anyway. No machine
     * instruction comes of it. Source: BPF_END in check_alu_op() of kernel/bpf/verifier.c, which forgets what the register held.
     */
    record AsNumber(int dst) implements Lir {}

    /** Calls a kernel helper with r1 to r{@code arguments}; r0 to r5 are lost, r0 holds the result. */
    record Call(Helper helper, int arguments) implements Lir {}

    /** Ends the program with r0. */
    record Exit() implements Lir {}

    /** Goes to the block's first successor if the condition holds, else to the second. {@code b} is NONE for an immediate. */
    record Branch(JmpOp op, Width width, int a, int b, int imm) implements Lir {
        /** Whether another one asks the same. */
        public boolean repeats(Branch other) {
            return op == other.op && width == other.width && a == other.a && b == other.b && imm == other.imm;
        }
    }

    /** Where the instructions that follow come from; null for what no source line asks for. */
    record At(@Nullable String file, int line) implements Lir {}
}
