package org.kprobe4j.bpf.tracefs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.BpfProgram;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Insns;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;
import org.kprobe4j.bpf.OpenDescriptors;
import org.kprobe4j.bpf.ProgramSpec;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.perf.PerfProbe;

/** tracefs events on the running kernel. */
@Tag("kernel")
class KprobeEventsKernelTest {
    /** What the kernel says of a place inside an instruction: on Arm, where they are all of one length, it does not decode them. */
    private static final int NO_BOUNDARY = System.getProperty("os.arch").equals("amd64") ? Errno.EILSEQ : Errno.EINVAL;

    private Tracefs tracefs;
    private KprobeEvents events;

    @BeforeEach
    void open() {
        tracefs = Tracefs.find();
        events = KprobeEvents.of(tracefs);
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(tracefs.readIfPresent("kprobe_events")).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void eventHasAnIdAndGoesAway() {
        try (KprobeEvent event = events.create("clone", "kernel_clone+0x0")) {
            System.out.println(
                    event + " " + tracefs.readIfPresent("kprobe_events").strip());
            assertThat(event.id()).isPositive();
            assertThat(event.group()).matches("kprobe4j_\\d+_\\d+");
            assertThat(event.profile()).isEqualTo(new KprobeProfile(0, 0));
            assertThat(events.removeLeftovers()).isEmpty();
        }
    }

    @Test
    void errorLogIsInTheMessage() {
        assertThatThrownBy(() -> events.create("bad", "vfs_raed"))
                .isInstanceOf(AttachException.class)
                .satisfies(System.out::println)
                .hasMessageMatching(
                        "attach kprobe vfs_raed: the kernel says: Invalid probed address or symbol \\((EINVAL|ENOENT)\\)");
        assertThatThrownBy(() -> events.create("bad", "vfs_read+0x1"))
                .satisfies(System.out::println)
                .hasMessageContaining(Errno.name(NO_BOUNDARY));
        assertThatThrownBy(() -> events.createReturn("bad", "vfs_read", 5000))
                .satisfies(System.out::println)
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> events.create("no name", "vfs_read")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> events.create("line", "vfs_read\np:other vfs_write"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNameIsOneKindOfProbe() {
        try (KprobeEvent _ = events.create("twice", "vfs_read")) {
            assertThatThrownBy(() -> events.createReturn("twice", "vfs_read", 0))
                    .isInstanceOf(AttachException.class)
                    .satisfies(System.out::println)
                    .hasMessageMatching(
                            "attach kretprobe vfs_read: the event kprobe4j_\\d+_\\d+/twice is there already,"
                                    + " and is another kind of probe \\(EEXIST\\)");
        }
    }

    @Test
    void leftoversOfTheDeadAreRemovedAndNobodyElses() {
        for (String event : List.of("kprobe4j_1_0/dead", "kprobe4j_999999999_5/dead", "someone/alive")) {
            assertThat(tracefs.write("kprobe_events", Linux.O_APPEND, "p:" + event + " vfs_read\n"))
                    .isZero();
        }
        tracefs.write("events/kprobe4j_1_0/dead/enable", 0, "1\n");
        try (KprobeEvent _ = events.create("mine", "vfs_read")) {
            assertThat(events.removeLeftovers())
                    .containsExactlyInAnyOrder("kprobe4j_1_0/dead", "kprobe4j_999999999_5/dead");
            assertThat(tracefs.readIfPresent("kprobe_events")).contains("someone/alive", "/mine");
        }
        assertThat(KprobeEvents.remove(tracefs, "someone", "alive")).isZero();
    }

    @Test
    void usedEventIsBusyUntilItsProbeIsClosed() {
        KprobeEvent event = events.create("used", "vfs_read");
        PerfProbe probe = PerfProbe.openTracepoint(event.id(), event.toString());
        assertThatThrownBy(event::close).hasMessageContaining("EBUSY");
        probe.close();
        event.close();
    }

    /** Sleepers beyond maxactive are missed, and hits + misses are all calls. */
    @Test
    void maxactiveOneMissesConcurrentCalls() throws InterruptedException {
        int sleepers = 10;
        try (BpfMap hits = BpfMap.create(MapType.ARRAY, "hits", 4, 8, 1, BpfMap.MMAPABLE);
                MappedArray counter = hits.mmap();
                BpfProgram program =
                        BpfProgram.load(ProgramSpec.builder(ProgramType.KPROBE, "count", Insns.counting(hits))
                                .build());
                KprobeEvent event = events.createReturn("sleep", "do_nanosleep", 1)) {
            try (PerfProbe probe = PerfProbe.openTracepoint(event.id(), event.toString())) {
                probe.attach(program);
                List<Process> sleeping = new ArrayList<>();
                for (int i = 0; i < sleepers; i++) {
                    sleeping.add(new ProcessBuilder("sleep", "2").start());
                }
                for (Process each : sleeping) {
                    each.waitFor();
                }
                long before = counter.getLong(0, 0); // the JVM itself sleeps now and then, in a safepoint
                KprobeProfile profile = event.profile();
                System.out.println(profile + " program " + counter.getLong(0, 0) + " link " + probe.missed());
                assertThat(profile.hits()).isBetween(before, counter.getLong(0, 0));
                assertThat(profile.misses()).isPositive();
                assertThat(profile.hits() + profile.misses()).isGreaterThanOrEqualTo(sleepers);
            }
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }
}
