package org.kprobe4j.internal.planting;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.features.KernelVersion;

class SessionsTest {
    @Test
    void what_a_kernel_lacks() {
        assertThat(Sessions.lack("kprobe.session: EINVAL at load"))
                .isEqualTo("it needs Linux 6.10 with CONFIG_FPROBE, this is "
                        + KernelVersion.running().release() + " (kprobe.session: EINVAL at load)");
        assertThat(Sessions.trampolineLack("fsession: EOPNOTSUPP at load"))
                .isEqualTo("it needs Linux 7.0, this is "
                        + KernelVersion.running().release() + " (fsession: EOPNOTSUPP at load)");
    }
}
