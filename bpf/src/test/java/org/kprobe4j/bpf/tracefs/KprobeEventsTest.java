package org.kprobe4j.bpf.tracefs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.OpenDescriptors;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.FakeKernel;

class KprobeEventsTest {
    private static final String ROOT = "/sys/kernel/tracing/";
    private static final String STAT = "%d (a) b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20 21\n";

    private final FakeKernel kernel = new FakeKernel();

    @BeforeEach
    void mount() {
        kernel.file(ROOT + "README", "")
                .file(ROOT + "kprobe_events", "")
                .file("/proc/self/stat", STAT.formatted(42, 777));
    }

    private KprobeEvents events() {
        return KprobeEvents.of(Tracefs.find(kernel));
    }

    @Test
    void eventIsMadeAndRemovedInOurGroup() {
        String group = events().group();
        assertThat(group).startsWith("kprobe4j_42_777");
        kernel.file(ROOT + "events/" + group + "/clone/id", "1234\n")
                .file(ROOT + "kprobe_profile", "  other 1 2\n  clone   17   3\n");
        try (KprobeEvent event = events().createReturn("clone", "kernel_clone", 20)) {
            assertThat(event.id()).isEqualTo(1234);
            assertThat(event.profile()).isEqualTo(new KprobeProfile(17, 3));
        }
        assertThat(kernel.writes)
                .containsExactly(
                        ROOT + "kprobe_events <- r20:" + group + "/clone kernel_clone",
                        ROOT + "kprobe_events <- -:" + group + "/clone");
        assertThat(kernel.openNow()).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void kernelsOwnWordsAreInTheMessage() {
        kernel.onWrite = (path, text) -> -Errno.EINVAL;
        kernel.file(ROOT + "error_log", """
                [   41.0] trace_kprobe: error: Some older mistake
                  Command: p:x/y z
                           ^
                [   42.1] trace_kprobe: error: Maxactive is too big
                  Command: r5000:%s/clone vfs_read
                            ^
                """.formatted(events().group()));
        assertThatThrownBy(() -> events().createReturn("clone", "vfs_read", 5000))
                .hasMessage("attach kretprobe vfs_read: the kernel says: Maxactive is too big (EINVAL)");
        assertThatThrownBy(() -> events().create("clone", "vfs_raed"))
                .hasMessage("attach kprobe vfs_raed: invalid argument (EINVAL)");
    }

    @Test
    void eventsOfAllAreListedWithTheirProcess() {
        String group = events().group();
        kernel.file(ROOT + "kprobe_events", """
                p:%s/p_1 brd:brd_submit_bio+0x4
                r20:kprobe4j_8_100/r_1 do_nanosleep
                r:others/r_2 vfs_read ret=$retval
                p:kprobes/p_vfs_read_0 vfs_read a=%%di b=%%si
                e:eprobes/x syscalls.sys_enter_openat
                garbage
                """.formatted(group));
        assertThat(events().defined())
                .containsExactly(
                        new DefinedEvent(group, "p_1", false, 0, "brd:brd_submit_bio+0x4", 42, true),
                        new DefinedEvent("kprobe4j_8_100", "r_1", true, 20, "do_nanosleep", 8, false),
                        new DefinedEvent("others", "r_2", true, 0, "vfs_read", 0, false),
                        new DefinedEvent("kprobes", "p_vfs_read_0", false, 0, "vfs_read", 0, false));
    }

    @Test
    void onlyEventsOfTheDeadAreRemoved() {
        String suffix = events().group().replaceFirst("kprobe4j_42_777", "");
        kernel.file("/proc/8/stat", STAT.formatted(8, 100))
                .file("/proc/9/stat", STAT.formatted(9, 100))
                .file(ROOT + "kprobe_events", """
                        p:kprobe4j_7_5%1$s/dead vfs_read
                        r20:kprobe4j_8_100%1$s/alive vfs_read
                        p:kprobe4j_9_99%1$s/pid_used_again vfs_read
                        p:kprobe4j_7_5_123/other_namespace vfs_read
                        p:kprobe4j_x_5/not_ours vfs_read
                        p:kprobe4j_7/not_ours vfs_read
                        p:kprobes/p_vfs_read_0 vfs_read
                        garbage
                        """.formatted(suffix));
        assertThat(events().removeLeftovers())
                .containsExactly("kprobe4j_7_5" + suffix + "/dead", "kprobe4j_9_99" + suffix + "/pid_used_again");
    }

    @Test
    void leftoverInUseIsDisabledAndElseLeftAlone() {
        String suffix = events().group().replaceFirst("kprobe4j_42_777", "");
        String group = "kprobe4j_7_5" + suffix;
        kernel.file(ROOT + "kprobe_events", "p:" + group + "/dead vfs_read\n")
                .file(ROOT + "events/" + group + "/dead/enable", "");
        kernel.onWrite = (path, text) -> path.endsWith("kprobe_events") ? -Errno.EBUSY : text.length();
        assertThat(events().removeLeftovers()).isEmpty();
        assertThat(kernel.writes).contains(ROOT + "events/" + group + "/dead/enable <- 0");
    }

    @Test
    void failedCloseCanBeTriedAgain() {
        kernel.file(ROOT + "events/" + events().group() + "/e/id", "5\n");
        KprobeEvent event = events().create("e", "vfs_read+0x10");
        kernel.onWrite = (path, text) -> -Errno.EBUSY;
        assertThatThrownBy(event::close).hasMessageContaining("EBUSY");
        kernel.onWrite = (path, text) -> text.length();
        event.close();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void missingMountIsSaidWithTheRemedy() {
        kernel.files.clear();
        kernel.file("/sys/kernel/tracing", "");
        assertThatThrownBy(() -> Tracefs.find(kernel))
                .isInstanceOf(UnsupportedException.class)
                .hasMessage("find tracefs: not mounted; mount -t tracefs nodev /sys/kernel/tracing");
        kernel.file("/proc/self/mounts", "proc /proc proc rw 0 0\nnodev /mnt/t tracefs rw 0 0\n")
                .file("/mnt/t/README", "");
        assertThat(Tracefs.find(kernel).path()).isEqualTo("/mnt/t");
        assertThatThrownBy(this::events)
                .hasMessage("open /mnt/t/kprobe_events: this kernel has no kprobe events; needs CONFIG_KPROBE_EVENTS");
    }
}
