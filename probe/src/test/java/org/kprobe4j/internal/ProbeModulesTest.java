package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.bpf.symbols.LoadedModule;

class ProbeModulesTest {
    private static final String REMEDY =
            " was unloaded; a probe sees it loaded again only with followModule() in its registration";

    @TempDir
    private Path folder;

    /** The old folder stays somewhere, so that the new one cannot have its number. */
    private void loadAgain(String module) throws IOException {
        unload(module);
        Files.createDirectory(folder.resolve(module));
    }

    private void unload(String module) throws IOException {
        Files.move(folder.resolve(module), folder.resolve(module + ".old"));
    }

    @Test
    void aModuleThatWasLoadedAgainIsAnother() throws IOException {
        Files.createDirectory(folder.resolve("brd"));
        var modules = ProbeModules.of(folder, List.of("brd"));
        assertThat(modules.allGone()).isFalse();
        assertThat(modules.remarks()).isEmpty();
        loadAgain("brd");
        assertThat(modules.allGone()).isTrue();
        assertThat(modules.remarks()).containsExactly("GONE: module brd" + REMEDY);
    }

    @Test
    void ofSeveralPlacesSomeMayBeGone() throws IOException {
        Files.createDirectory(folder.resolve("brd"));
        Files.createDirectory(folder.resolve("loop"));
        var modules = ProbeModules.of(folder, Arrays.asList("brd", null, "loop", "loop"));
        unload("loop");
        assertThat(modules.allGone()).isFalse();
        assertThat(modules.remarks()).containsExactly("GONE: 2 of 4 places: module loop" + REMEDY);
    }

    @Test
    void theKernelItselfIsNeverGone() {
        var modules = ProbeModules.of(folder, Arrays.asList((String) null));
        assertThat(modules.allGone()).isFalse();
        assertThat(ProbeModules.of(folder, List.of()).allGone()).isFalse();
    }

    @Test
    void anAddressBelongsToTheNearestModuleBelow() {
        // Sizes since 6.4 count data that lie elsewhere, so they reach into the next module.
        var loaded = List.of(
                new LoadedModule("near", 0x9000, 0, LoadedModule.State.LIVE, 0xffffffffc0004000L),
                new LoadedModule("far", 0x9000, 0, LoadedModule.State.LIVE, 0xffffffffc0000000L),
                new LoadedModule("hidden", 0x9000, 0, LoadedModule.State.LIVE, 0));
        assertThat(ProbeModules.at(loaded, 0xffffffffc0003000L)).contains("far");
        assertThat(ProbeModules.at(loaded, 0xffffffffc0005000L)).contains("near");
        assertThat(ProbeModules.at(loaded, 0xffffffffc000d000L)).isEmpty();
        assertThat(ProbeModules.at(loaded, 0xffffffff81000000L)).isEmpty();
        assertThat(ProbeModules.at(loaded, 0)).isEmpty();
    }
}
