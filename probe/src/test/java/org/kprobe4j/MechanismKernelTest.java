package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.features.Preemption;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

/** The same handler gives the same under each mechanism that can carry it, and the cheapest one is taken. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class MechanismKernelTest {
    /** What the kernel says of a place inside an instruction: on Arm, where they are all of one length, it does not decode them. */
    private static final int NO_BOUNDARY = Machine.architecture() == Architecture.X86_64 ? Errno.EILSEQ : Errno.EINVAL;

    private static final int CALLS = 300;

    record Seek(long file, long offset, int pid, String comm, long addr) {}

    record Entered(long ip, long sp, long flags, long offset) {}

    record Returned(long offset, long value) {}

    interface Seeking extends FunctionArguments {
        long offset();

        int orig();
    }

    static final class Began {
        long offset;
        long more;
    }

    /** What ran under each mechanism that this machine has. */
    private static <T> Map<Mechanism, T> underEach(List<Mechanism> wanted, Function<Mechanism, T> run) {
        var results = new EnumMap<Mechanism, T>(Mechanism.class);
        for (Mechanism mechanism : wanted) {
            try {
                results.put(mechanism, run.apply(mechanism));
            } catch (RegistrationException e) {
                System.out.println(mechanism + ": " + e.getMessage());
                assertThat(isHere(mechanism)).as(e.getMessage()).isFalse();
            }
        }
        System.out.println("ran under " + results.keySet());
        return results;
    }

    private static boolean isHere(Mechanism mechanism) {
        return switch (mechanism) {
            case FENTRY -> hasTrampolines() && programsAreGuarded();
            case FSESSION -> FsessionKernelTest.isHere();
            case KPROBE_SESSION -> Features.running().kprobeSession().isYes();
            case KPROBE_MULTI -> Features.running().kprobeMulti().isYes();
            default -> true;
        };
    }

    private static boolean hasTrampolines() {
        return Machine.btf().flatMap(btf -> btf.struct("bpf_tramp_image")).isPresent();
    }

    private static Mechanism cheapest() {
        if (hasTrampolines() && Preemption.running().isNo()) {
            return Mechanism.FENTRY;
        }
        return Features.running().kprobeMulti().isYes() ? Mechanism.KPROBE_MULTI : Mechanism.PERF_KPROBE;
    }

    /** Whether the kernel leaves a program out that it would run within itself. */
    static boolean programsAreGuarded() {
        return Machine.btf().flatMap(btf -> btf.struct("bpf_prog")).stream()
                .flatMap(program -> program.members().stream())
                .anyMatch(member -> member.name().equals("active"));
    }

    private static void assertAllAlike(Map<Mechanism, ?> results) {
        assertThat(results).isNotEmpty();
        assertThat(results.values().stream().distinct().toList())
                .as(results.keySet().toString())
                .hasSize(1);
    }

    private static final List<Mechanism> OF_ENTRIES =
            List.of(Mechanism.FENTRY, Mechanism.KPROBE_MULTI, Mechanism.PERF_KPROBE);
    private static final List<Mechanism> OF_RETURNS = List.of(
            Mechanism.FENTRY,
            Mechanism.FSESSION,
            Mechanism.KPROBE_SESSION,
            Mechanism.KPROBE_MULTI,
            Mechanism.TRACEFS,
            Mechanism.PERF_KPROBE);

    @Test
    void argumentsAndContext() {
        assertAllAlike(underEach(OF_ENTRIES, mechanism -> {
            List<Seek> seen = Collections.synchronizedList(new ArrayList<>());
            var events = RingBuffer.of(Seek.class);
            try (events) {
                var kp = Kprobe.at(DevNull.FUNCTION)
                        .mechanism(mechanism)
                        .preHandler((p, regs) -> {
                            events.emit(new Seek(
                                    regs.arg(0) == 0 ? 0 : 1, regs.arg(1), Kernel.pid(), Kernel.comm(), p.addr()));
                            return 0;
                        })
                        .register();
                events.forEach(seen::add);
                try (kp) {
                    DevNull.seek(CALLS);
                }
                events.close();
                assertThat(kp.plan().chosen()).isEqualTo(mechanism);
                assertThat(kp.account().hits()).isEqualTo(CALLS);
                assertThat(kp.account().delivered()).isEqualTo(CALLS);
                assertThat(seen).hasSize(CALLS);
                return List.copyOf(seen);
            }
        }));
    }

    @Test
    void registers() {
        assertAllAlike(underEach(OF_ENTRIES.subList(1, 3), mechanism -> {
            List<Entered> seen = Collections.synchronizedList(new ArrayList<>());
            var events = RingBuffer.of(Entered.class);
            try (events) {
                var kp = Kprobe.at(DevNull.FUNCTION)
                        .mechanism(mechanism)
                        .preHandler((p, regs) -> {
                            events.emit(new Entered(regs.ip() - p.addr(), 0, 0, regs.arg(1)));
                            return 0;
                        })
                        .register();
                events.forEach(seen::add);
                try (kp) {
                    DevNull.seek(CALLS);
                }
                events.close();
                assertThat(seen).hasSize(CALLS);
                return List.copyOf(seen);
            }
        }));
    }

    @Test
    void returnValuesAndArgumentsKeptForTheReturn() {
        assertAllAlike(underEach(OF_RETURNS, mechanism -> {
            List<Returned> seen = Collections.synchronizedList(new ArrayList<>());
            var events = RingBuffer.of(Returned.class);
            try (events) {
                var rp = Kretprobe.at(DevNull.FUNCTION)
                        .mechanism(mechanism)
                        .handler((ri, regs) -> {
                            events.emit(new Returned(ri.args(Seeking.class).offset(), regs.returnValue()));
                            return 0;
                        })
                        .register();
                events.forEach(seen::add);
                try (rp) {
                    DevNull.seek(CALLS);
                }
                events.close();
                assertThat(rp.account().delivered()).isEqualTo(CALLS);
                assertThat(seen).hasSize(CALLS);
                return List.copyOf(seen);
            }
        }));
    }

    @Test
    void privateDataOfEachCall() {
        assertAllAlike(underEach(OF_RETURNS, mechanism -> {
            List<Returned> seen = Collections.synchronizedList(new ArrayList<>());
            var events = RingBuffer.of(Returned.class);
            try (events) {
                var rp = Kretprobe.at(DevNull.FUNCTION, Began.class)
                        .mechanism(mechanism)
                        .entryHandler((ri, regs) -> {
                            ri.data().offset = regs.arg(1);
                            return regs.arg(1) % 3 == 0 ? 1 : 0;
                        })
                        .handler((ri, regs) -> {
                            events.emit(new Returned(ri.data().offset, ri.data().more));
                            return 0;
                        })
                        .register();
                events.forEach(seen::add);
                try (rp) {
                    DevNull.seek(CALLS);
                }
                events.close();
                System.out.println(mechanism + ": " + rp.account());
                assertThat(rp.account().hits()).isEqualTo(CALLS);
                assertThat(rp.account().delivered()).isEqualTo(CALLS * 2 / 3);
                assertThat(rp.account().filtered()).isEqualTo(CALLS / 3);
                assertThat(seen).hasSize(CALLS * 2 / 3);
                return List.copyOf(seen);
            }
        }));
    }

    @Test
    void theCheapestThatCanIsTaken() {
        Map<String, Mechanism> chosen = new LinkedHashMap<>();
        var count = Counter.of();
        try (count;
                var counting = Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            count.increment();
                            return 0;
                        })
                        .register();
                var ip = Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            count.add(regs.ip());
                            return 0;
                        })
                        .register();
                var inside = inside();
                var returns = Kretprobe.at(DevNull.FUNCTION)
                        .handler((ri, regs) -> {
                            count.increment();
                            return 0;
                        })
                        .register();
                var maxactive = Kretprobe.at(DevNull.FUNCTION)
                        .maxactive(4)
                        .handler((ri, regs) -> 0)
                        .register()) {
            System.out.println("count: " + counting.plan());
            System.out.println("ip: " + ip.plan());
            System.out.println("inside: " + inside.plan());
            System.out.println("returns: " + returns.plan());
            System.out.println("maxactive: " + maxactive.plan());
            chosen.put("count", counting.plan().chosen());
            chosen.put("inside", inside.plan().chosen());
            chosen.put("maxactive", maxactive.plan().chosen());
        }
        assertThat(chosen)
                .containsEntry("inside", Mechanism.PERF_KPROBE)
                .containsEntry("maxactive", Mechanism.TRACEFS)
                .containsEntry("count", cheapest());
    }

    /** A probe behind a function's entry, wherever the next instructions begin on this kernel. */
    private static Kprobe inside() {
        for (int offset = 5; offset < 32; offset++) {
            try {
                return Kprobe.at("vfs_read+" + offset)
                        .preHandler((p, regs) -> 0)
                        .register();
            } catch (RegistrationException e) {
                assertThat(e.errno()).isEqualTo(NO_BOUNDARY);
            }
        }
        throw new AssertionError("no instruction of vfs_read can be probed");
    }

    /** The handler stores in a map, and that is what it probes. */
    @Test
    void a_program_that_comes_by_its_own_function_does_not_fill_the_stack() {
        assertThat(programsAreGuarded())
                .isEqualTo(Machine.btf().isPresent() && KernelVersion.running().atLeast(5, 12));
        try (var outer = KernelMap.of(Long.class, Long.class, 10);
                var inner = KernelMap.of(Long.class, Long.class, 10)) {
            if (hasTrampolines() && !programsAreGuarded()) {
                assertThatThrownBy(
                                () -> storing(inner).mechanism(Mechanism.FENTRY).register())
                        .isInstanceOf(RegistrationException.class)
                        .hasMessageMatching(
                                "register_kprobe failed, returned -95 \\(EOPNOTSUPP\\): htab_map_update_elem: mechanism fentry/fexit was asked for: it needs Linux 5\\.12, this is 5\\.\\S+: before, a program may run within itself, and bpf_get_current_pid_tgid, called at MechanismKernelTest\\.java:\\d+, may come by the function; leave the mechanism out, and the cheapest that can do it is taken");
            }
            try (var kp = storing(inner).register()) {
                for (int i = 0; i < 20; i++) {
                    outer.put(1L, (long) i);
                }
                System.out.println("own function: " + kp.plan() + " " + kp.account());
                // Programs of perf events are switched off while bpf(2) changes a map.
                if (kp.plan().chosen() == Mechanism.FENTRY) {
                    assertThat(kp.account().delivered()).isEqualTo(20);
                    assertThat(inner.get(1L)).isEqualTo(1L);
                }
            }
        }
    }

    private static Kprobe.Builder storing(KernelMap<Long, Long> map) {
        int pid = (int) ProcessHandle.current().pid();
        return Kprobe.at("htab_map_update_elem").preHandler((p, regs) -> {
            if (Kernel.pid() != pid) {
                return 1;
            }
            map.put(1L, 1L);
            return 0;
        });
    }

    @Test
    void a_forced_mechanism_that_cannot_be_says_why() {
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .mechanism(Mechanism.FENTRY)
                        .preHandler((p, regs) -> regs.sp() == 0 ? 1 : 0)
                        .register())
                .isInstanceOf(RegistrationException.class)
                .hasMessage(
                        "register_kprobe failed, returned -95 (EOPNOTSUPP): null_lseek: mechanism fentry/fexit was asked for: the handler reads register %s, and fentry and fexit programs see no registers; leave the mechanism out, and the cheapest that can do it is taken"
                                .formatted(Machine.architecture().sp()));
        assertThatThrownBy(() -> Kretprobe.at(DevNull.FUNCTION)
                        .mechanism(Mechanism.KPROBE_MULTI)
                        .maxactive(5)
                        .handler((ri, regs) -> 0)
                        .register())
                .isInstanceOf(RegistrationException.class)
                .hasMessageContaining("maxactive was set, which only a tracefs event takes");
    }
}
