package org.kprobe4j.bpf.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.Privileges;
import org.kprobe4j.bpf.ProgramType;

/** Features of the running kernel: present from the documented version on, absent before. */
@Tag("kernel")
class FeaturesKernelTest {
    private static final int BPF_RINGBUF_OUTPUT = 130;
    private static final int BPF_GET_FUNC_IP = 173;
    private static final int NO_SUCH_HELPER = 9999;

    private static void assertSince(Answer answer, int major, int minor) {
        System.out.println(answer);
        assertThat(answer.isYes())
                .as(answer.why())
                .isEqualTo(KernelVersion.running().atLeast(major, minor));
        assertThat(answer.verdict()).isNotEqualTo(Answer.Verdict.INCONCLUSIVE);
    }

    @Test
    void featuresFollowTheVersion() {
        Features features = Features.running();
        System.out.println(KernelVersion.running() + " " + Privileges.current());
        assertSince(features.bpf(), 4, 4);
        assertSince(features.kprobePmu(), 4, 17);
        assertSince(features.kprobes(), 4, 1);
        assertSince(features.boundedLoops(), 5, 3);
        assertSince(features.ringbuf(), 5, 8);
        assertSince(features.btfLoad(), 4, 18);
        if (System.getProperty("os.arch").equals("arm")) {
            assertThat(features.vmlinuxBtf().isNo()).isTrue(); // Debian builds it without
        } else {
            assertSince(features.vmlinuxBtf(), 5, 4);
        }
        assertSince(features.cpuV4(), 6, 6);
        assertSince(features.programType(ProgramType.SYSCALL), 5, 14);
        assertSince(features.helper(ProgramType.KPROBE, BPF_RINGBUF_OUTPUT), 5, 8);
        assertSince(features.helper(ProgramType.KPROBE, BPF_GET_FUNC_IP), 5, 15);
        assertThat(features.helper(ProgramType.KPROBE, NO_SUCH_HELPER).isNo()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void mapTypesFollowTheVersion(MapType type) {
        KernelVersion since = KernelVersion.parse(type.since());
        assertSince(Features.running().mapType(type), since.major(), since.minor());
    }

    @Test
    void batchesFollowTheVersion() {
        Features features = Features.running();
        for (MapType type :
                List.of(MapType.HASH, MapType.LRU_HASH, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH, MapType.ARRAY)) {
            assertSince(features.mapBatches(type), 5, 6);
        }
        assertSince(features.mapBatches(MapType.PERCPU_ARRAY), 5, 13);
    }

    /**
     * They need CONFIG_FPROBE too, so only their absence before the version is sure; Debian's kernels have it since 6.12, on 64-bit Arm
     * since it is there at all, on 32-bit Arm not. Source: HAVE_FPROBE in arch/arm64/Kconfig, Linux 6.14.
     */
    @Test
    void multiNeedsVersionAndConfiguration() {
        Features features = Features.running();
        System.out.println(features.kprobeMulti() + " " + features.kprobeSession());
        assertThat(features.kprobeMulti().verdict()).isNotEqualTo(Answer.Verdict.INCONCLUSIVE);
        if (!KernelVersion.running().atLeast(5, 18)) {
            assertThat(features.kprobeMulti().isNo()).isTrue();
        }
        boolean here = switch (System.getProperty("os.arch")) {
            case "aarch64" -> KernelVersion.running().atLeast(6, 14);
            case "arm" -> false;
            default -> KernelVersion.running().atLeast(6, 12);
        };
        assertThat(features.kprobeSession().isYes()).isEqualTo(here);
        // Without the type the function's number is not looked at.
        System.out.println(features.fsession(1));
        if (!KernelVersion.running().atLeast(7, 0)) {
            assertThat(features.fsession(1).isNo()).isTrue();
        }
        if (here) {
            assertThat(features.kprobeMulti().isYes()).isTrue();
        } else {
            assertThat(features.kprobeSession().isNo()).isTrue();
        }
    }
}
