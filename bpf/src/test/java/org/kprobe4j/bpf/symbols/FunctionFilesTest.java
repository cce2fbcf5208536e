package org.kprobe4j.bpf.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.PermissionException;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.FakeKernel;

class FunctionFilesTest {
    private static final String BLACKLIST = "/sys/kernel/debug/kprobes/blacklist";
    private static final String FILTER = "/sys/kernel/tracing/available_filter_functions";

    private final FakeKernel kernel = new FakeKernel().file("/proc/kallsyms", """
            0000000000000000 A fixed_percpu_data
            ffffffff81000100 T vfs_read
            ffffffff82000000 D vfs_data
            ffffffffc0002000 t mod_b\t[beta]
            ffffffffc0001000 t mod_a\t[alpha]
            """);
    private final FunctionFiles files = FunctionFiles.of(kernel);

    private static String show(SymbolLine line) {
        return "%x %s %s %s".formatted(line.address(), line.isFunction(), line.module(), line.name());
    }

    private List<String> traceable() {
        var lines = new ArrayList<String>();
        assertThat(files.forEachTraceable(line -> lines.add(show(line)))).isTrue();
        return lines;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 31, 4096})
    void symbolsAreShownLineByLine(int readBytes) {
        kernel.readBytes = readBytes;
        var lines = new ArrayList<String>();
        files.forEachSymbol(line -> lines.add(show(line)));
        assertThat(lines)
                .containsExactly(
                        "ffffffff81000100 true null vfs_read",
                        "ffffffff82000000 false null vfs_data",
                        "ffffffffc0002000 true beta mod_b",
                        "ffffffffc0001000 true alpha mod_a");
        assertThat(files.symbolize(0xffffffffc0001008L)).hasToString("[mod_a+0x8/0x1000 [alpha]]");
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void visitorMayStop() {
        int[] seen = {0};
        files.forEachSymbol(_ -> ++seen[0] < 2);
        assertThat(seen[0]).isEqualTo(2);
    }

    @Test
    void hiddenAddressesAreSaid() {
        kernel.file("/proc/kallsyms", "0000000000000000 T vfs_read\n");
        assertThatThrownBy(() -> files.forEachSymbol(_ -> true))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("the kernel shows every address as 0");
    }

    @Test
    void traceableFunctionsComeWithAddressesWhereTheKernelTellsThem() {
        kernel.file(FILTER, "vfs_read\nmod_a [alpha]\nvfs_write (2) R I\n");
        assertThat(traceable()).containsExactly("0 true null vfs_read", "0 true alpha mod_a", "0 true null vfs_write");
        kernel.file(FILTER + "_addrs", "ffffffff81000104 vfs_read\nffffffffc0001004 mod_a [alpha]\n");
        assertThat(traceable())
                .containsExactly("ffffffff81000104 true null vfs_read", "ffffffffc0001004 true alpha mod_a");
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void traceableFunctionsMayBeUnderDebugfsOrNowhere() {
        assertThat(files.forEachTraceable(_ -> true)).isFalse();
        kernel.file("/sys/kernel/debug/tracing/available_filter_functions", "vfs_read\n");
        assertThat(traceable()).containsExactly("0 true null vfs_read");
    }

    @Test
    void blacklistIsSearchedByAddress() {
        kernel.file(BLACKLIST, """
                0xffffffff81003000-0xffffffff81003010	third
                0xffffffff81001000-0xffffffff81001fff	entry_text
                0xffffffff81001100-0xffffffff81001110	inside
                garbage
                """);
        ForbiddenRanges forbidden = files.forbidden();
        assertThat(forbidden.all()).extracting(ForbiddenRange::symbol).containsExactly("entry_text", "inside", "third");
        assertThat(forbidden.covering(0xffffffff81000fffL)).isNull();
        assertThat(forbidden.covering(0xffffffff81001000L)).hasFieldOrPropertyWithValue("symbol", "entry_text");
        assertThat(forbidden.covering(0xffffffff81001108L)).hasFieldOrPropertyWithValue("symbol", "inside");
        // Behind the inner range, still in the outer one.
        assertThat(forbidden.covering(0xffffffff81001200L)).hasFieldOrPropertyWithValue("symbol", "entry_text");
        assertThat(forbidden.covering(0xffffffff81001fffL)).isNull();
        assertThat(forbidden.covering(0xffffffff8100300fL)).hasFieldOrPropertyWithValue("symbol", "third");
        assertThat(forbidden.covering(0xffffffff81003010L)).isNull();
    }

    @Test
    void modulesAreReadWithTheirState() {
        kernel.file("/proc/modules", """
                overlay 217088 1 - Live 0xffffffffc0201000
                fuse 172032 1 virtiofs, Loading 0xffffffffc0034000 (OE)
                dummy 16384 - - Unloading 0x0000000000000000
                """);
        assertThat(files.modules())
                .containsExactly(
                        new LoadedModule("overlay", 217088, 1, LoadedModule.State.LIVE, 0xffffffffc0201000L),
                        new LoadedModule("fuse", 172032, 1, LoadedModule.State.LOADING, 0xffffffffc0034000L),
                        new LoadedModule("dummy", 16384, -1, LoadedModule.State.UNLOADING, 0));
        kernel.files.clear();
        assertThat(files.modules()).isEmpty();
    }

    @Test
    void copiesOfFilesAreRead(@TempDir Path root) throws IOException {
        Files.createDirectories(root.resolve("proc"));
        Files.createDirectories(root.resolve("sys/kernel/debug/kprobes"));
        Files.writeString(root.resolve("proc/kallsyms"), "ffffffff81000100 T vfs_read\n");
        FunctionFiles copies = FunctionFiles.under(root);
        var names = new ArrayList<String>();
        copies.forEachSymbol(line -> names.add(line.name()));
        assertThat(names).containsExactly("vfs_read");
        assertThat(copies.forEachTraceable(_ -> true)).isFalse();
        assertThatThrownBy(copies::forbidden)
                .isInstanceOf(UnsupportedException.class)
                .hasMessage("read " + root + BLACKLIST + ": no such file or directory (ENOENT)");
        Files.writeString(root.resolve("sys/kernel/debug/kprobes/blacklist"), "0x10-0x20\tentry\n");
        assertThat(copies.forbidden().covering(0x1f)).isNotNull();
    }

    @Test
    void rightsAreAskedFor() {
        kernel.openErrors.put(BLACKLIST, 13);
        assertThatThrownBy(files::forbidden)
                .isInstanceOf(PermissionException.class)
                .isInstanceOf(BpfException.class);
    }
}
