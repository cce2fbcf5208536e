package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.BpfAttr.MapElement;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;

class BpfMapTest {
    private final FakeKernel kernel = new FakeKernel();

    private BpfMap map(MapType type, int value, int entries) {
        return BpfMap.create(kernel, MapSpec.of(type, "m", 4, value, entries, BpfMap.MMAPABLE));
    }

    @Test
    void sizesAreChecked() {
        try (BpfMap map = map(MapType.HASH, 8, 1)) {
            assertThatThrownBy(() -> map.update(new byte[3], new byte[8])).hasMessage("map m: key has 3 bytes, not 4");
            assertThatThrownBy(() -> map.update(new byte[4], new byte[9]))
                    .hasMessage("map m: value has 9 bytes, not 8");
        }
    }

    @Test
    void perCpuValuesArePaddedAndCounted() {
        kernel.file("/sys/devices/system/cpu/possible", "0-2,5\n");
        try (BpfMap map = map(MapType.PERCPU_HASH, 12, 1)) {
            assertThat(map.valueBytes()).isEqualTo(4 * 16);
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void lookupCopiesTheValueOut() {
        try (BpfMap map = map(MapType.HASH, 2, 1)) {
            kernel.onBpf = (command, attr) -> {
                assertThat(command).isEqualTo(Linux.BPF_MAP_LOOKUP_ELEM);
                MemorySegment.ofAddress(attr.u64(MapElement.VALUE))
                        .reinterpret(2)
                        .copyFrom(MemorySegment.ofArray(new byte[] {5, 6}));
                return 0;
            };
            assertThat(map.lookup(new byte[4])).containsExactly(5, 6);
            kernel.onBpf = (command, attr) -> -Errno.ENOENT;
            assertThat(map.lookup(new byte[4])).isNull();
            kernel.onBpf = (command, attr) -> -Errno.ENOMEM;
            assertThatThrownBy(() -> map.lookup(new byte[4]))
                    .hasMessage("look up in map m: cannot allocate memory (ENOMEM)");
        }
    }

    @Test
    void mappingIsWholePagesAndEndsSafely() {
        try (BpfMap map = map(MapType.ARRAY, 12, 300)) {
            MappedArray array = map.mmap();
            assertThat(kernel.mappings).containsExactly("0+8192 prot 3");
            array.putLong(299, 8, 17);
            assertThat(array.getLong(299, 8)).isEqualTo(17);
            assertThat(array.exchangeLong(299, 8, 3)).isEqualTo(17);
            assertThat(array.getLong(299, 8)).isEqualTo(3);
            array.close();
            array.close();
            assertThat(kernel.mappings).isEmpty();
            assertThatThrownBy(() -> array.getLong(0, 0)).isInstanceOf(IllegalStateException.class);
        }
        assertThat(kernel.openNow()).isEmpty();
        assertThat(OpenDescriptors.list()).isEmpty();
    }

    @Test
    void refusalShowsWhatWasAsked() {
        kernel.onBpf = (command, attr) -> -Errno.EINVAL;
        assertThatThrownBy(() -> map(MapType.ARRAY, 12, 0))
                .hasMessage("create ARRAY map m: refused with key 4, value 12 bytes, 0 entries, flags 0x400 (EINVAL)");
    }

    @Test
    void failureCanBeSaidAgainWithMore() {
        Failure failure = Failure.of("attach kprobe", "vfs_raed", Errno.ENOENT);
        assertThat(new AttachException(failure.because("no such symbol").remedy("nearest: vfs_read")))
                .hasMessage("attach kprobe vfs_raed: no such symbol (ENOENT); nearest: vfs_read");
        assertThat(List.of(Errno.name(84), Errno.name(524), Errno.name(4000)))
                .containsExactly("EILSEQ", "ENOTSUPP", "errno 4000");
    }
}
