package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.features.Preemption;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.planting.Sessions;

/** One program at entry and return by a trampoline, where the kernel has it: calls are followed as by fentry and fexit. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class FsessionKernelTest {
    private static final int CALLS = 300;
    /** As many calls as a kretprobe follows at least. */
    private static final int THREADS = 10;

    static final class Entered {
        long stamp;
        long offset;
    }

    record Opened(long entered, long file) {}

    static boolean isHere() {
        return Machine.btf()
                .flatMap(btf -> btf.function(DevNull.FUNCTION))
                .map(function -> Sessions.trampolineLack(function.id()).isEmpty())
                .orElse(false);
    }

    /** What follows a call by a trampoline here: nothing on 32-bit Arm. */
    static List<Mechanism> trampolines() {
        var here = new ArrayList<Mechanism>();
        // Before, a program that calls helpers might run within itself, and none is attached.
        if (MechanismKernelTest.programsAreGuarded()) {
            here.add(Mechanism.FENTRY);
        }
        if (isHere()) {
            here.add(Mechanism.FSESSION);
        }
        System.out.println("trampolines: " + here);
        return here.isEmpty() ? List.of(Mechanism.PERF_KPROBE) : here;
    }

    private static void assumeTrampolines(Mechanism mechanism) {
        assumeTrue(mechanism != Mechanism.PERF_KPROBE, "no trampoline here takes programs that call helpers");
    }

    private static Kretprobe.Builder<Entered> following(String function, Mechanism mechanism) {
        return Kretprobe.at(function, Entered.class)
                .mechanism(mechanism)
                .entryHandler((ri, regs) -> 0)
                .handler((ri, regs) -> 0);
    }

    @Test
    void it_is_refused_with_the_reason() {
        assertThat(isHere()).isEqualTo(KernelVersion.running().atLeast(7, 0));
        if (!isHere()) {
            assertThatThrownBy(() ->
                            following(DevNull.FUNCTION, Mechanism.FSESSION).register())
                    .isInstanceOf(RegistrationException.class)
                    .hasMessage(
                            "register_kretprobe failed, returned -95 (EOPNOTSUPP): null_lseek: mechanism fsession was asked for: it needs Linux 7.0, this is %s (its BTF has no BPF_TRACE_FSESSION); leave the mechanism out, and the cheapest that can do it is taken"
                                    .formatted(KernelVersion.running().release()));
        }
        assertThatThrownBy(() -> Kretprobe.at(DevNull.FUNCTION)
                        .mechanism(Mechanism.FSESSION)
                        .handler((ri, regs) -> 0)
                        .register())
                .hasMessageContaining(
                        "mechanism fsession was asked for: there is no entry handler, so nothing to join");
        assertThatThrownBy(() ->
                        following("null_lseek,vfs_read", Mechanism.FSESSION).register())
                .hasMessageContaining(
                        "mechanism fsession was asked for: a trampoline is one function's, and here are several");
        assertThatThrownBy(() -> following(DevNull.FUNCTION, Mechanism.FSESSION)
                        .maxactive(3)
                        .register())
                .hasMessageContaining(
                        "mechanism fsession was asked for: maxactive was set, which only a tracefs event takes");
    }

    @Test
    void a_handler_that_reads_registers_cannot_have_it() {
        if (!isHere()) {
            return;
        }
        var reading = Kretprobe.at(DevNull.FUNCTION, Entered.class)
                .entryHandler((ri, regs) -> {
                    ri.data().offset = regs.sp();
                    return 0;
                })
                .handler((ri, regs) -> 0);
        try (var rp = reading.register()) {
            assertThat(rp.plan().toString())
                    .startsWith(
                            "kprobe.session (not fentry/fexit: the handler reads register %1$s, and fentry and fexit programs see no registers; not fsession: the handler reads register %1$s, and fentry and fexit programs see no registers)"
                                    .formatted(Machine.architecture().sp()));
        }
        assertThatThrownBy(() -> reading.mechanism(Mechanism.FSESSION).register())
                .hasMessageContaining("mechanism fsession was asked for: the handler reads register");
    }

    @Test
    void two_programs_cost_less_at_each_call() {
        if (isHere()) {
            try (var rp = following(DevNull.FUNCTION, Mechanism.FENTRY).register()) {
                assertThat(rp.plan()).hasToString("fentry/fexit");
            }
            try (var rp = Kretprobe.at(DevNull.FUNCTION, Entered.class)
                    .entryHandler((ri, regs) -> 0)
                    .handler((ri, regs) -> 0)
                    .register()) {
                assertThat(rp.plan().toString())
                        .startsWith(
                                Preemption.running().isNo()
                                        ? "fentry/fexit (not fsession: its one program is planted sooner than two, but each call costs more)"
                                        : "kprobe.session (not fentry/fexit: hits are lost while a run of its program is preempted, and this kernel does preempt it (its mode is lazy); not fsession: hits are lost");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("trampolines")
    void a_function_that_calls_itself_keeps_each_call_apart(Mechanism mechanism) throws IOException {
        int pid = (int) ProcessHandle.current().pid();
        List<Opened> returns = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Opened.class);
        // Opening a file of an overlay opens the file below it within the same function.
        var rp = Kretprobe.at("do_dentry_open", Entered.class)
                .mechanism(mechanism)
                .entryHandler((ri, regs) -> {
                    ri.data().stamp = Kernel.ktimeNs();
                    ri.data().offset = regs.arg(0);
                    return Kernel.pid() == pid ? 0 : 1;
                })
                .handler((ri, regs) -> {
                    events.emit(new Opened(ri.data().stamp, ri.data().offset));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(returns::add);
            try (rp) {
                for (int i = 0; i < 20; i++) {
                    Files.readAllBytes(Path.of("/etc/hostname"));
                }
            }
        }
        assertThat(rp.plan().chosen()).isEqualTo(mechanism);
        assertThat(rp.account().delivered()).isEqualTo(returns.size()).isGreaterThanOrEqualTo(40);
        assertThat(rp.account().inFlight()).isZero();
        int nested = 0;
        for (int i = 1; i < returns.size(); i++) {
            // The inner call, which was entered second, returns first.
            if (returns.get(i - 1).entered() > returns.get(i).entered()) {
                assertThat(returns.get(i - 1).file())
                        .isNotEqualTo(returns.get(i).file());
                nested++;
            }
        }
        assertThat(nested).isGreaterThanOrEqualTo(20);
    }

    @ParameterizedTest
    @MethodSource("trampolines")
    void switched_off_it_counts_nothing(Mechanism mechanism) {
        var rp = Kretprobe.at(DevNull.FUNCTION, Entered.class)
                .mechanism(mechanism)
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
            rp.disable();
            DevNull.seek(CALLS);
            assertThat(rp.account().hits()).isEqualTo(CALLS);
            rp.enable();
            DevNull.seek(CALLS);
        }
        assertThat(rp.account().toString())
                .startsWith("%d hits = %d delivered + %d filtered".formatted(2 * CALLS, 4 * CALLS / 3, 2 * CALLS / 3));
    }

    @ParameterizedTest
    @MethodSource("trampolines")
    void calls_overlap_and_those_in_flight_when_it_is_switched_off_are_delivered(Mechanism mechanism)
            throws InterruptedException {
        assumeTrampolines(mechanism);
        try (var rp = following(Waiters.FUNCTION, mechanism).register()) {
            Waiters waiters = Waiters.start(THREADS);
            long begun = rp.account().inFlight();
            // A preemptible kernel drops entries while a run is preempted; that of fsession it counts with returns.
            if (Preemption.running().isNo()) {
                assertThat(begun).isEqualTo(THREADS);
            } else if (mechanism == Mechanism.FENTRY) {
                assertThat(begun + rp.account().recursion()).isEqualTo(THREADS);
            } else {
                assertThat(begun).isBetween(1L, (long) THREADS);
            }
            rp.disable();
            Waiters.call(3);
            waiters.wake();
            assertThat(rp.account().delivered()).isEqualTo(begun);
            assertThat(rp.account().inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("trampolines")
    void tasks_that_are_killed_end_inside(Mechanism mechanism) throws InterruptedException, IOException {
        // do_exit() itself never returns, which the kernel knows of it: no trampoline is made at its return.
        var rp = Kretprobe.at("get_signal", Entered.class)
                .mechanism(mechanism)
                .entryHandler((ri, regs) -> Kernel.comm().equals("sleep") ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            for (int i = 0; i < THREADS; i++) {
                Process sleeper = new ProcessBuilder("sleep", "100000").start();
                while (!comm(sleeper).equals("sleep")) {
                    Thread.sleep(1);
                }
                sleeper.destroyForcibly().waitFor();
            }
        }
        assertThat(rp.account().endedInside()).as(rp.account().toString()).isEqualTo(THREADS);
        assertThat(rp.account().inFlight()).isZero();
        assertThat(rp.account().delivered()).isZero();
    }

    private static String comm(Process process) throws IOException {
        return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "comm"))
                .strip();
    }

    /** Whoever attaches to the function has the trampoline made anew while calls are in it. */
    @Test
    void calls_in_flight_when_the_trampoline_is_made_anew_fare_alike() throws InterruptedException {
        var accounts = new ArrayList<String>();
        for (Mechanism mechanism : trampolines()) {
            assumeTrampolines(mechanism);
            try (var rp = following(Waiters.FUNCTION, mechanism).register()) {
                Waiters waiters = Waiters.start(THREADS);
                try (var other =
                        Kprobe.at(Waiters.FUNCTION).preHandler((p, regs) -> 0).register()) {
                    System.out.println("beside it: " + other.plan().chosen());
                    waiters.wake();
                }
                assertThat(rp.account().hits()).isEqualTo(THREADS);
                accounts.add(rp.account().toString());
            }
        }
        System.out.println(accounts);
        assertThat(accounts.stream().distinct()).hasSize(1);
    }

    /** A handler that stores in a map while the probed function does just that: each call calls the function once more, where the program runs. */
    @Test
    void what_the_kernel_drops_is_not_told_where_it_counts_both_ends_as_one() {
        for (Mechanism mechanism : trampolines()) {
            if (mechanism == Mechanism.PERF_KPROBE) {
                continue;
            }
            try (var outer = KernelMap.of(Long.class, Long.class, 10);
                    var inner = KernelMap.of(Long.class, Long.class, 10)) {
                int pid = (int) ProcessHandle.current().pid();
                var rp = Kretprobe.at("htab_map_update_elem", Entered.class)
                        .mechanism(mechanism)
                        .entryHandler((ri, regs) -> {
                            if (Kernel.pid() != pid) {
                                return 1;
                            }
                            inner.put(1L, 1L);
                            return 0;
                        })
                        .handler((ri, regs) -> 0)
                        .register();
                try (rp) {
                    for (int i = 0; i < CALLS; i++) {
                        outer.put(1L, (long) i);
                    }
                }
                ProbeAccount account = rp.account();
                System.out.println(mechanism + ": " + account);
                assertThat(account.delivered()).isEqualTo(CALLS);
                assertThat(account.inFlight()).isZero();
                if (mechanism == Mechanism.FENTRY) {
                    assertThat(account.recursion()).isGreaterThanOrEqualTo(CALLS);
                    assertThat(account.untold()).isEmpty();
                } else {
                    assertThat(account.hits()).isEqualTo(CALLS + account.filtered());
                    assertThat(account.recursion()).isZero();
                    assertThat(account.untold()).containsExactly(ProbeAccount.Untold.RECURSION_AT_ENTRY);
                }
            }
        }
    }
}
