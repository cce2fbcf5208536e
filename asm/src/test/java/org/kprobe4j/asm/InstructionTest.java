package org.kprobe4j.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kprobe4j.asm.Reg.*;
import static org.kprobe4j.asm.Width.*;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.asm.Instruction.*;

class InstructionTest {
    @Test
    void whatEveryKernelRefusesIsRefusedHere() {
        assertRefused("r10 is the frame pointer and cannot be written", () -> new AluReg(AluOp.MOV, W64, FP, R1));
        assertRefused("r10 is the frame pointer and cannot be written", () -> new Load(Size.B, FP, R1, 0));
        assertRefused(
                "r10 is the frame pointer and cannot be written",
                () -> new Atomic(AtomicOp.XCHG, Size.DW, false, R1, 0, FP));
        assertRefused("offset 32768 does not fit the instruction's 16 bits", () -> new Load(Size.B, R1, R1, 32_768));
        assertRefused(
                "offset -32769 does not fit the instruction's 16 bits", () -> new StoreImm(Size.B, R1, -32_769, 0));
        assertRefused("NEG takes no second operand: use Instruction.Neg", () -> new AluReg(AluOp.NEG, W64, R1, R1));
        assertRefused("DIV by the constant 0", () -> new AluImm(AluOp.DIV, W64, R1, 0));
        assertRefused("MOD by the constant 0", () -> new SignedAluImm(AluOp.MOD, W64, R1, 0));
        assertRefused("LSH by 32 bits: 0 to 31 are possible", () -> new AluImm(AluOp.LSH, W32, R1, 32));
        assertRefused("ARSH by -1 bits: 0 to 63 are possible", () -> new AluImm(AluOp.ARSH, W64, R1, -1));
        assertRefused("only DIV and MOD have a signed form, not ADD", () -> new SignedAluReg(AluOp.ADD, W64, R1, R1));
        assertRefused("cannot swap the bytes of 8 bits: 16, 32 and 64 are possible", () -> new ByteSwap(true, 8, R1));
        assertRefused(
                "cannot sign-extend 32 bits to 32: 8, 16 and, to 64, 32 are possible",
                () -> new SignExtendMov(W32, 32, R1, R1));
        assertRefused(
                "a load of 8 bytes has no sign to extend: use Instruction.Load",
                () -> new LoadSigned(Size.DW, R1, R1, 0));
        assertRefused(
                "no atomic operation on 2 bytes: 4 and 8 are possible",
                () -> new Atomic(AtomicOp.ADD, Size.H, false, R1, 0, R2));
        assertRefused("a map reference needs the map's name", () -> new LoadMap(R1, ""));
        assertRefused("offset -8 lies before the value of map m", () -> new LoadMapValue(R1, "m", -8));
        assertRefused("offset 8 lies outside a row of 8 bytes of map m", () -> new LoadPlaceValue(R1, "m", 8, 8));
        assertRefused("no helper has the id 0", () -> new CallHelper(0));
        assertRefused("line 0 of A.java: lines count from 1", () -> new Line("A.java", 0));
        assertRefused("no register r11: eBPF has r0 to r10", () -> Reg.of(11));
        assertRefused("no memory access of 3 bytes: 1, 2, 4 and 8 exist", () -> Size.ofBytes(3));
    }

    @Test
    void exchangesAlwaysFetch() {
        assertThat(new Atomic(AtomicOp.CMPXCHG, Size.W, false, R1, 0, R2).fetch())
                .isTrue();
    }

    @Test
    void aFramePointerCanBeStored() {
        assertThat(new StoreReg(Size.DW, R1, 0, FP).src()).isEqualTo(R10);
    }

    @Property
    void negatedAndSwappedComparisons(@ForAll JmpOp op, @ForAll long left, @ForAll long right) {
        assertThat(holds(op.swapped(), right, left)).isEqualTo(holds(op, left, right));
        assertThat(holds(op.swapped(), left, left)).isEqualTo(holds(op, left, left));
        if (op != JmpOp.JSET) {
            assertThat(holds(op.negated(), left, right)).isNotEqualTo(holds(op, left, right));
            assertThat(holds(op.negated(), left, left)).isNotEqualTo(holds(op, left, left));
        } else {
            assertThatThrownBy(op::negated).hasMessageStartingWith("JSET has no opposite");
        }
    }

    private static boolean holds(JmpOp op, long left, long right) {
        return switch (op) {
            case JEQ -> left == right;
            case JNE -> left != right;
            case JSET -> (left & right) != 0;
            case JGT -> Long.compareUnsigned(left, right) > 0;
            case JGE -> Long.compareUnsigned(left, right) >= 0;
            case JLT -> Long.compareUnsigned(left, right) < 0;
            case JLE -> Long.compareUnsigned(left, right) <= 0;
            case JSGT -> left > right;
            case JSGE -> left >= right;
            case JSLT -> left < right;
            case JSLE -> left <= right;
        };
    }

    private static void assertRefused(String message, ThrowingCallable instruction) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(instruction)
                .withMessage(message);
    }
}
