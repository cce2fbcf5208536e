package org.kprobe4j.internal.planting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.AssemblyException;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.JoinedProgram;

class SessionsTest {
    @Test
    void what_a_kernel_lacks() {
        assertThat(Sessions.lack("kprobe.session: EINVAL at load"))
                .isEqualTo("it needs Linux 6.10 with CONFIG_FPROBE, this is "
                        + KernelVersion.running().release() + " (kprobe.session: EINVAL at load)");
    }

    @Test
    void an_entry_half_that_cannot_be_jumped_over_is_refused() {
        CompiledProgram small = program(1);
        CompiledProgram large = program(Short.MAX_VALUE + 1);
        assertThat(JoinedProgram.of(small, large, 1).code().size()).isGreaterThan(Short.MAX_VALUE);
        assertThatThrownBy(() -> JoinedProgram.of(large, small, 1)).isInstanceOf(AssemblyException.class);
    }

    private static CompiledProgram program(int instructions) {
        Instruction set = new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.of(0), 0);
        var code = new ArrayList<Instruction>(Collections.nCopies(instructions, set));
        code.add(new Instruction.Exit());
        return new CompiledProgram(Assembler.assemble(code), List.of(), 0, 0, List.of(), List.of(), Set.of());
    }
}
