package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.JmpOp;
import org.kprobe4j.asm.Label;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Preemption;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.internal.Machine;

/**
 * The register of an argument that is narrower than the register: what lies above is the caller's leavings, and raw reads show them the
 * same under each mechanism. Who calls here is a program, whose register is not narrowed: bpf_task_from_pid(s32 pid) in
 * kernel/bpf/helpers.c, since Linux 6.2.
 */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class NarrowArgumentKernelTest {
    private static final String FUNCTION = "bpf_task_from_pid";
    private static final String RELEASE = "bpf_task_release";
    private static final long LEAVINGS = 0xdead_beef_0000_0000L;

    record Word(long raw) {}

    private static OptionalInt kfunc(String name) {
        Optional<BtfType.Function> found = Machine.btf().flatMap(btf -> btf.function(name));
        return found.isPresent() ? OptionalInt.of(found.get().id()) : OptionalInt.empty();
    }

    /** Calls the function with a whole register of which it wants the lower half. */
    private static void call(long register) {
        Reg r0 = Reg.of(0);
        var none = new Label("none");
        byte[] program = Assembler.assemble(List.of(
                        new Instruction.LoadImm64(Reg.of(1), register),
                        new Instruction.CallKfunc(kfunc(FUNCTION).orElseThrow(), 0),
                        new Instruction.JumpImm(JmpOp.JEQ, Width.W64, r0, 0, none),
                        new Instruction.AluReg(AluOp.MOV, Width.W64, Reg.of(1), r0),
                        new Instruction.CallKfunc(kfunc(RELEASE).orElseThrow(), 0),
                        new Instruction.Mark(none),
                        new Instruction.AluImm(AluOp.MOV, Width.W64, r0, 0),
                        new Instruction.Exit()))
                .link(_ -> -1, ByteOrder.nativeOrder());
        try (BpfProgram caller = BpfProgram.load(ProgramSpec.builder(ProgramType.SYSCALL, "narrow", program)
                .license("GPL")
                .flags(ProgramSpec.SLEEPABLE)
                .build())) {
            caller.testRunContext(new byte[0]);
        }
    }

    private static List<Long> seen(Mechanism mechanism) {
        try (var words = RingBuffer.of(Word.class);
                var kp = Kprobe.at(FUNCTION)
                        .mechanism(mechanism)
                        .preHandler((p, regs) -> {
                            words.emit(new Word(regs.arg(0)));
                            return 0;
                        })
                        .register()) {
            call(LEAVINGS | 1);
            call(-1L);
            call(0x7fff_ffff_ffff_ffffL);
            var all = new ArrayList<Word>();
            words.drainTo(all);
            assertThat(kp.plan().chosen()).isEqualTo(mechanism);
            return all.stream().map(Word::raw).toList();
        }
    }

    @Test
    void rawArgumentsAreWholeRegistersUnderEachMechanism() {
        assumeTrue(kfunc(FUNCTION).isPresent(), "the kernel has no " + FUNCTION);
        Map<Mechanism, List<Long>> results = new LinkedHashMap<>();
        for (Mechanism mechanism : List.of(Mechanism.FENTRY, Mechanism.KPROBE_MULTI, Mechanism.PERF_KPROBE)) {
            results.put(mechanism, seen(mechanism));
        }
        assertThat(results.values())
                .as(results.toString())
                .containsOnly(List.of(LEAVINGS | 1, -1L, 0x7fff_ffff_ffff_ffffL));
    }

    /** 6.1 keeps four bytes of this one, and the planner takes what has all of them. */
    @Test
    void theCheapestMechanismThatHasTheWholeRegisterIsTaken() {
        try (var sum = Counter.of();
                var kp = Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            sum.add(regs.arg(2));
                            return 0;
                        })
                        .register()) {
            DevNull.seek(10);
            assertThat(sum.sum()).isZero();
            assertThat(kp.account().hits()).isEqualTo(10);
            System.out.println(kp.plan());
            boolean whole = kfunc(FUNCTION).isPresent();
            assertThat(kp.plan().chosen() == Mechanism.FENTRY)
                    .isEqualTo(whole && Preemption.running().isNo());
        }
    }
}
