package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Buckets;

/**
 * Finds the slot of a histogram that counts a value, and adds one to it. The slot's place is masked right before it is used, in a
 * register that is never kept in the frame, so that no verifier has to follow how it came about.
 */
final class BucketLowering {
    static final int SHIFT_TO_BYTES = 3;

    /** In its n-th digit of four bits from above how many bits the number n has. */
    private static final long BITS_OF_FOUR = 0x0122_3333_4444_4444L;
    /** Shifts the uppermost digit down to where it is eight times the digit. */
    private static final int TO_EIGHTFOLD = Long.SIZE - Integer.BYTES - SHIFT_TO_BYTES;

    private final LirBuilder out;
    private final Buckets buckets;

    BucketLowering(LirBuilder out, Buckets buckets) {
        this.out = out;
        this.buckets = buckets;
    }

    /** Counts the value in a register, which is lost, in the one value of an array map. */
    void count(int value, String map) {
        int place = place(value);
        int address = out.register();
        out.add(new Lir.MapValue(address, map, 0));
        add(address, place);
    }

    /** Counts the value in a register, which is lost, in the map's value at an address, which is lost too. */
    void count(int value, int address) {
        add(address, place(value));
    }

    private void add(int address, int place) {
        out.alu(AluOp.ADD, Width.W64, address, place);
        out.add(new Lir.AtomicAdd(Size.DW, address, 0, out.constant(1)));
    }

    /** The slot's offset in bytes. */
    private int place(int value) {
        boolean looping = out.current().loopDepth() > 0;
        int eightfold = switch (buckets) {
            case Buckets.Log2() -> looping ? straight().log2(value) : log2(value);
            case Buckets.Linear linear -> {
                int slot = looping ? straight().linear(value, linear) : linear(value, linear);
                out.aluImm(AluOp.LSH, Width.W64, slot, SHIFT_TO_BYTES);
                yield slot;
            }
        };
        int place = out.program().pinnedRegister();
        out.add(new Lir.Move(place, eightfold));
        out.aluImm(AluOp.AND, Width.W64, place, (buckets.room() - 1) << SHIFT_TO_BYTES);
        return place;
    }

    private StraightBuckets straight() {
        return new StraightBuckets(out);
    }

    /**
     * Eight times the number of bits that the value has, as unsigned; the mask takes away what is below eight. Halves the search
     * three times, each of which doubles the ways that a verifier goes; how many bits the last four have stands in a constant. What
     * has more than 31 bits, over two seconds in nanoseconds, is cut down to them first, out of the way.
     */
    private int log2(int value) {
        int slot = out.register();
        out.add(new Lir.Const(slot, 0, true));
        LirBlock large = out.block();
        LirBlock word = out.block();
        out.branchImm(JmpOp.JGT, Width.W64, value, Integer.MAX_VALUE, large, word);
        out.aside(large, () -> {
            cut(value, slot, 31);
            LirBlock larger = out.block();
            out.branchImm(JmpOp.JGT, Width.W64, value, Integer.MAX_VALUE, larger, word);
            out.place(larger);
            cut(value, slot, 2);
            out.jump(word);
        });
        out.place(word);
        for (int bits = 16; bits > 2; bits /= 2) {
            int half = bits;
            when(JmpOp.JGT, value, (1 << half) - 1, () -> cut(value, slot, half));
        }
        return lastFour(out, value, slot);
    }

    /** Eight times the bits of a number below 16, added to what has been counted. */
    static int lastFour(LirBuilder out, int value, int slot) {
        out.aluImm(AluOp.LSH, Width.W64, value, 2);
        int last = out.register();
        out.add(new Lir.Const(last, BITS_OF_FOUR, true));
        out.alu(AluOp.LSH, Width.W64, last, value);
        out.aluImm(AluOp.RSH, Width.W64, last, TO_EIGHTFOLD);
        out.alu(AluOp.ADD, Width.W64, last, slot);
        return last;
    }

    private void cut(int value, int slot, int bits) {
        out.aluImm(AluOp.RSH, Width.W64, value, bits);
        out.aluImm(AluOp.ADD, Width.W64, slot, bits << SHIFT_TO_BYTES);
    }

    private void when(JmpOp op, int value, int bound, Runnable then) {
        LirBlock yes = out.block();
        LirBlock done = out.block();
        out.branchImm(op, Width.W64, value, bound, yes, done);
        out.place(yes);
        then.run();
        out.jump(done);
        out.place(done);
    }

    private int linear(int value, Buckets.Linear linear) {
        int slot = out.register();
        out.add(new Lir.Const(slot, 0, true));
        LirBlock notBelow = out.block();
        LirBlock within = out.block();
        LirBlock done = out.block();
        branch(JmpOp.JSLT, value, linear.min(), done, notBelow);
        out.place(notBelow);
        out.add(new Lir.Const(slot, linear.steps() + 1L, true));
        branch(JmpOp.JSGE, value, linear.max(), done, within);
        out.place(within);
        out.add(new Lir.Move(slot, value));
        apply(out, AluOp.SUB, slot, linear.min());
        toStep(out, slot, linear);
        out.jump(done);
        out.place(done);
        return slot;
    }

    /** From the distance to the smallest value to the slot. */
    static void toStep(LirBuilder out, int slot, Buckets.Linear linear) {
        if (Long.bitCount(linear.step()) == 1) {
            apply(out, AluOp.RSH, slot, Long.numberOfTrailingZeros(linear.step()));
        } else {
            apply(out, AluOp.DIV, slot, linear.step());
        }
        out.aluImm(AluOp.ADD, Width.W64, slot, 1);
    }

    private void branch(JmpOp op, int value, long bound, LirBlock yes, LirBlock no) {
        if (bound == (int) bound) {
            out.branchImm(op, Width.W64, value, (int) bound, yes, no);
        } else {
            out.branch(op, Width.W64, value, out.constant(bound), yes, no);
        }
    }

    /** {@code slot = slot op number}; without effect for the number 0. */
    static void apply(LirBuilder out, AluOp op, int slot, long number) {
        if (number == (int) number) {
            if (number != 0) {
                out.aluImm(op, Width.W64, slot, (int) number);
            }
        } else {
            out.alu(op, Width.W64, slot, out.constant(number));
        }
    }
}
