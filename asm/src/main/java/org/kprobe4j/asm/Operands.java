package org.kprobe4j.asm;

/** What every instruction of a kind demands of its operands: checked when the record is made, where the mistake is. */
final class Operands {
    private Operands() {}

    static void writable(Reg dst) {
        if (dst == Reg.FP) {
            throw new IllegalArgumentException("r10 is the frame pointer and cannot be written");
        }
    }

    static void offset(int off) {
        if (off < Short.MIN_VALUE || off > Short.MAX_VALUE) {
            throw new IllegalArgumentException("offset " + off + " does not fit the instruction's 16 bits");
        }
    }

    static void binary(AluOp op) {
        if (op == AluOp.NEG) {
            throw new IllegalArgumentException("NEG takes no second operand: use Instruction.Neg");
        }
    }

    static void signedDivision(AluOp op) {
        if (!op.isDivision()) {
            throw new IllegalArgumentException("only DIV and MOD have a signed form, not " + op);
        }
    }

    /** The verifier refuses these ("div by zero", "invalid shift"), but without a line. */
    static void immediate(AluOp op, Width width, int imm) {
        if (op.isDivision() && imm == 0) {
            throw new IllegalArgumentException(op + " by the constant 0");
        }
        if (op.isShift() && (imm < 0 || imm >= width.bits())) {
            throw new IllegalArgumentException(
                    op + " by " + imm + " bits: 0 to " + (width.bits() - 1) + " are possible");
        }
    }

    static void swapBits(int bits) {
        if (bits != 16 && bits != 32 && bits != 64) {
            throw new IllegalArgumentException(
                    "cannot swap the bytes of " + bits + " bits: 16, 32 and 64 are possible");
        }
    }

    static void atomicSize(Size size) {
        if (size != Size.W && size != Size.DW) {
            throw new IllegalArgumentException(
                    "no atomic operation on " + size.bytes() + " bytes: 4 and 8 are possible");
        }
    }

    static void map(String map) {
        if (map.isEmpty()) {
            throw new IllegalArgumentException("a map reference needs the map's name");
        }
    }
}
