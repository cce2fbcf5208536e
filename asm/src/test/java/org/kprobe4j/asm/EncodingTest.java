package org.kprobe4j.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kprobe4j.asm.Reg.*;
import static org.kprobe4j.asm.Width.*;

import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kprobe4j.asm.Instruction.*;

/** The bytes and the notation of each form; the bytes were read back with LLVM's disassembler where it knows the form. */
class EncodingTest {
    private static final Label HERE = new Label("here");

    record Form(Instruction instruction, String bytes, String notation) {}

    static List<Form> forms() {
        return List.of(
                new Form(new AluReg(AluOp.ADD, W64, R1, R2), "0f21000000000000", "r1 += r2"),
                new Form(new AluReg(AluOp.ADD, W32, R2, R3), "0c32000000000000", "w2 += w3"),
                new Form(new AluReg(AluOp.SUB, W64, R1, R2), "1f21000000000000", "r1 -= r2"),
                new Form(new AluReg(AluOp.MUL, W64, R1, R2), "2f21000000000000", "r1 *= r2"),
                new Form(new AluReg(AluOp.DIV, W64, R1, R2), "3f21000000000000", "r1 /= r2"),
                new Form(new AluReg(AluOp.OR, W64, R1, R2), "4f21000000000000", "r1 |= r2"),
                new Form(new AluReg(AluOp.AND, W64, R1, R2), "5f21000000000000", "r1 &= r2"),
                new Form(new AluReg(AluOp.LSH, W64, R1, R2), "6f21000000000000", "r1 <<= r2"),
                new Form(new AluReg(AluOp.RSH, W64, R1, R2), "7f21000000000000", "r1 >>= r2"),
                new Form(new AluReg(AluOp.MOD, W64, R1, R2), "9f21000000000000", "r1 %= r2"),
                new Form(new AluReg(AluOp.XOR, W64, R1, R2), "af21000000000000", "r1 ^= r2"),
                new Form(new AluReg(AluOp.MOV, W64, R9, R10), "bfa9000000000000", "r9 = r10"),
                new Form(new AluReg(AluOp.ARSH, W32, R1, R2), "cc21000000000000", "w1 s>>= w2"),
                new Form(new AluImm(AluOp.MOV, W64, R0, 0), "b700000000000000", "r0 = 0"),
                new Form(new AluImm(AluOp.ADD, W32, R5, -2), "04050000feffffff", "w5 += -2"),
                new Form(new Neg(W64, R4), "8704000000000000", "r4 = -r4"),
                new Form(new Neg(W32, R4), "8404000000000000", "w4 = -w4"),
                new Form(new ByteSwap(true, 16, R3), "dc03000010000000", "r3 = be16 r3"),
                new Form(new ByteSwap(false, 64, R3), "d403000040000000", "r3 = le64 r3"),
                new Form(new Bswap(32, R3), "d703000020000000", "r3 = bswap32 r3"),
                new Form(new SignExtendMov(W64, 32, R1, R2), "bf21200000000000", "r1 = (s32)r2"),
                new Form(new SignExtendMov(W32, 8, R1, R2), "bc21080000000000", "w1 = (s8)w2"),
                new Form(new SignedAluReg(AluOp.DIV, W64, R1, R2), "3f21010000000000", "r1 s/= r2"),
                new Form(new SignedAluImm(AluOp.MOD, W32, R1, -7), "94010100f9ffffff", "w1 s%= -7"),
                new Form(
                        new LoadImm64(R1, 0x123456789abcdef0L),
                        "18010000f0debc9a0000000078563412",
                        "r1 = 0x123456789abcdef0 ll"),
                new Form(new LoadMap(R1, "hits"), "18110000070000000000000000000000", "r1 = map[hits]"),
                new Form(new LoadMapValue(R1, "hits", 24), "18210000070000000000000018000000", "r1 = map[hits][0]+24"),
                new Form(new LoadBtfId(R1, 99, 5), "18310000630000000000000005000000", "r1 = btf[99,5]"),
                new Form(new LoadFunction(R2, HERE), "18420000ffffffff0000000000000000", "r2 = subprog[-1]"),
                new Form(new Load(Size.DW, R1, R10, -8), "79a1f8ff00000000", "r1 = *(u64 *)(r10 -8)"),
                new Form(new Load(Size.W, R1, R2, 4), "6121040000000000", "r1 = *(u32 *)(r2 +4)"),
                new Form(new Load(Size.H, R1, R2, 0), "6921000000000000", "r1 = *(u16 *)(r2 +0)"),
                new Form(new Load(Size.B, R1, R2, 1), "7121010000000000", "r1 = *(u8 *)(r2 +1)"),
                new Form(new LoadSigned(Size.W, R1, R2, 4), "8121040000000000", "r1 = *(s32 *)(r2 +4)"),
                new Form(new LoadSigned(Size.B, R1, R2, 4), "9121040000000000", "r1 = *(s8 *)(r2 +4)"),
                new Form(new StoreReg(Size.DW, R10, -16, R7), "7b7af0ff00000000", "*(u64 *)(r10 -16) = r7"),
                new Form(new StoreReg(Size.B, R1, 3, R7), "7371030000000000", "*(u8 *)(r1 +3) = r7"),
                new Form(new StoreImm(Size.W, R10, -4, -1), "620afcffffffffff", "*(u32 *)(r10 -4) = -1"),
                new Form(
                        new Atomic(AtomicOp.ADD, Size.DW, false, R1, 8, R2),
                        "db21080000000000",
                        "lock *(u64 *)(r1 +8) += r2"),
                new Form(
                        new Atomic(AtomicOp.ADD, Size.DW, true, R1, 8, R2),
                        "db21080001000000",
                        "r2 = atomic64_fetch_add((u64 *)(r1 +8), r2)"),
                new Form(
                        new Atomic(AtomicOp.XOR, Size.W, true, R1, 8, R2),
                        "c3210800a1000000",
                        "r2 = atomic_fetch_xor((u32 *)(r1 +8), r2)"),
                new Form(
                        new Atomic(AtomicOp.XCHG, Size.DW, false, R1, 8, R2),
                        "db210800e1000000",
                        "r2 = atomic64_xchg((u64 *)(r1 +8), r2)"),
                new Form(
                        new Atomic(AtomicOp.CMPXCHG, Size.W, true, R1, 0, R2),
                        "c3210000f1000000",
                        "r0 = atomic_cmpxchg((u32 *)(r1 +0), r0, r2)"),
                new Form(new LoadAcquire(Size.W, R1, R2, 4), "c321040000010000", "r1 = load_acquire((u32 *)(r2 +4))"),
                new Form(new StoreRelease(Size.DW, R1, 4, R2), "db21040010010000", "store_release((u64 *)(r1 +4), r2)"),
                new Form(new Jump(HERE), "0500ffff00000000", "goto -1"),
                new Form(new LongJump(HERE), "06000000ffffffff", "gotol -1"),
                new Form(new MayGoto(HERE), "e500ffff00000000", "may_goto -1"),
                new Form(new JumpImm(JmpOp.JSGT, W64, R1, 5, HERE), "6501ffff05000000", "if r1 s> 5 goto -1"),
                new Form(new JumpImm(JmpOp.JLE, W32, R1, 5, HERE), "b601ffff05000000", "if w1 <= 5 goto -1"),
                new Form(new JumpReg(JmpOp.JSET, W64, R1, R2, HERE), "4d21ffff00000000", "if r1 & r2 goto -1"),
                new Form(new JumpReg(JmpOp.JNE, W32, R1, R2, HERE), "5e21ffff00000000", "if w1 != w2 goto -1"),
                new Form(new CallHelper(5), "8500000005000000", "call bpf_ktime_get_ns#5"),
                new Form(new CallHelper(9999), "850000000f270000", "call unknown#9999"),
                new Form(new CallLocal(HERE), "85100000ffffffff", "call -1"),
                new Form(new CallKfunc(321, 0), "8520000041010000", "call kfunc#321"),
                new Form(new Exit(), "9500000000000000", "exit"));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void bytesAndNotation(Form form) {
        var program = Assembler.assemble(List.of(new Mark(HERE), form.instruction()));

        assertThat(HexFormat.of().formatHex(program.link(map -> 7))).isEqualTo(form.bytes());
        assertThat(program.disassemble()).isEqualTo("   0: " + form.notation() + "\n");
    }

    @Test
    void bigEndianSwapsTheRegistersWithTheBytes() {
        var program = Assembler.assemble(List.of(new Load(Size.DW, R1, R10, -8), new LoadMap(R2, "m")));

        assertThat(HexFormat.of().formatHex(program.link(map -> 7, ByteOrder.BIG_ENDIAN)))
                .isEqualTo("791afff800000000" + "18210000000000070000000000000000");
    }
}
