package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.internal.FakeKernel;

class OpenFilesTest {
    private static FakeKernel limited(String soft, String hard) {
        return new FakeKernel().file("/proc/self/limits", """
                        Limit                     Soft Limit           Hard Limit           Units
                        Max core file size        0                    unlimited            bytes
                        Max open files            %-20s %-20s files
                        Max locked memory         8388608              8388608              bytes
                        """.formatted(soft, hard));
    }

    @Test
    void aLimitThatIsTooLowIsRaisedAndTheHardOneIsNotLowered() {
        var low = limited("1024", "4096");
        OpenFiles.makeRoom(low, 100_000);
        assertThat(low.limits).hasSize(1);
        assertThat(Long.parseLong(low.limits.getFirst().substring("7=".length())))
                .isBetween(101_024L, 110_000L);
        var soft = limited("1024", "524288");
        OpenFiles.makeRoom(soft, 3000);
        assertThat(soft.limits).containsExactly("7=524288");
    }

    @Test
    void whatIsEnoughOrNotToldStays() {
        var enough = limited("1048576", "1048576");
        OpenFiles.makeRoom(enough, 10_000);
        assertThat(enough.limits).isEmpty();
        var unlimited = limited("unlimited", "unlimited");
        OpenFiles.makeRoom(unlimited, 10_000);
        assertThat(unlimited.limits).isEmpty();
        var none = new FakeKernel();
        OpenFiles.makeRoom(none, 10_000);
        assertThat(none.limits).isEmpty();
    }
}
