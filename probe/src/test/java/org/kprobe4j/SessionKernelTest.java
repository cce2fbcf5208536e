package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileInputStream;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.asm.AluOp;
import org.kprobe4j.asm.Assembler;
import org.kprobe4j.asm.Instruction;
import org.kprobe4j.asm.Reg;
import org.kprobe4j.asm.Width;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.JoinedProgram;
import org.kprobe4j.internal.planting.Sessions;

/** One program at entry and return: kprobe.session, where the kernel has it. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class SessionKernelTest {
    private static final int CALLS = 300;
    private static final String NESTED = "vfs_read*,rw_verify_area," + DevNull.FUNCTION;

    record Returned(long addr, long entered, long offset) {}

    static final class Entered {
        long addr;
        long offset;
    }

    private static boolean isHere() {
        boolean here = Features.running().kprobeSession().isYes();
        System.out.println("kprobe.session: " + Features.running().kprobeSession());
        assertThat(here).isEqualTo(Sessions.lack().isEmpty());
        return here;
    }

    /** Arm's kernels of 6.12 have not even kprobe.multi. */
    private static String lack() {
        return KernelVersion.running().atLeast(6, 10)
                ? "this kernel has no kprobe.multi; "
                : "it needs Linux 6.10 with CONFIG_FPROBE, this is "
                        + KernelVersion.running().release() + " (";
    }

    @Test
    void a_kernel_without_it_says_so() {
        if (!isHere()) {
            assertThatThrownBy(() -> Kretprobe.at(DevNull.FUNCTION)
                            .mechanism(Mechanism.KPROBE_SESSION)
                            .entryHandler((ri, regs) -> 0)
                            .handler((ri, regs) -> 0)
                            .register())
                    .isInstanceOf(RegistrationException.class)
                    .hasMessageContaining("mechanism kprobe.session was asked for: " + lack());
        }
        assertThatThrownBy(() -> Kretprobe.at(DevNull.FUNCTION)
                        .mechanism(Mechanism.KPROBE_SESSION)
                        .handler((ri, regs) -> 0)
                        .register())
                .isInstanceOf(RegistrationException.class)
                .hasMessageContaining(
                        "mechanism kprobe.session was asked for: there is no entry handler, so nothing to join");
    }

    @Test
    void nested_calls_of_many_functions_keep_their_own_data() throws Exception {
        if (!isHere()) {
            return;
        }
        int pid = (int) ProcessHandle.current().pid();
        List<Returned> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Returned.class);
        try (events) {
            var rp = Kretprobe.at(NESTED, Entered.class)
                    .entryHandler((ri, regs) -> {
                        ri.data().addr = ri.addr();
                        ri.data().offset = regs.arg(1);
                        return Kernel.pid() == pid ? 0 : 1;
                    })
                    .handler((ri, regs) -> {
                        events.emit(new Returned(ri.addr(), ri.data().addr, ri.data().offset));
                        return 0;
                    })
                    .register();
            events.forEach(seen::add);
            try (rp) {
                assertThat(rp.plan().chosen()).as(rp.plan().toString()).isEqualTo(Mechanism.KPROBE_SESSION);
                DevNull.seek(CALLS);
                try (var zero = new FileInputStream("/dev/zero")) {
                    for (int i = 0; i < CALLS; i++) {
                        assertThat(zero.read()).isZero();
                    }
                }
            }
            events.close();
            System.out.println(rp.plan() + ": " + rp.account());
            assertThat(seen).allSatisfy(call -> assertThat(call.entered()).isEqualTo(call.addr()));
            Map<String, Long> hits = rp.hits().entrySet().stream()
                    .collect(Collectors.toMap(hit -> hit.getKey().symbolName(), Map.Entry::getValue));
            assertThat(hits).containsEntry(DevNull.FUNCTION, (long) CALLS);
            assertThat(hits.get("vfs_read")).isGreaterThanOrEqualTo(CALLS);
            long seekAddr = rp.places().stream()
                    .filter(place -> place.symbolName().equals(DevNull.FUNCTION))
                    .findFirst()
                    .orElseThrow()
                    .addr();
            assertThat(seen.stream()
                            .filter(call -> call.addr() == seekAddr)
                            .map(Returned::offset)
                            .toList())
                    .hasSize(CALLS)
                    .contains(0L, CALLS - 1L)
                    .doesNotHaveDuplicates();
            ProbeAccount account = rp.account();
            assertThat(account.delivered()).isEqualTo(seen.size());
            assertThat(account.hits())
                    .isEqualTo(account.delivered()
                            + account.filtered()
                            + account.inFlight()
                            + account.endedInside()
                            + account.missed()
                            + account.recursion()
                            + account.mapFull()
                            + account.faulted());
        }
    }

    @Test
    void switched_off_it_counts_nothing_and_calls_in_flight_return() throws Exception {
        if (!isHere()) {
            return;
        }
        var rp = Kretprobe.at(DevNull.FUNCTION, Entered.class)
                .mechanism(Mechanism.KPROBE_SESSION)
                .disabled()
                .entryHandler((ri, regs) -> {
                    ri.data().offset = regs.arg(1);
                    return regs.arg(1) % 3 == 0 ? 1 : 0;
                })
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            DevNull.seek(CALLS);
            assertThat(rp.account().hits()).isZero();
            rp.enable();
            DevNull.seek(CALLS);
            assertThat(rp.account().hits()).isEqualTo(CALLS);
            rp.disable();
            DevNull.seek(CALLS);
            assertThat(rp.account().hits()).isEqualTo(CALLS);
            rp.enable();
            DevNull.seek(CALLS);
        }
        assertThat(rp.account().hits()).isEqualTo(2 * CALLS);
        assertThat(rp.account().delivered()).isEqualTo(2 * CALLS * 2 / 3);
        assertThat(rp.account().filtered()).isEqualTo(2 * CALLS / 3);
        assertThat(rp.account().inFlight()).isZero();
    }

    @Test
    void a_call_that_is_in_flight_when_it_is_switched_off_is_delivered() throws Exception {
        if (!isHere()) {
            return;
        }
        var rp = Kretprobe.at("do_nanosleep", Entered.class)
                .mechanism(Mechanism.KPROBE_SESSION)
                .entryHandler((ri, regs) -> Kernel.comm().equals("sleep") ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            Process sleeper = new ProcessBuilder("sleep", "100000").start();
            while (rp.account().inFlight() == 0) {
                Thread.sleep(10);
            }
            rp.disable();
            assertThat(rp.account().inFlight()).isOne();
            sleeper.destroy();
            sleeper.waitFor();
            assertThat(rp.account().delivered()).isOne();
            assertThat(rp.account().inFlight()).isZero();
        }
    }

    @Test
    void an_entry_half_of_any_length_is_jumped_over() {
        if (!isHere()) {
            return;
        }
        for (int instructions : new int[] {1, Short.MAX_VALUE - 1, Short.MAX_VALUE, 40_000}) {
            JoinedProgram joined = Sessions.join(program(instructions), program(1));
            byte[] code = joined.code().link(map -> -1, ByteOrder.nativeOrder());
            var spec = ProgramSpec.builder(ProgramType.KPROBE, "long", code)
                    .license("GPL")
                    .expectedAttachType(AttachType.TRACE_KPROBE_SESSION)
                    .build();
            try (BpfProgram loaded = BpfProgram.load(spec)) {
                assertThat(loaded.fd()).isPositive();
            }
        }
    }

    private static CompiledProgram program(int instructions) {
        Instruction zero = new Instruction.AluImm(AluOp.MOV, Width.W64, Reg.of(0), 0);
        var code = new ArrayList<Instruction>(Collections.nCopies(instructions, zero));
        code.add(new Instruction.Exit());
        return new CompiledProgram(Assembler.assemble(code), List.of(), 0, 0, List.of(), List.of(), Set.of());
    }
}
