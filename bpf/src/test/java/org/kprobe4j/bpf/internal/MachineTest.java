package org.kprobe4j.bpf.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class MachineTest {
    @Test
    void pageSizeComesFromTheAuxiliaryVector() {
        FakeKernel kernel = new FakeKernel();
        assertThat(Machine.pageBytes(kernel)).isEqualTo(4096);
        ByteBuffer wide = ByteBuffer.allocate(48).order(ByteOrder.nativeOrder());
        wide.putLong(33)
                .putLong(0x7fff0000L)
                .putLong(6)
                .putLong(65536)
                .putLong(0)
                .putLong(0);
        kernel.files.put("/proc/self/auxv", wide.array());
        assertThat(Machine.pageBytes(kernel)).isEqualTo(65536);
        ByteBuffer narrow = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder());
        narrow.putInt(16).putInt(0xffff).putInt(6).putInt(4096).putInt(0).putInt(0);
        kernel.abi = Abi.ARM;
        kernel.files.put("/proc/self/auxv", narrow.array());
        assertThat(Machine.pageBytes(kernel)).isEqualTo(4096);
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void objectNamesAreWhatTheKernelTakes() {
        assertThat(new String(ObjectNames.bytes("MyProbe$1.on-entry"), java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("MyProbe_1.on_en");
    }
}
