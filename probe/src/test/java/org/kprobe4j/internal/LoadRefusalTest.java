package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Helper;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Label;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.compiler.CompiledProgram;

class LoadRefusalTest {
    private static final KernelVersion OLD = new KernelVersion("5.10.223-amd64", 5, 10, 223);

    private static CompiledProgram program(Instruction... instructions) {
        return new CompiledProgram(
                Assembler.assemble(List.of(instructions)), List.of(), 8, 0, List.of(), List.of(), Set.of());
    }

    private static final CompiledProgram NEWER = program(
            new Instruction.Line("Opens.java", 41),
            new Instruction.CallHelper(Helper.KTIME_GET_NS.id()),
            new Instruction.Line("Opens.java", 42),
            new Instruction.CallHelper(Helper.GET_FUNC_IP.id()),
            new Instruction.Exit());

    @Test
    void helperThatTheKernelLacksIsNamedWithItsReleaseBeforeLoading() {
        assertThat(LoadRefusal.missing(NEWER, OLD, _ -> new Answer(Answer.Verdict.NO, "unknown func")))
                .hasValue(
                        "Opens.java:42 needs bpf_get_func_ip, which came with Linux 5.15; this kernel is 5.10.223-amd64");
    }

    @Test
    void kernelWithTheHelperPortedBackIsBelieved() {
        assertThat(LoadRefusal.missing(NEWER, OLD, _ -> new Answer(Answer.Verdict.YES, "loaded")))
                .isEmpty();
    }

    @Test
    void helpersAsOldAsTheKernelAreNotAskedFor() {
        var recent = new KernelVersion("6.12.48", 6, 12, 48);
        assertThat(LoadRefusal.missing(NEWER, recent, id -> {
                    throw new AssertionError("asked for " + id);
                }))
                .isEmpty();
    }

    /** What is seldom reached stands behind the rest, and what tries a ring buffer again is bounded by itself. */
    @Test
    void theCompilersOwnJumpsBackAreNoLoops() {
        var again = new Label("again");
        var filled = new Label("filled");
        var failed = new Label("failed");
        var code = program(
                new Instruction.Line("Opens.java", 10),
                new Instruction.CallHelper(Helper.GET_PRANDOM_U32.id()),
                new Instruction.JumpImm(JmpOp.JEQ, Width.W64, Reg.R0, 0, failed),
                new Instruction.Mark(filled),
                new Instruction.Exit(),
                new Instruction.Mark(failed),
                new Instruction.Mark(again),
                new Instruction.LoadMap(Reg.R1, "log"),
                new Instruction.CallHelper(Helper.RINGBUF_QUERY.id()),
                new Instruction.JumpImm(JmpOp.JNE, Width.W64, Reg.R0, 0, again),
                new Instruction.Jump(filled));
        assertThat(LoadRefusal.remedy(code.code()))
                .isEqualTo("; there is no loop in it: leave out conditions, or split the handler between two probes");
    }

    @Test
    void loopsAreNamedByTheLineTheyJumpBackTo() {
        var head = new Label("head");
        var code = program(
                new Instruction.Line("Opens.java", 10),
                new Instruction.CallHelper(Helper.KTIME_GET_NS.id()),
                new Instruction.Line("Opens.java", 11),
                new Instruction.Mark(head),
                new Instruction.CallHelper(Helper.GET_PRANDOM_U32.id()),
                new Instruction.JumpImm(JmpOp.JNE, Width.W64, Reg.R0, 0, head),
                new Instruction.Exit());
        assertThat(LoadRefusal.remedy(code.code())).isEqualTo("; count the loop at Opens.java:11 up to a constant");
        assertThat(LoadRefusal.remedy(NEWER.code()))
                .isEqualTo("; there is no loop in it: leave out conditions, or split the handler between two probes");
    }
}
