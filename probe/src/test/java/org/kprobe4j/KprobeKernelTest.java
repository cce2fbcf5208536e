package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.symbols.Kallsyms;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class KprobeKernelTest {
    /** What the kernel says of a place inside an instruction: on Arm, where they are all of one length, it does not decode them. */
    private static final int NO_BOUNDARY = Machine.architecture() == Architecture.X86_64 ? Errno.EILSEQ : Errno.EINVAL;

    record Seek(long offset, int pid, String comm) {}

    record Step(long what, long ip) {}

    record Numbers(long a, long b) {}

    interface TaskStruct extends KernelStruct {
        int tgid();

        TaskStruct groupLeader();

        @Name("mm")
        MemoryMap memory();
    }

    @Name("mm_struct")
    interface MemoryMap extends KernelStruct {
        int mapCount();
    }

    @Test
    void everyHitArrivesWithItsArguments() {
        List<Seek> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Seek.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    events.emit(new Seek(DevNull.offset(regs), Kernel.pid(), Kernel.comm()));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (kp) {
                DevNull.seek(1000);
            }
        }
        assertThat(kp.account().hits()).isEqualTo(1000);
        assertThat(kp.account().delivered()).isEqualTo(1000);
        assertThat(seen)
                .extracting(Seek::offset)
                .containsExactlyElementsOf(LongStream.range(0, 1000).boxed().toList());
        assertThat(seen).extracting(Seek::pid).containsOnly((int)
                ProcessHandle.current().pid());
        assertThat(seen).extracting(Seek::comm).doesNotContain("");
    }

    @Test
    void postHandlerRunsOnceAfterEachPreHandlerBehindTheInstruction() {
        List<Step> steps = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Step.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    events.emit(new Step(0, p.addr()));
                    return 0;
                })
                .postHandler((p, regs, flags) -> events.emit(new Step(1 + flags, regs.ip())))
                .register();
        try (events) {
            events.forEach(steps::add);
            try (kp) {
                DevNull.seek(200);
            }
        }
        assertThat(steps)
                .extracting(Step::what)
                .containsExactlyElementsOf(
                        IntStream.range(0, 400).mapToObj(i -> (long) (i % 2)).toList());
        assertThat(steps.get(1).ip()).isGreaterThan(kp.addr()).isLessThan(kp.addr() + 17);
    }

    @Test
    void postHandlersFollowEachOfAFunctionsFirstInstructions() throws IOException {
        List<Long> boundaries = boundaries("vfs_read", 32);
        int followed = 0;
        for (long offset : boundaries) {
            Kprobe kp;
            try {
                kp = Kprobe.at("vfs_read+" + offset)
                        .postHandler((p, regs, flags) -> {})
                        .register();
            } catch (RegistrationException e) {
                // What Arm cannot step takes no probe, and to follow the instruction before it is refused.
                assertThat(Machine.architecture()).isNotEqualTo(Architecture.X86_64);
                assertThat(boundaries).doesNotContain(offset + 4);
                assertThat(e).hasMessageContaining("post handler: the next instruction, 4 bytes after ");
                continue;
            }
            try (kp) {
                Files.readAllBytes(Path.of("/etc/hostname"));
            }
            followed++;
            assertThat(kp.postAccount().armed()).isEqualTo(kp.account().delivered());
            assertThat(kp.postAccount().delivered()).isEqualTo(kp.account().delivered());
            assertThat(kp.postAccount().lost()).isZero();
        }
        assertThat(followed).isGreaterThan(2);
    }

    private static List<Long> boundaries(String symbol, int bytes) {
        var found = new ArrayList<Long>();
        for (long offset = 5; offset < bytes; offset++) {
            try (var probe = PerfProbe.openKprobe(symbol, offset, false)) {
                found.add(probe.offset());
            } catch (AttachException e) {
                assertThat(e.errno()).isEqualTo(NO_BOUNDARY);
            }
        }
        return found;
    }

    @Test
    void aKernelWithoutTypesSaysWhereFieldsAreReadByName() {
        if (Requires.hasTypes()) {
            return; // what is read there is the next test's
        }
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) ->
                                Kernel.current(TaskStruct.class).groupLeader().tgid())
                        .register())
                .isInstanceOf(HandlerException.class)
                .hasMessageMatching(
                        "KprobeKernelTest\\.java:\\d+: this kernel has no BTF \\(/sys/kernel/btf/vmlinux\\), so fields cannot be found by name; registers, arg\\(n\\) and helpers still work");
    }

    @Test
    void kernelStructuresAreReadByName() {
        Requires.types();
        List<Numbers> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Numbers.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    var task = Kernel.current(TaskStruct.class);
                    events.emit(
                            new Numbers(task.groupLeader().tgid(), task.memory().mapCount()));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (kp) {
                DevNull.seek(1);
            }
        }
        assertThat(seen).hasSize(1);
        assertThat(seen.getFirst().a()).isEqualTo(ProcessHandle.current().pid());
        assertThat(seen.getFirst().b()).isBetween(10L, 100_000L);
    }

    @Test
    void registersLieWhereTheKernelsTypesSay() {
        Requires.types();
        Btf kernel = Machine.btf().orElseThrow();
        assertThat(kernel.struct("pt_regs")).isPresent();
        assertThat(Machine.architecture().mismatch(kernel)).isEmpty();
    }

    @Test
    void structuresOfModulesAreFound() {
        Requires.types();
        // The lab's guest has its root on an overlay, whose types only its module knows.
        assertThat(Machine.btf().orElseThrow().struct("ovl_fs")).isEmpty();
        assertThat(Machine.TYPES.moduleWith("no_such_struct")).isEmpty();
        Optional<Btf> module = Machine.TYPES.moduleWith("ovl_fs");
        // Modules have types since 5.11.
        assertThat(module.isPresent())
                .isEqualTo(KernelVersion.running().atLeast(5, 11))
                .isEqualTo(Files.exists(Path.of("/sys/kernel/btf/overlay")));
        module.ifPresent(types -> assertThat(types.struct("ovl_fs")).isPresent());
    }

    @Test
    void arithmeticIsJavas() {
        List<Numbers> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Numbers.class);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    events.emit(mix(DevNull.offset(regs), 7 - (int) DevNull.offset(regs)));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(seen::add);
            try (kp) {
                DevNull.seek(64);
            }
        }
        assertThat(seen).hasSize(64 - 1);
        for (int i = 0, at = 0; i < 64; i++) {
            if (i != 7) {
                assertThat(seen.get(at++)).isEqualTo(mix(i, 7 - i));
            }
        }
        assertThat(kp.account().faulted()).isEqualTo(1);
    }

    private static Numbers mix(long a, int b) {
        long sum = 0;
        for (int i = 0; i < 10; i++) {
            sum = sum * 31 + (a - 40) / b % 1000 + (b >>> i) - (b >> 3) + (a << b);
            if ((sum & 1) == 0) {
                sum ^= Long.rotateLeft(a, i);
            }
        }
        return new Numbers(sum, Math.floorMod((int) sum, 17) + (byte) b + (char) b);
    }

    @Test
    void whatDoesNotFitIntoTheRingIsCountedExactly() {
        List<Numbers> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Numbers.class, 4096);
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    events.emit(new Numbers(DevNull.offset(regs), 0));
                    return 0;
                })
                .register();
        try (events) {
            try (kp) {
                DevNull.seek(1000);
            }
            events.forEach(seen::add);
        }
        assertThat(kp.account().hits()).isEqualTo(1000);
        assertThat(kp.account().recordsLost()).isPositive().isEqualTo(1000 - seen.size());
    }

    @Test
    void faultsAreCountedAndTheHandlerStops() {
        Requires.types();
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) ->
                        Kernel.struct(DevNull.offset(regs), TaskStruct.class).tgid())
                .register();
        try (kp) {
            DevNull.seek(10);
        }
        assertThat(kp.account().faulted()).isEqualTo(10);
        assertThat(kp.account().delivered()).isZero();
    }

    @Test
    void refusalsSayWhatWouldWork() {
        assertThatThrownBy(() -> plant("vfs_raed"))
                .isInstanceOf(RegistrationException.class)
                .hasMessageContaining(
                        "register_kprobe failed, returned -2 (ENOENT): vfs_raed: no such function; nearest: vfs_read");
        String inside = "vfs_read+0x%x".formatted(insideAnInstruction("vfs_read"));
        assertThatThrownBy(() -> plant(inside))
                .hasMessageContaining("returned -%d (%s): %s: not an instruction boundary; nearest: "
                        .formatted(NO_BOUNDARY, Errno.name(NO_BOUNDARY), inside));
        assertThatThrownBy(() -> plant(blacklisted())).hasMessageContaining("on the kernel's blacklist");
        assertThatThrownBy(() -> plant(""))
                .hasMessageStartingWith("register_kprobe failed: target \"\": nothing is named; write a function");
        assertThatThrownBy(() -> plant("a".repeat(600))).hasMessageContaining("KSYM_NAME_LEN");
        assertThatThrownBy(() -> plant("vfs_read+x")).hasMessageContaining("not an offset");
    }

    private static long insideAnInstruction(String symbol) {
        var boundaries = boundaries(symbol, 32);
        return LongStream.range(5, 32)
                .filter(offset -> !boundaries.contains(offset))
                .findFirst()
                .orElseThrow();
    }

    /** A function that kprobes themselves need; its name stands once in the kernel. */
    private static String blacklisted() {
        try (var lines = Files.lines(Path.of("/sys/kernel/debug/kprobes/blacklist"))) {
            return lines.map(line -> line.substring(line.indexOf('\t') + 1))
                    .filter(name -> name.startsWith("kprobe_"))
                    // Each of these questions is a pass through kallsyms.
                    .filter(name -> Kallsyms.running().addressesOf(name).length == 1)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void plant(String symbol) {
        Kprobe.at(symbol).preHandler((p, regs) -> 0).register().close();
    }

    @Test
    void verifierRefusalNamesTheJavaLine() {
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            while (Kernel.random() != 0) {
                                // The verifier sees that nothing changes from one round to the next.
                            }
                            return 0;
                        })
                        .register())
                .isInstanceOf(HandlerException.class)
                .hasMessageMatching(
                        "load pre handler: .* at KprobeKernelTest\\.java:\\d+ \\(insn \\d+\\).*; \\d+ log lines omitted, see fullLog\\(\\)");
    }

    @Test
    void loopThatTheVerifierCannotCountIsNamed() {
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            long rounds = Kernel.ktimeNs();
                            for (long i = 0; i < rounds; i++) {
                                if ((Kernel.random() & i) == 1) {
                                    return 1;
                                }
                            }
                            return 0;
                        })
                        .register())
                .isInstanceOf(HandlerException.class)
                .hasMessageMatching(
                        "load pre handler: .*; count the loop at KprobeKernelTest\\.java:\\d+ up to a constant.*");
    }

    @Test
    void severalProbesShareAnAddress() {
        var first = Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register();
        var second = Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register();
        try (first) {
            try (second) {
                DevNull.seek(5);
            }
            DevNull.seek(7);
        }
        assertThat(first.account().hits()).isEqualTo(12);
        assertThat(second.account().hits()).isEqualTo(5);
    }
}
