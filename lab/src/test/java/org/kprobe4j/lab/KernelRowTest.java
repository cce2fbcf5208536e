package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelRowTest {
    @Test
    void theStandardRowBoots() {
        assertThat(KernelRow.standard().id()).isEqualTo("6.12");
        assertThat(KernelRow.standard().boots()).isTrue();
    }

    @Test
    void anUnknownRowNamesTheKnownOnes() {
        assertThatThrownBy(() -> KernelRow.of("4.19"))
                .isInstanceOf(LabException.class)
                .hasMessage("lab: no kernel '4.19'; there are 5.10, 6.1, 6.12, 7.2, 6.12-arm64, 7.2-arm64, 6.12-armhf");
    }

    @Test
    void aDeclaredRowSaysWhyItDoesNotBoot() {
        assertThatThrownBy(() -> KernelRow.of("6.12-armhf").requireBoots())
                .isInstanceOf(LabException.class)
                .hasMessage("lab: kernel 6.12-armhf does not boot yet: it needs a root directory of its own "
                        + "architecture, which the lab cannot make; use 6.12");
    }

    @Test
    void theCacheObeysTheEnvironment() {
        assertThat(LabCache.location(Map.of("KPROBE4J_CACHE", "/a", "XDG_CACHE_HOME", "/b", "HOME", "/c")))
                .isEqualTo(Path.of("/a/lab"));
        assertThat(LabCache.location(Map.of("XDG_CACHE_HOME", "/b", "HOME", "/c")))
                .isEqualTo(Path.of("/b/kprobe4j/lab"));
        assertThat(LabCache.location(Map.of("HOME", "/c"))).isEqualTo(Path.of("/c/.cache/kprobe4j/lab"));
    }
}
