package org.kprobe4j.asm;

import static org.kprobe4j.asm.Opcode.*;

import java.util.function.ToIntFunction;
import org.kprobe4j.asm.Instruction.*;

/** Writes one instruction into its slots; the inverse of {@link SlotDecoder}. */
final class Encoder {
    private final long[] slots;
    private final ToIntFunction<Label> slotOf;

    /** Labels are asked for only where an instruction names one; map fds and the place's number stay 0. */
    Encoder(long[] slots, ToIntFunction<Label> slotOf) {
        this.slots = slots;
        this.slotOf = slotOf;
    }

    void encode(int at, Instruction instruction) {
        switch (instruction) {
            case LoadImm64 i -> wide(at, i.dst(), 0, (int) i.value(), (int) (i.value() >> 32));
            case LoadMap i -> wide(at, i.dst(), BPF_PSEUDO_MAP_FD, 0, 0);
            case LoadMapValue i -> wide(at, i.dst(), BPF_PSEUDO_MAP_VALUE, 0, i.offset());
            case LoadPlaceValue i -> wide(at, i.dst(), BPF_PSEUDO_MAP_VALUE, 0, i.offset());
            case LoadFunction i -> wide(at, i.dst(), BPF_PSEUDO_FUNC, relative(at, i.target()), 0);
            case LoadBtfId i -> wide(at, i.dst(), BPF_PSEUDO_BTF_ID, i.typeId(), i.moduleBtfFd());
            case Mark _, Line _ -> {}
            default -> slots[at] = single(at, instruction);
        }
    }

    private void wide(int at, Reg dst, int pseudo, int low, int high) {
        slots[at] = slot(LD_IMM64, dst.code(), pseudo, 0, low);
        slots[at + 1] = slot(0, 0, 0, 0, high);
    }

    private long single(int at, Instruction instruction) {
        return switch (instruction) {
            case AluReg i ->
                alu(i.width(), i.op().code() | BPF_X, i.dst(), i.src().code(), 0, 0);
            case AluImm i -> alu(i.width(), i.op().code() | BPF_K, i.dst(), 0, 0, i.imm());
            case LoadPlace i -> alu(Width.W32, AluOp.MOV.code() | BPF_K, i.dst(), 0, 0, 0);
            case SignedAluReg i ->
                alu(i.width(), i.op().code() | BPF_X, i.dst(), i.src().code(), 1, 0);
            case SignedAluImm i -> alu(i.width(), i.op().code() | BPF_K, i.dst(), 0, 1, i.imm());
            case SignExtendMov i ->
                alu(i.width(), AluOp.MOV.code() | BPF_X, i.dst(), i.src().code(), i.bits(), 0);
            case Neg i -> alu(i.width(), BPF_NEG, i.dst(), 0, 0, 0);
            case ByteSwap i -> alu(Width.W32, BPF_END | (i.toBigEndian() ? BPF_X : BPF_K), i.dst(), 0, 0, i.bits());
            case Bswap i -> alu(Width.W64, BPF_END, i.dst(), 0, 0, i.bits());
            case Load i -> memory(BPF_LDX | BPF_MEM, i.size(), i.dst(), i.base(), i.off(), 0);
            case LoadSigned i -> memory(BPF_LDX | BPF_MEMSX, i.size(), i.dst(), i.base(), i.off(), 0);
            case StoreReg i -> memory(BPF_STX | BPF_MEM, i.size(), i.base(), i.src(), i.off(), 0);
            case StoreImm i -> memory(BPF_ST | BPF_MEM, i.size(), i.base(), Reg.R0, i.off(), i.imm());
            case Atomic i -> {
                int imm = i.op().code() | (i.fetch() ? AtomicOp.FETCH : 0);
                yield memory(BPF_STX | BPF_ATOMIC, i.size(), i.base(), i.src(), i.off(), imm);
            }
            case LoadAcquire i -> memory(BPF_STX | BPF_ATOMIC, i.size(), i.dst(), i.base(), i.off(), BPF_LOAD_ACQ);
            case StoreRelease i -> memory(BPF_STX | BPF_ATOMIC, i.size(), i.base(), i.src(), i.off(), BPF_STORE_REL);
            default -> control(at, instruction);
        };
    }

    private long control(int at, Instruction instruction) {
        return switch (instruction) {
            case Jump i -> slot(BPF_JMP | BPF_JA, 0, 0, near(at, i.target()), 0);
            case LongJump i -> slot(BPF_JMP32 | BPF_JA, 0, 0, 0, relative(at, i.target()));
            case MayGoto i -> slot(BPF_JMP | BPF_JCOND, 0, 0, near(at, i.target()), 0);
            case JumpReg i ->
                slot(
                        jumpClass(i.width()) | i.op().code() | BPF_X,
                        i.dst().code(),
                        i.src().code(),
                        near(at, i.target()),
                        0);
            case JumpImm i ->
                slot(jumpClass(i.width()) | i.op().code(), i.dst().code(), 0, near(at, i.target()), i.imm());
            case CallHelper i -> slot(BPF_JMP | BPF_CALL, 0, 0, 0, i.id());
            case CallLocal i -> slot(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, relative(at, i.target()));
            case CallKfunc i -> slot(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, i.moduleIndex(), i.btfId());
            case Exit _ -> slot(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
            default -> throw new IllegalStateException("not encoded as one slot: " + instruction);
        };
    }

    private static long alu(Width width, int operation, Reg dst, int src, int off, int imm) {
        return slot((width == Width.W64 ? BPF_ALU64 : BPF_ALU) | operation, dst.code(), src, off, imm);
    }

    private static long memory(int kind, Size size, Reg dst, Reg src, int off, int imm) {
        return slot(kind | size.code(), dst.code(), src.code(), off, imm);
    }

    private static int jumpClass(Width width) {
        return width == Width.W64 ? BPF_JMP : BPF_JMP32;
    }

    /** Distances count from the slot after the instruction's first. */
    private int relative(int at, Label target) {
        return slotOf.applyAsInt(target) - at - 1;
    }

    private int near(int at, Label target) {
        int distance = relative(at, target);
        if (distance != (short) distance) {
            throw new AssemblyException("insn " + at + ": the jump to " + target + " goes " + distance
                    + " slots, but a jump reaches only -32768 to 32767: use a long jump (Linux 6.6) or a local call");
        }
        return distance;
    }
}
