package org.kprobe4j.bpf.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.features.Answer.Verdict;
import org.kprobe4j.bpf.internal.BpfAttr.ProgLoad;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;

class FeaturesTest {
    private final FakeKernel kernel = new FakeKernel();
    private final Features features = Features.of(kernel);

    @Test
    void yesAndNoAreRememberedDoubtIsNot() {
        kernel.onBpf = (command, attr) -> -Errno.EPERM;
        assertThat(features.ringbuf().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(features.bpf()).isEqualTo(new Answer(Verdict.INCONCLUSIVE, "bpf(2): EPERM"));
        kernel.onBpf = (command, attr) -> kernel.fd("x");
        assertThat(features.ringbuf().isYes()).isTrue();
        kernel.onBpf = (command, attr) -> -Errno.EINVAL;
        assertThat(features.ringbuf().isYes()).isTrue();
        assertThat(features.boundedLoops().isNo()).isTrue();
        assertThat(features.btfLoad().isNo()).isTrue();
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void mapTypesAreTriedWithWhatTheyNeed() {
        List<Integer> commands = new ArrayList<>();
        kernel.onBpf = (command, attr) -> {
            commands.add(command);
            return kernel.fd("x");
        };
        for (MapType type : MapType.values()) {
            assertThat(features.mapType(type)).isEqualTo(new Answer(Verdict.YES, "map type " + type + ": made one"));
        }
        // Two types need types of their own, given as BTF.
        assertThat(commands)
                .filteredOn(command -> command == Linux.BPF_BTF_LOAD)
                .hasSize(2);
        assertThat(commands).hasSize(MapType.values().length + 2);
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void batchesAreTriedOnAMap() {
        kernel.onBpf = (command, attr) -> command == Linux.BPF_MAP_CREATE ? kernel.fd("x") : -Errno.ENOENT;
        assertThat(features.mapBatches(MapType.HASH).isYes()).isTrue();
        kernel.onBpf = (command, attr) -> command == Linux.BPF_MAP_CREATE ? kernel.fd("x") : -Errno.ENOTSUPP;
        assertThat(features.mapBatches(MapType.PERCPU_ARRAY))
                .isEqualTo(new Answer(Verdict.NO, "batches of PERCPU_ARRAY: ENOTSUPP"));
        kernel.onBpf = (command, attr) -> -Errno.EPERM;
        assertThat(features.mapBatches(MapType.LRU_HASH).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void kprobesAreFoundByPmuOrTracefs() {
        kernel.file("/sys/kernel/tracing", "");
        assertThat(features.kprobes().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        kernel.file("/sys/kernel/tracing/README", "");
        assertThat(features.kprobePmu().isNo()).isTrue();
        assertThat(features.kprobes().isNo()).isTrue();
        kernel.file("/sys/kernel/tracing/kprobe_events", "");
        assertThat(Features.of(kernel).kprobes().isYes()).isTrue();
        kernel.openErrors.put("/sys/bus/event_source/devices/kprobe/type", Errno.EACCES);
        assertThat(Features.of(kernel).kprobePmu().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    }

    @Test
    void helperIsJudgedByTheVerifiersWords() {
        assertThat(helper("unknown func bpf_override_return#58\nprocessed 1 insns"))
                .isEqualTo(Verdict.NO);
        assertThat(helper("invalid func unknown#9999\n")).isEqualTo(Verdict.NO);
        assertThat(helper("program of this type cannot use helper bpf_x#1\n")).isEqualTo(Verdict.NO);
        assertThat(helper("R1 type=ctx expected=map_ptr\n")).isEqualTo(Verdict.YES);
        assertThat(helper("")).isEqualTo(Verdict.INCONCLUSIVE);
    }

    @SuppressWarnings("restricted")
    private Verdict helper(String log) {
        kernel.onBpf = (command, attr) -> {
            MemorySegment.ofAddress(attr.u64(ProgLoad.LOG_BUF))
                    .reinterpret(attr.u32(ProgLoad.LOG_SIZE))
                    .copyFrom(MemorySegment.ofArray(log.getBytes(StandardCharsets.UTF_8)));
            return -Errno.EINVAL;
        };
        return Features.of(kernel).helper(ProgramType.KPROBE, 58).verdict();
    }

    @Test
    void versionsAreRead() {
        KernelVersion debian = KernelVersion.parse("6.12.107+deb13-cloud-amd64");
        assertThat(debian).isEqualTo(new KernelVersion("6.12.107+deb13-cloud-amd64", 6, 12, 107));
        assertThat(debian.atLeast(6, 12)).isTrue();
        assertThat(debian.atLeast(6, 13)).isFalse();
        assertThat(debian.atLeast(5, 18)).isTrue();
        assertThat(debian.code()).isEqualTo(0x060c6b);
        assertThat(KernelVersion.parse("7.2-rc1").patch()).isZero();
        assertThat(KernelVersion.parse("").major()).isZero();
        assertThat(KernelVersion.parse("5.10.300-x").code()).isEqualTo(0x050aff);
    }
}
