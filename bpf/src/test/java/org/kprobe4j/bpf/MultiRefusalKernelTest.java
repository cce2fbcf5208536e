package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.symbols.Kallsyms;

/** What the running kernel says to a program for many functions that it does not want. */
@Tag("kernel")
class MultiRefusalKernelTest {
    private static final long[] NONE = {};

    private BpfMap hits;
    private Answer multi;

    @BeforeEach
    void create() {
        hits = BpfMap.create(MapType.ARRAY, "hits", 4, 8, 1, BpfMap.MMAPABLE);
        multi = Features.running().kprobeMulti();
    }

    @AfterEach
    void close() {
        hits.close();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    private BpfProgram program(AttachType type) {
        return BpfProgram.load(ProgramSpec.builder(ProgramType.KPROBE, "count", Insns.counting(hits))
                .expectedAttachType(type)
                .kernVersion(KernelVersion.running().code())
                .build());
    }

    private void assertRefused(AttachType type, long[] addresses, String pattern) {
        try (BpfProgram program = program(type)) {
            assertThatThrownBy(() -> BpfLink.kprobeMulti(program, false, addresses, NONE))
                    .isInstanceOf(AttachException.class)
                    .satisfies(System.out::println)
                    .hasMessageMatching(pattern);
        }
    }

    @Test
    void placesThatFtraceDoesNotKnow() {
        assumeTrue(multi.isYes(), multi::toString);
        long inside = Kallsyms.running().addressesOf("vfs_read")[0] + 0x11;
        assertRefused(
                AttachType.TRACE_KPROBE_MULTI,
                new long[] {inside},
                "attach kprobe.multi to 0x%x: not where ftrace can trace a function(, or the program is not one for kprobe.multi)? \\((EINVAL|ENOENT|ESRCH|EILSEQ)\\)"
                        .formatted(inside));
        assertRefused(
                AttachType.TRACE_KPROBE_MULTI,
                new long[] {Kallsyms.running().addressesOf("vfs_write")[0], inside},
                "attach kprobe.multi to 2 functions: one of them is not where ftrace can trace a function(, or the program is not one for kprobe.multi)? \\((EINVAL|ENOENT|ESRCH|EILSEQ)\\)");
    }

    @Test
    void aProgramForSomethingElse() {
        assumeTrue(multi.isYes(), multi::toString);
        long entry = Kallsyms.running().addressesOf("vfs_read")[0];
        assertRefused(
                AttachType.NONE,
                new long[] {entry},
                "attach kprobe.multi to 0x%x: not where ftrace can trace a function, or the program is not one for kprobe.multi \\(EINVAL\\)"
                        .formatted(entry));
    }

    @Test
    void moreThanALinkHolds() {
        assumeTrue(multi.isYes(), multi::toString);
        long[] addresses = new long[(1 << 20) + 1];
        Arrays.fill(addresses, Kallsyms.running().addressesOf("vfs_read")[0]);
        assertRefused(
                AttachType.TRACE_KPROBE_MULTI,
                addresses,
                "attach kprobe.multi to 1048577 functions: more than one link holds \\(E2BIG\\); make a link for each part");
    }

    /** Before 5.18 the kind of link is unknown; later kernels without CONFIG_FPROBE load it and refuse the link. */
    @Test
    void aKernelWithoutIt() {
        assumeTrue(!multi.isYes(), multi::toString);
        if (!KernelVersion.running().atLeast(5, 18)) {
            assertThat(multi.toString()).contains("EINVAL");
            return;
        }
        assertThat(multi.toString()).contains("EOPNOTSUPP");
        try (BpfProgram program = program(AttachType.TRACE_KPROBE_MULTI)) {
            long[] entry = Kallsyms.running().addressesOf("vfs_read");
            assertThatThrownBy(() -> BpfLink.kprobeMulti(program, false, entry, NONE))
                    .isInstanceOf(UnsupportedException.class)
                    .hasMessage("attach kprobe.multi to 0x%x: this kernel has no kprobe.multi (EOPNOTSUPP); needs Linux"
                                    .formatted(entry[0])
                            + " 5.18 with CONFIG_FPROBE; else one perf event for each function");
        }
    }
}
