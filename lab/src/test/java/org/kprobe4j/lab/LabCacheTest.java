package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabCacheTest {
    @TempDir
    Path folder;

    @Test
    void anEntryIsMadeOnceAndAHalfMadeOneAgain() throws IOException {
        LabCache cache = LabCache.at(folder, line -> {});
        Files.createDirectories(folder.resolve("thing.part/leftover"));
        Files.createDirectories(folder.resolve("thing/incomplete"));
        AtomicInteger made = new AtomicInteger();
        LabCache.Maker maker = fresh -> {
            assertThat(fresh).isEmptyDirectory();
            Files.writeString(fresh.resolve("content"), "x");
            made.incrementAndGet();
        };
        assertThat(cache.entry("thing", maker).resolve("content")).hasContent("x");
        cache.entry("thing", maker);
        assertThat(made).hasValue(1);
        assertThat(folder.resolve("thing/incomplete")).doesNotExist();
    }

    @Test
    void aFailedTryLeavesNothingThatLooksFinished() {
        LabCache cache = LabCache.at(folder, line -> {});
        assertThatThrownBy(() -> cache.entry("thing", fresh -> {
                    throw new LabException("lab: no network");
                }))
                .hasMessage("lab: no network");
        assertThat(folder.resolve("thing")).doesNotExist();
        assertThat(cache.entry("thing", fresh -> {})).isDirectory();
    }

    @Test
    void anUnwritableCacheIsSaidWithARemedy() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> LabCache.at(file, line -> {}).entry("thing", fresh -> {}))
                .isInstanceOf(LabException.class)
                .hasMessageStartingWith("lab: cannot write to the cache " + file)
                .hasMessageEndingWith("; make it writable or set KPROBE4J_CACHE to another folder");
    }
}
