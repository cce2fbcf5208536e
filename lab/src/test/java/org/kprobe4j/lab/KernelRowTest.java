package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelRowTest {
    @Test
    void theStandardRowIsDebianStable() {
        assertThat(KernelRow.standard().id()).isEqualTo("6.12");
    }

    @Test
    void anUnknownRowNamesTheKnownOnes() {
        assertThatThrownBy(() -> KernelRow.of("4.19"))
                .isInstanceOf(LabException.class)
                .hasMessage("lab: no kernel '4.19'; there are 5.10, 6.1, 6.12, 7.2, 6.12-arm64, 7.2-arm64, 6.12-armhf");
    }

    @Test
    void aRowOfAnotherArchitectureHasItsOwnRuntime() {
        Arch other = Arch.host() == Arch.ARM64 ? Arch.ARMHF : Arch.ARM64;
        KernelRow row = KernelRow.of("6.12-" + other.debianName());
        assertThat(row.foreign()).isTrue();
        assertThat(Lab.javaHome(row)).isEqualTo(Path.of("/usr/lib/jvm/java-25-openjdk-" + other.debianName()));
    }

    @Test
    void aRowOfThisArchitectureUsesThisRuntime() {
        KernelRow row = KernelRow.table().stream()
                .filter(candidate -> candidate.arch() == Arch.host())
                .findFirst()
                .orElseThrow();
        assertThat(row.foreign()).isFalse();
        assertThat(Lab.javaHome(row)).isEqualTo(Path.of(System.getProperty("java.home")));
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
