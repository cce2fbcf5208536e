package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.internal.Machine;

@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class KretprobeKernelTest {
    private static final Path EVENTS = Path.of("/sys/kernel/tracing/kprobe_events");
    private static final int SLEEPERS = 10;
    /** Where a call pushes its return address, the return takes it off. */
    private static final int STACK_DELTA = Machine.architecture() == Architecture.X86_64 ? 8 : 0;

    static final class Entry {
        long stamp;
        long sp;
        int offset;
        byte marker;
    }

    record Call(long offset, long nanos, long spDelta, int marker) {}

    record Nested(long spDelta) {}

    @Test
    void privateDataReachesTheReturnOfTheSameCall() {
        List<Call> calls = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Call.class);
        var rp = Kretprobe.at(DevNull.FUNCTION, Entry.class)
                .maxactive(20)
                .entryHandler((ri, regs) -> {
                    if ((DevNull.offset(regs) & 1) != 0) {
                        return 1;
                    }
                    ri.data().stamp = Kernel.ktimeNs();
                    ri.data().sp = regs.sp();
                    ri.data().offset = (int) DevNull.offset(regs);
                    ri.data().marker = -3;
                    return 0;
                })
                .handler((ri, regs) -> {
                    events.emit(new Call(
                            ri.data().offset,
                            Kernel.ktimeNs() - ri.data().stamp,
                            regs.sp() - ri.data().sp,
                            ri.data().marker));
                    return 0;
                })
                .register();
        try (events) {
            events.forEach(calls::add);
            try (rp) {
                DevNull.seek(1000);
            }
        }
        assertThat(calls).hasSize(500).allMatch(c -> c.nanos() > 0 && c.spDelta() == STACK_DELTA && c.marker() == -3);
        assertThat(calls)
                .extracting(Call::offset)
                .isSorted()
                .doesNotHaveDuplicates()
                .allMatch(o -> o % 2 == 0);
        assertThat(rp.account().hits()).isEqualTo(1000);
        assertThat(rp.account().filtered()).isEqualTo(500);
        assertThat(rp.account().delivered()).isEqualTo(500);
        assertThat(rp.account().inFlight()).isZero();
        assertThat(rp.nmissed()).isZero();
    }

    @Test
    void nestedCallsOfOneTaskKeepTheirOwnData() throws IOException {
        List<Nested> returns = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Nested.class);
        // Opening a file of an overlay opens the file below it within the same function.
        var rp = Kretprobe.at("do_dentry_open", Entry.class)
                .entryHandler((ri, regs) -> {
                    ri.data().sp = regs.sp();
                    return 0;
                })
                .handler((ri, regs) -> {
                    events.emit(new Nested(regs.sp() - ri.data().sp));
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
        assertThat(returns).hasSizeGreaterThanOrEqualTo(20).allMatch(n -> n.spDelta() == STACK_DELTA);
        assertThat(rp.account().delivered()).isEqualTo(returns.size());
    }

    @Test
    void callsWithoutAFreeInstanceAreMissedAndCounted() throws Exception {
        var calls = Kprobe.at("do_nanosleep").preHandler((p, regs) -> 0).register();
        var rp = Kretprobe.at("do_nanosleep", Entry.class)
                .maxactive(1)
                // The JVM itself naps now and then, also when the probe is removed.
                .entryHandler((ri, regs) -> Kernel.comm().equals("sleep") ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (calls;
                rp) {
            var sleepers = new ArrayList<Process>();
            for (int i = 0; i < SLEEPERS; i++) {
                sleepers.add(new ProcessBuilder("sleep", "2").start());
            }
            for (Process sleeper : sleepers) {
                assertThat(sleeper.waitFor()).isZero();
            }
        }
        assertThat(rp.nmissed()).isPositive();
        assertThat(rp.account().delivered() + rp.account().filtered() + rp.nmissed())
                .isBetween((long) SLEEPERS, calls.account().hits());
        assertThat(rp.account().inFlight()).isZero();
    }

    @Test
    void worksWithoutEntryHandlerAndData() {
        var rp = Kretprobe.at(DevNull.FUNCTION)
                .handler((ri, regs) -> (int) regs.returnValue())
                .register();
        try (rp) {
            DevNull.seek(100);
        }
        assertThat(rp.addr()).isNotZero();
        assertThat(rp.account().delivered()).isEqualTo(100);
        assertThat(rp.account().hits()).isEqualTo(100);
    }

    @Test
    void refusalsSayWhatWouldWork() {
        assertThatThrownBy(
                        () -> Kretprobe.at("vfs_raed").handler((ri, regs) -> 0).register())
                .isInstanceOf(RegistrationException.class)
                .hasMessageContaining(
                        "register_kretprobe failed, returned -2 (ENOENT): vfs_raed: no such function; nearest: vfs_read");
        assertThatThrownBy(() ->
                        Kretprobe.at("vfs_read+4").handler((ri, regs) -> 0).register())
                .hasMessageContaining("a return probe stands at a function's entry; leave out the offset");
        for (int maxactive : new int[] {0, -1, 5000}) {
            assertThatThrownBy(() -> Kretprobe.at("vfs_read").maxactive(maxactive))
                    .isInstanceOf(UsageException.class)
                    .hasMessageContaining("maxactive=%d: the kernel takes 1 to 4096".formatted(maxactive));
        }
    }

    @Test
    void leftoversOfAKilledProcessAreRemovedAndNobodyElses() throws IOException {
        Files.writeString(EVENTS, "p:kprobe4j_999999_1/left vfs_read\n", StandardOpenOption.APPEND);
        Files.writeString(EVENTS, "p:kprobe4j_notes/mine vfs_read\n", StandardOpenOption.APPEND);
        Files.writeString(EVENTS, "p:others/left vfs_read\n", StandardOpenOption.APPEND);
        try {
            Kprobe.at(DevNull.FUNCTION).preHandler((p, regs) -> 0).register().close();
            assertThat(Files.readString(EVENTS))
                    .contains("others/left", "kprobe4j_notes/mine")
                    .doesNotContain("999999");
        } finally {
            Files.writeString(EVENTS, "-:others/left\n", StandardOpenOption.APPEND);
            Files.writeString(EVENTS, "-:kprobe4j_notes/mine\n", StandardOpenOption.APPEND);
        }
    }
}
