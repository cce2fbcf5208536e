package org.kprobe4j.asm;

import static org.kprobe4j.asm.Opcode.*;

import java.util.function.IntFunction;
import org.kprobe4j.asm.Instruction.*;

/**
 * Reads one instruction from its slots; the inverse of {@link Encoder}. Fields that the instruction does not use are not looked at:
 * {@link Decoder} finds them by encoding the result again.
 */
final class SlotDecoder {
    private final long[] slots;
    private final IntFunction<Label> labelAt;
    private final IntFunction<String> mapName;

    SlotDecoder(long[] slots, IntFunction<Label> labelAt, IntFunction<String> mapName) {
        this.slots = slots;
        this.labelAt = labelAt;
        this.mapName = mapName;
    }

    /** Throws IllegalArgumentException, of the operands' checks or its own, if there is no such instruction. */
    Instruction decode(int at) {
        long slot = slots[at];
        int opcode = opcode(slot);
        return switch (opcode & 0x07) {
            case BPF_LD -> opcode == LD_IMM64 ? wide(at) : unknown(opcode);
            case BPF_LDX -> load(slot);
            case BPF_ST ->
                (opcode & 0xe0) == BPF_MEM
                        ? new StoreImm(size(slot), dstReg(slot), off(slot), imm(slot))
                        : unknown(opcode);
            case BPF_STX -> store(slot);
            case BPF_ALU -> alu(slot, Width.W32);
            case BPF_ALU64 -> alu(slot, Width.W64);
            case BPF_JMP -> jump(at, Width.W64);
            default -> jump(at, Width.W32);
        };
    }

    private Instruction wide(int at) {
        if (at + 1 >= slots.length) {
            throw new IllegalArgumentException("the second slot of the 64-bit immediate is missing");
        }
        Reg dst = dstReg(slots[at]);
        int low = imm(slots[at]);
        int high = imm(slots[at + 1]);
        return switch (src(slots[at])) {
            case 0 -> new LoadImm64(dst, (low & 0xffff_ffffL) | (long) high << 32);
            case BPF_PSEUDO_MAP_FD -> new LoadMap(dst, mapName.apply(low));
            case BPF_PSEUDO_MAP_VALUE -> new LoadMapValue(dst, mapName.apply(low), high);
            case BPF_PSEUDO_BTF_ID -> new LoadBtfId(dst, low, high);
            case BPF_PSEUDO_FUNC -> new LoadFunction(dst, target(at, low));
            default ->
                throw new IllegalArgumentException("64-bit immediate of kind " + src(slots[at]) + " is not supported");
        };
    }

    private static Instruction load(long slot) {
        return switch (opcode(slot) & 0xe0) {
            case BPF_MEM -> new Load(size(slot), dstReg(slot), srcReg(slot), off(slot));
            case BPF_MEMSX -> new LoadSigned(size(slot), dstReg(slot), srcReg(slot), off(slot));
            default -> unknown(opcode(slot));
        };
    }

    private static Instruction store(long slot) {
        return switch (opcode(slot) & 0xe0) {
            case BPF_MEM -> new StoreReg(size(slot), dstReg(slot), off(slot), srcReg(slot));
            case BPF_ATOMIC ->
                switch (imm(slot)) {
                    case BPF_LOAD_ACQ -> new LoadAcquire(size(slot), dstReg(slot), srcReg(slot), off(slot));
                    case BPF_STORE_REL -> new StoreRelease(size(slot), dstReg(slot), off(slot), srcReg(slot));
                    default -> atomic(slot);
                };
            default -> unknown(opcode(slot));
        };
    }

    private static Instruction atomic(long slot) {
        boolean fetch = (imm(slot) & AtomicOp.FETCH) != 0;
        var op = AtomicOp.ofImm(imm(slot));
        return new Atomic(op, size(slot), fetch, dstReg(slot), off(slot), srcReg(slot));
    }

    private static Instruction alu(long slot, Width width) {
        int opcode = opcode(slot);
        boolean register = (opcode & BPF_X) != 0;
        Reg dst = dstReg(slot);
        switch (opcode & 0xf0) {
            case BPF_NEG:
                return new Neg(width, dst);
            case BPF_END:
                return width == Width.W32 ? new ByteSwap(register, imm(slot), dst) : new Bswap(imm(slot), dst);
            case 0xe0, 0xf0:
                return unknown(opcode);
            default:
                break;
        }
        var op = AluOp.ofCode(opcode);
        int off = off(slot);
        if (op == AluOp.MOV && register && off != 0) {
            return new SignExtendMov(width, off, dst, srcReg(slot));
        }
        if (op.isDivision() && off == 1) {
            return register
                    ? new SignedAluReg(op, width, dst, srcReg(slot))
                    : new SignedAluImm(op, width, dst, imm(slot));
        }
        return register ? new AluReg(op, width, dst, srcReg(slot)) : new AluImm(op, width, dst, imm(slot));
    }

    private Instruction jump(int at, Width width) {
        long slot = slots[at];
        int opcode = opcode(slot);
        return switch (opcode & 0xf0) {
            case BPF_JA -> width == Width.W64 ? new Jump(target(at, off(slot))) : new LongJump(target(at, imm(slot)));
            case BPF_CALL -> width == Width.W64 ? call(at) : unknown(opcode);
            case BPF_EXIT -> width == Width.W64 ? new Exit() : unknown(opcode);
            case BPF_JCOND -> width == Width.W64 ? new MayGoto(target(at, off(slot))) : unknown(opcode);
            case 0xf0 -> unknown(opcode);
            default -> {
                var op = JmpOp.ofCode(opcode);
                var target = target(at, off(slot));
                yield (opcode & BPF_X) != 0
                        ? new JumpReg(op, width, dstReg(slot), srcReg(slot), target)
                        : new JumpImm(op, width, dstReg(slot), imm(slot), target);
            }
        };
    }

    private Instruction call(int at) {
        long slot = slots[at];
        return switch (src(slot)) {
            case 0 -> new CallHelper(imm(slot));
            case BPF_PSEUDO_CALL -> new CallLocal(target(at, imm(slot)));
            case BPF_PSEUDO_KFUNC_CALL -> new CallKfunc(imm(slot), off(slot));
            default -> throw new IllegalArgumentException("call of kind " + src(slot) + " does not exist");
        };
    }

    private Label target(int at, int distance) {
        long target = (long) at + 1 + distance;
        if (target < 0 || target >= slots.length) {
            throw new IllegalArgumentException(
                    "target " + target + " lies outside the program's " + slots.length + " slots");
        }
        return labelAt.apply((int) target);
    }

    private static Reg dstReg(long slot) {
        return Reg.of(dst(slot));
    }

    private static Reg srcReg(long slot) {
        return Reg.of(src(slot));
    }

    private static Size size(long slot) {
        return Size.ofCode(opcode(slot));
    }

    private static Instruction unknown(int opcode) {
        throw new IllegalArgumentException("unknown opcode 0x%02x".formatted(opcode));
    }
}
