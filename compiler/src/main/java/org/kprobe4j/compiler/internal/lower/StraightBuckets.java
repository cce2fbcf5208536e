package org.kprobe4j.compiler.internal.lower;

import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Width;
import org.kprobe4j.compiler.Buckets;

/**
 * A histogram's slots without a branch, for loops: a verifier follows each way through each round, and finds that two ways have met
 * only where it kept a state, in a loop every hundred instructions or twenty jumps. It takes more instructions per hit than the
 * search with branches. Source: is_state_visited() in kernel/bpf/verifier.c.
 */
final class StraightBuckets {
    private static final int SIGN = Long.SIZE - 1;

    private final LirBuilder out;

    StraightBuckets(LirBuilder out) {
        this.out = out;
    }

    /** Eight times the number of bits that the value has, as unsigned; the mask takes away what is below eight. */
    int log2(int value) {
        int slot = out.register();
        out.add(new Lir.Move(slot, value));
        out.aluImm(AluOp.RSH, Width.W64, slot, Integer.SIZE);
        // Below zero, unless there was nothing in the upper half.
        out.add(new Lir.Negate(Width.W64, slot));
        cutIfNegative(value, slot, Integer.SIZE);
        for (int bits = 16; bits > 2; bits /= 2) {
            int cut = out.register();
            out.add(new Lir.Const(cut, (1 << bits) - 1, true));
            out.alu(AluOp.SUB, Width.W64, cut, value);
            cutIfNegative(value, cut, bits);
            out.alu(AluOp.ADD, Width.W64, slot, cut);
        }
        out.aluImm(AluOp.LSH, Width.W64, slot, BucketLowering.SHIFT_TO_BYTES);
        return BucketLowering.lastFour(out, value, slot);
    }

    /** Cuts bits off a value where the number {@code cut} is negative; how many were cut is in its place then. */
    private void cutIfNegative(int value, int cut, int bits) {
        out.aluImm(AluOp.RSH, Width.W64, cut, SIGN);
        out.aluImm(AluOp.LSH, Width.W64, cut, Integer.numberOfTrailingZeros(bits));
        out.alu(AluOp.RSH, Width.W64, value, cut);
    }

    /** Takes what is max or more for the first value behind the last step; what is below min loses its slot in the end. */
    int linear(int value, Buckets.Linear linear) {
        long behind = linear.steps() * linear.step();
        int slot = out.copy(value);
        BucketLowering.apply(out, AluOp.SUB, slot, linear.min() + behind);
        out.alu(AluOp.AND, Width.W64, slot, onesIfBelow(value, linear.max()));
        BucketLowering.apply(out, AluOp.ADD, slot, behind);
        BucketLowering.toStep(out, slot, linear);
        int kept = onesIfBelow(value, linear.min());
        out.aluImm(AluOp.XOR, Width.W64, kept, -1);
        out.alu(AluOp.AND, Width.W64, slot, kept);
        return slot;
    }

    /**
     * All bits where a value is below a bound, else none. The sign of the difference tells where both have the same sign, as
     * nothing overflows then; where not, the value's own sign does.
     */
    private int onesIfBelow(int value, long bound) {
        int below = out.copy(value);
        if (bound != 0) {
            BucketLowering.apply(out, AluOp.SUB, below, bound);
            out.alu(bound > 0 ? AluOp.OR : AluOp.AND, Width.W64, below, value);
        }
        out.aluImm(AluOp.ARSH, Width.W64, below, SIGN);
        return below;
    }
}
