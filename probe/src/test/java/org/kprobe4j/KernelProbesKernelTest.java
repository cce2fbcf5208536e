package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class KernelProbesKernelTest {
    private static final Path EVENTS = Path.of("/sys/kernel/tracing/kprobe_events");
    private static final Path KPROBES = Path.of("/sys/kernel/debug/kprobes/enabled");
    private static final Path FTRACE = Path.of("/proc/sys/kernel/ftrace_enabled");

    @Test
    void oursAndOthersAreListed() throws IOException {
        Files.writeString(EVENTS, "p:others/theirs vfs_fsync\n", StandardOpenOption.APPEND);
        try (var kp = Kprobe.at(DevNull.FUNCTION)
                        .mechanism(Mechanism.PERF_KPROBE)
                        .preHandler((p, regs) -> 0)
                        .register();
                var rp = Kretprobe.at("vfs_rename")
                        .mechanism(Mechanism.TRACEFS)
                        .handler((ri, regs) -> 0)
                        .register()) {
            assertThat(KernelProbes.planted())
                    .filteredOn(KernelProbes.Planted::ours)
                    .extracting(KernelProbes.Planted::addr, KernelProbes.Planted::kind)
                    .containsExactlyInAnyOrder(
                            tuple(kp.addr(), KernelProbes.Kind.KPROBE), tuple(rp.addr(), KernelProbes.Kind.KRETPROBE));
            assertThat(KernelProbes.planted())
                    .filteredOn(probe -> !probe.ours())
                    .singleElement()
                    .satisfies(probe -> {
                        assertThat(probe.symbolName()).isEqualTo("vfs_fsync");
                        assertThat(probe.disabled()).isTrue();
                        assertThat(probe.toString())
                                .startsWith("kprobe vfs_fsync")
                                .contains("[DISABLED]");
                    });
            assertThat(KernelProbes.events())
                    .filteredOn(KernelProbes.Event::ours)
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.pid())
                                .isEqualTo((int) ProcessHandle.current().pid());
                        assertThat(event.place()).isEqualTo("vfs_rename");
                        assertThat(event.kind()).isEqualTo(KernelProbes.Kind.KRETPROBE);
                    });
            assertThat(KernelProbes.events())
                    .filteredOn(event -> !event.ours())
                    .containsExactly(new KernelProbes.Event(
                            "others", "theirs", KernelProbes.Kind.KPROBE, "vfs_fsync", 0, false));
        } finally {
            Files.writeString(EVENTS, "-:others/theirs\n", StandardOpenOption.APPEND);
        }
        assertThat(KernelProbes.planted()).isEmpty();
    }

    private static Kprobe plant() {
        return Kprobe.at(DevNull.FUNCTION)
                .mechanism(Mechanism.PERF_KPROBE)
                .preHandler((p, regs) -> 0)
                .register();
    }

    /** What is said on standard error while a switch is off. */
    private static String whileOff(Path file, Runnable action) throws IOException {
        PrintStream before = System.err;
        var said = new ByteArrayOutputStream();
        Files.writeString(file, "0");
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            action.run();
        } finally {
            System.setErr(before);
            Files.writeString(file, "1");
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aProbePlantedWhileKprobesAreOffNeverHitsAndThatIsSaid() throws IOException {
        var kp = new Kprobe[1];
        String said = whileOff(KPROBES, () -> {
            assertThat(KernelProbes.enabled()).isFalse();
            kp[0] = plant();
            DevNull.seek(5);
            assertThat(kp[0].state()).isEqualTo(ProbeState.DISABLED);
        });
        assertThat(KernelProbes.enabled()).isTrue();
        try (Kprobe planted = kp[0]) {
            assertThat(said)
                    .isEqualTo(
                            "kprobe: null_lseek is planted but does not hit: kprobes are switched off (debugfs kprobes/enabled is 0); "
                                    + "the kernel does not arm it later either: echo 1 > /sys/kernel/debug/kprobes/enabled, then register it again\n");
            DevNull.seek(5);
            assertThat(planted.account().hits()).isZero();
            assertThat(planted.state()).isEqualTo(ProbeState.DISABLED);
        }
        try (Kprobe again = plant()) {
            DevNull.seek(5);
            assertThat(again.account().hits()).isEqualTo(5);
            assertThat(again.state()).isEqualTo(ProbeState.ENABLED);
        }
    }

    @Test
    void aProbePlantedBeforeHitsAgainWhenKprobesAreOnAgain() throws IOException {
        try (Kprobe kp = plant()) {
            whileOff(KPROBES, () -> {
                DevNull.seek(5);
                assertThat(kp.state()).isEqualTo(ProbeState.DISABLED);
                assertThat(kp.isEnabled()).isTrue();
            });
            DevNull.seek(7);
            assertThat(kp.account().hits()).isEqualTo(7);
            assertThat(kp.state()).isEqualTo(ProbeState.ENABLED);
        }
    }

    @Test
    void aFunctionTracerThatIsOffIsSaid() throws IOException {
        var kp = new Kprobe[1];
        String said = whileOff(FTRACE, () -> {
            assertThat(KernelProbes.ftraceEnabled()).isFalse();
            kp[0] = plant();
            DevNull.seek(5);
        });
        try (Kprobe planted = kp[0]) {
            boolean byFtrace = KernelProbes.planted().getFirst().ftrace();
            assertThat(said)
                    .isEqualTo(
                            byFtrace
                                    ? "kprobe: null_lseek is planted but does not hit: the function tracer, which reaches it, is switched off; "
                                            + "sysctl kernel.ftrace_enabled=1\n"
                                    : "");
            DevNull.seek(7);
            assertThat(planted.account().hits()).isEqualTo(byFtrace ? 7 : 12);
        }
    }
}
