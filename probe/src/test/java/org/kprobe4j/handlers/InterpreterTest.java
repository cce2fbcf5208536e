package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kprobe4j.asm.Reg.R0;
import static org.kprobe4j.asm.Reg.R1;
import static org.kprobe4j.asm.Reg.R2;
import static org.kprobe4j.asm.Reg.R6;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.Instruction.AluImm;
import org.kprobe4j.asm.Instruction.AluReg;
import org.kprobe4j.asm.Instruction.CallHelper;
import org.kprobe4j.asm.Instruction.Exit;
import org.kprobe4j.asm.Instruction.Load;
import org.kprobe4j.asm.Instruction.LoadImm64;
import org.kprobe4j.asm.Instruction.LoadMap;
import org.kprobe4j.asm.Instruction.StoreReg;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Size;
import org.kprobe4j.asm.Width;

/** The fixture itself: it computes as the kernel does and refuses what the verifier refuses. */
class InterpreterTest {
    private static long run(Instruction... instructions) {
        var program = new ArrayList<>(List.of(instructions));
        program.add(new Exit());
        return new Interpreter(Assembler.assemble(program), new FakeKernel(), 1, 8).run(new byte[16]);
    }

    private static long compute(AluOp op, Width width, long a, long b) {
        return run(new LoadImm64(R0, a), new LoadImm64(R2, b), new AluReg(op, width, R0, R2));
    }

    @Test
    void arithmetic_is_that_of_the_instruction_set() {
        assertThat(compute(AluOp.ADD, Width.W32, -1, 2)).isEqualTo(1);
        assertThat(compute(AluOp.SUB, Width.W32, 0, 1)).isEqualTo(0xffff_ffffL);
        assertThat(compute(AluOp.DIV, Width.W64, -1, 2)).isEqualTo(Long.MAX_VALUE);
        assertThat(compute(AluOp.DIV, Width.W64, 5, 0)).isZero();
        assertThat(compute(AluOp.MOD, Width.W32, 0x1_0000_0005L, 0)).isEqualTo(5);
        assertThat(compute(AluOp.ARSH, Width.W32, 0x8000_0000L, 31)).isEqualTo(0xffff_ffffL);
        assertThat(compute(AluOp.MOV, Width.W32, 0, -1)).isEqualTo(0xffff_ffffL);
    }

    @Test
    void what_the_verifier_refuses_is_refused() {
        assertThatThrownBy(() -> compute(AluOp.LSH, Width.W32, 1, 32)).hasMessageContaining("shift by 32");
        assertThatThrownBy(() -> run(new AluReg(AluOp.MOV, Width.W64, R0, R6))).hasMessageContaining("R6 !read_ok");
        assertThatThrownBy(() -> run(new CallHelper(5), new AluReg(AluOp.MOV, Width.W64, R0, R1)))
                .hasMessageContaining("R1 !read_ok");
        assertThatThrownBy(() -> run(new Load(Size.DW, R0, Reg.FP, -8))).hasMessageContaining("was not written");
        assertThatThrownBy(() -> run(new Load(Size.DW, R0, R1, 16))).hasMessageContaining("invalid read of 8 bytes");
        assertThatThrownBy(() -> run(new StoreReg(Size.DW, Reg.FP, -520, R1))).hasMessageContaining("invalid write");
        assertThatThrownBy(() -> run(new StoreReg(Size.DW, Reg.FP, -12, R1))).hasMessageContaining("misaligned");
        assertThatThrownBy(() -> run(new StoreReg(Size.DW, R1, 0, R1))).hasMessageContaining("write to ctx");
        assertThatThrownBy(() -> run(new AluImm(AluOp.MUL, Width.W64, R1, 2)))
                .hasMessageContaining("pointer arithmetic");
        assertThatThrownBy(() -> run(new AluImm(AluOp.MOV, Width.W64, R2, 5), new Load(Size.B, R0, R2, 0)))
                .hasMessageContaining("invalid mem access 'scalar'");
        assertThatThrownBy(() -> run(
                        new LoadMap(R1, "log"),
                        new AluImm(AluOp.MOV, Width.W64, R2, 8),
                        new AluImm(AluOp.MOV, Width.W64, Reg.R3, 0),
                        new CallHelper(131),
                        new AluImm(AluOp.MOV, Width.W64, R0, 0)))
                .hasMessageContaining("Unreleased reference");
    }

    @Test
    void a_spilled_pointer_stays_one() {
        assertThat(run(
                        new StoreReg(Size.DW, Reg.FP, -8, R1),
                        new Load(Size.DW, R2, Reg.FP, -8),
                        new Load(Size.DW, R0, R2, 8)))
                .isZero();
    }
}
