package org.kprobe4j.asm;

import java.util.Objects;

/**
 * One eBPF instruction, or a directive ({@link Mark}, {@link Line}) that takes no room in the program. Every record checks its
 * operands when it is made and throws {@link IllegalArgumentException} for what cannot be encoded or what every kernel refuses.
 *
 * <p>Source: RFC 9669; include/uapi/linux/bpf.h.
 */
public sealed interface Instruction {

    /**
     * How many slots of eight bytes the instruction takes.
     *
     * @return 0 for a directive, 2 for a 64-bit immediate, else 1
     */
    default int slots() {
        return switch (this) {
            case Mark _, Line _ -> 0;
            case LoadImm64 _, LoadMap _, LoadMapValue _, LoadPlaceValue _, LoadFunction _, LoadBtfId _ -> 2;
            default -> 1;
        };
    }

    /**
     * {@code dst = dst op src}.
     *
     * @param op any operation but {@link AluOp#NEG}
     * @param width 32 or 64 bits
     * @param dst first operand and result
     * @param src second operand
     */
    record AluReg(AluOp op, Width width, Reg dst, Reg src) implements Instruction {
        /** Checks the operands. */
        public AluReg {
            Operands.binary(op);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = dst op imm}, the constant sign-extended to the width.
     *
     * @param op any operation but {@link AluOp#NEG}
     * @param width 32 or 64 bits
     * @param dst first operand and result
     * @param imm second operand; not 0 for a division, less than the width for a shift
     */
    record AluImm(AluOp op, Width width, Reg dst, int imm) implements Instruction {
        /** Checks the operands. */
        public AluImm {
            Operands.binary(op);
            Operands.immediate(op, width, imm);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = -dst}.
     *
     * @param width 32 or 64 bits
     * @param dst operand and result
     */
    record Neg(Width width, Reg dst) implements Instruction {
        /** Checks the operands. */
        public Neg {
            Operands.writable(dst);
        }
    }

    /**
     * Converts the low bits between the machine's byte order and a fixed one, clearing the bits above them.
     *
     * @param toBigEndian between native and big endian; false: little endian
     * @param bits 16, 32 or 64
     * @param dst operand and result
     */
    record ByteSwap(boolean toBigEndian, int bits, Reg dst) implements Instruction {
        /** Checks the operands. */
        public ByteSwap {
            Operands.swapBits(bits);
            Operands.writable(dst);
        }
    }

    /**
     * Reverses the bytes of the low bits on every machine, clearing the bits above them. Since kernel: 6.6 (cpu v4).
     *
     * @param bits 16, 32 or 64
     * @param dst operand and result
     */
    record Bswap(int bits, Reg dst) implements Instruction {
        /** Checks the operands. */
        public Bswap {
            Operands.swapBits(bits);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = (s8|s16|s32) src}. Since kernel: 6.6 (cpu v4).
     *
     * @param width 32 or 64 bits of result
     * @param bits how many low bits of the source count: 8 or 16, and 32 for a 64-bit result
     * @param dst result
     * @param src operand
     */
    record SignExtendMov(Width width, int bits, Reg dst, Reg src) implements Instruction {
        /** Checks the operands. */
        public SignExtendMov {
            if (bits != 8 && bits != 16 && (bits != 32 || width == Width.W32)) {
                throw new IllegalArgumentException("cannot sign-extend " + bits + " bits to " + width.bits()
                        + ": 8, 16 and, to 64, 32 are possible");
            }
            Operands.writable(dst);
        }
    }

    /**
     * Signed division or remainder, rounding towards zero. Since kernel: 6.6 (cpu v4).
     *
     * @param op {@link AluOp#DIV} or {@link AluOp#MOD}
     * @param width 32 or 64 bits
     * @param dst dividend and result
     * @param src divisor
     */
    record SignedAluReg(AluOp op, Width width, Reg dst, Reg src) implements Instruction {
        /** Checks the operands. */
        public SignedAluReg {
            Operands.signedDivision(op);
            Operands.writable(dst);
        }
    }

    /**
     * Signed division or remainder by a constant, rounding towards zero. Since kernel: 6.6 (cpu v4).
     *
     * @param op {@link AluOp#DIV} or {@link AluOp#MOD}
     * @param width 32 or 64 bits
     * @param dst dividend and result
     * @param imm divisor, not 0
     */
    record SignedAluImm(AluOp op, Width width, Reg dst, int imm) implements Instruction {
        /** Checks the operands. */
        public SignedAluImm {
            Operands.signedDivision(op);
            Operands.immediate(op, width, imm);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = value}, in two slots.
     *
     * @param dst result
     * @param value all 64 bits
     */
    record LoadImm64(Reg dst, long value) implements Instruction {
        /** Checks the operands. */
        public LoadImm64 {
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = &map}: {@code BPF_PSEUDO_MAP_FD}, the fd filled in by {@link Assembled#link}.
     *
     * @param dst result
     * @param map the map's name
     */
    record LoadMap(Reg dst, String map) implements Instruction {
        /** Checks the operands. */
        public LoadMap {
            Operands.map(map);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = the address of byte offset of the only value of an array map}: {@code BPF_PSEUDO_MAP_VALUE}. Since kernel: 5.2.
     *
     * @param dst result
     * @param map the map's name
     * @param offset bytes from the value's start
     */
    record LoadMapValue(Reg dst, String map, int offset) implements Instruction {
        /** Checks the operands. */
        public LoadMapValue {
            Operands.map(map);
            Operands.writable(dst);
            if (offset < 0) {
                throw new IllegalArgumentException("offset " + offset + " lies before the value of map " + map);
            }
        }
    }

    /**
     * {@code dst = the number of the place that the program is attached to}, for a program of which each place has its own copy:
     * filled in by {@link Assembled#link}, decoded as the constant that it became.
     *
     * @param dst result
     */
    record LoadPlace(Reg dst) implements Instruction {
        /** Checks the operands. */
        public LoadPlace {
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = the address of byte offset of the place's row in the only value of an array map}, as {@link LoadPlace} knows the
     * place: filled in by {@link Assembled#link}, decoded as the {@link LoadMapValue} that it became.
     *
     * @param dst result
     * @param map the map's name
     * @param rowBytes from one place's row to the next one's
     * @param offset bytes from the row's start
     */
    record LoadPlaceValue(Reg dst, String map, int rowBytes, int offset) implements Instruction {
        /** Checks the operands. */
        public LoadPlaceValue {
            Operands.map(map);
            Operands.writable(dst);
            if (offset < 0 || offset >= rowBytes) {
                throw new IllegalArgumentException(
                        "offset " + offset + " lies outside a row of " + rowBytes + " bytes of map " + map);
            }
        }
    }

    /**
     * {@code dst = the address of a function of this program}, for helpers that call back: {@code BPF_PSEUDO_FUNC}. Since kernel:
     * 5.13.
     *
     * @param dst result
     * @param target the function's first instruction
     */
    record LoadFunction(Reg dst, Label target) implements Instruction {
        /** Checks the operands. */
        public LoadFunction {
            Objects.requireNonNull(target);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = the address of a kernel variable}: {@code BPF_PSEUDO_BTF_ID}. Since kernel: 5.10.
     *
     * @param dst result
     * @param typeId the variable's id in the kernel's or module's BTF
     * @param moduleBtfFd fd of the module's BTF object, 0 for vmlinux
     */
    record LoadBtfId(Reg dst, int typeId, int moduleBtfFd) implements Instruction {
        /** Checks the operands. */
        public LoadBtfId {
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = *(u8|u16|u32|u64 *)(base + off)}, zero-extended.
     *
     * @param size bytes to read
     * @param dst result
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     */
    record Load(Size size, Reg dst, Reg base, int off) implements Instruction {
        /** Checks the operands. */
        public Load {
            Operands.offset(off);
            Operands.writable(dst);
        }
    }

    /**
     * {@code dst = *(s8|s16|s32 *)(base + off)}, sign-extended. Since kernel: 6.6 (cpu v4).
     *
     * @param size bytes to read: 1, 2 or 4
     * @param dst result
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     */
    record LoadSigned(Size size, Reg dst, Reg base, int off) implements Instruction {
        /** Checks the operands. */
        public LoadSigned {
            if (size == Size.DW) {
                throw new IllegalArgumentException("a load of 8 bytes has no sign to extend: use Instruction.Load");
            }
            Operands.offset(off);
            Operands.writable(dst);
        }
    }

    /**
     * {@code *(u8|u16|u32|u64 *)(base + off) = src}.
     *
     * @param size bytes to write
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     * @param src value
     */
    record StoreReg(Size size, Reg base, int off, Reg src) implements Instruction {
        /** Checks the operands. */
        public StoreReg {
            Operands.offset(off);
        }
    }

    /**
     * {@code *(u8|u16|u32|u64 *)(base + off) = imm}, the constant sign-extended for eight bytes.
     *
     * @param size bytes to write
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     * @param imm value
     */
    record StoreImm(Size size, Reg base, int off, int imm) implements Instruction {
        /** Checks the operands. */
        public StoreImm {
            Operands.offset(off);
        }
    }

    /**
     * An atomic read-modify-write of memory. Since kernel: 3.18 for an addition that does not fetch, 5.12 for the others.
     *
     * @param op what to do
     * @param size four or eight bytes
     * @param fetch the source register gets the old value ({@code r0} for {@link AtomicOp#CMPXCHG}); made true where the operation
     *     always fetches
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     * @param src operand
     */
    record Atomic(AtomicOp op, Size size, boolean fetch, Reg base, int off, Reg src) implements Instruction {
        /** Checks the operands. */
        public Atomic {
            fetch |= op.alwaysFetches();
            Operands.atomicSize(size);
            Operands.offset(off);
            if (fetch && op != AtomicOp.CMPXCHG) {
                Operands.writable(src);
            }
        }
    }

    /**
     * {@code dst = load_acquire(base + off)}, zero-extended. Since kernel: 6.15.
     *
     * @param size bytes to read
     * @param dst result
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     */
    record LoadAcquire(Size size, Reg dst, Reg base, int off) implements Instruction {
        /** Checks the operands. */
        public LoadAcquire {
            Operands.offset(off);
            Operands.writable(dst);
        }
    }

    /**
     * {@code store_release(base + off, src)}. Since kernel: 6.15.
     *
     * @param size bytes to write
     * @param base address
     * @param off bytes added to the address, 16 bits signed
     * @param src value
     */
    record StoreRelease(Size size, Reg base, int off, Reg src) implements Instruction {
        /** Checks the operands. */
        public StoreRelease {
            Operands.offset(off);
        }
    }

    /**
     * Jumps within the 16-bit range.
     *
     * @param target where to
     */
    record Jump(Label target) implements Instruction {}

    /**
     * Jumps within the 32-bit range. Since kernel: 6.6 (cpu v4).
     *
     * @param target where to
     */
    record LongJump(Label target) implements Instruction {}

    /**
     * Jumps until the verifier's per-program budget of iterations is used up. Since kernel: 6.9.
     *
     * @param target where to, once the budget is used up
     */
    record MayGoto(Label target) implements Instruction {}

    /**
     * Jumps if {@code dst op src}.
     *
     * @param op the comparison
     * @param width 32 or 64 bits; 32 since kernel 5.1
     * @param dst first operand
     * @param src second operand
     * @param target where to
     */
    record JumpReg(JmpOp op, Width width, Reg dst, Reg src, Label target) implements Instruction {}

    /**
     * Jumps if {@code dst op imm}, the constant sign-extended to the width.
     *
     * @param op the comparison
     * @param width 32 or 64 bits; 32 since kernel 5.1
     * @param dst first operand
     * @param imm second operand
     * @param target where to
     */
    record JumpImm(JmpOp op, Width width, Reg dst, int imm, Label target) implements Instruction {}

    /**
     * {@code r0 = helper(r1, r2, r3, r4, r5)}; r1 to r5 are lost.
     *
     * @param id the helper's number, see {@link Helper}
     */
    record CallHelper(int id) implements Instruction {
        /** Checks the operands. */
        public CallHelper {
            if (id <= 0) {
                throw new IllegalArgumentException("no helper has the id " + id);
            }
        }
    }

    /**
     * {@code r0 = kfunc(r1, r2, r3, r4, r5)}: {@code BPF_PSEUDO_KFUNC_CALL}. Since kernel: 5.13.
     *
     * @param btfId the function's id in the kernel's or module's BTF
     * @param moduleIndex index of the module's BTF fd in the load command's {@code fd_array}, 0 for vmlinux
     */
    record CallKfunc(int btfId, int moduleIndex) implements Instruction {
        /** Checks the operands. */
        public CallKfunc {
            Operands.offset(moduleIndex);
        }
    }

    /**
     * {@code r0 = function(r1, r2, r3, r4, r5)} of this program: {@code BPF_PSEUDO_CALL}. Since kernel: 4.16.
     *
     * @param target the function's first instruction
     */
    record CallLocal(Label target) implements Instruction {}

    /** Returns {@code r0} to the caller. */
    record Exit() implements Instruction {}

    /**
     * Places a label at the next instruction; takes no room.
     *
     * @param label the label
     */
    record Mark(Label label) implements Instruction {}

    /**
     * Says which source line the instructions from here on come from; takes no room.
     *
     * @param file the source file's name
     * @param line the line, from 1
     */
    record Line(String file, int line) implements Instruction {
        /** Checks the operands. */
        public Line {
            if (line < 1) {
                throw new IllegalArgumentException("line " + line + " of " + file + ": lines count from 1");
            }
        }
    }
}
