package org.kprobe4j.bpf.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.FakeKernel;

class FunctionIndexTest {
    private static final String FILTER = "/sys/kernel/tracing/available_filter_functions";

    private final FakeKernel kernel = new FakeKernel().file("/proc/kallsyms", """
                    0000000000000000 A fixed_percpu_data
                    ffffffff81000000 T _stext
                    ffffffff81000010 T __pfx_vfs_read
                    ffffffff81000020 T vfs_read
                    ffffffff81000030 t dup
                    ffffffff81000040 t vfs_readv
                    ffffffff81000050 t dup
                    ffffffff81000060 T _etext
                    ffffffff81000060 D data_at_end
                    ffffffff81000070 D more_data
                    ffffffff82000000 D far_data
                    ffffffffc0002000 t mod_b\t[beta]
                    ffffffffc0001000 t mod_a\t[alpha]
                    ffffffffc0001080 d data_a\t[alpha]
                    ffffffff80001000 t below\t[gamma]
                    ffffffffc0001000 t alias_a\t[alpha]
                    ffffffffc0003000 t bpf_prog_1\t[bpf]
                    """);
    private final FunctionFiles files = FunctionFiles.of(kernel);

    private static List<String> show(FunctionIndex index) {
        var lines = new ArrayList<String>();
        for (int i = 0; i < index.size(); i++) {
            lines.add(
                    index.isFunction(i)
                            ? "%x %s %s".formatted(index.address(i), index.module(i), index.name(i))
                            : "%x".formatted(index.address(i)));
        }
        return lines;
    }

    /** The linker scripts of Arm put the end of the text into the section behind it. */
    @Test
    void theTextMayEndWithASymbolOfData() {
        var arm = new FakeKernel().file("/proc/kallsyms", """
                        ffff800080010000 T _stext
                        ffff800080010020 T vfs_read
                        ffff800080e00000 D _etext
                        ffff8000818a0000 T _sinittext
                        ffff8000818a0aa8 T start_kernel
                        ffff800081918cac T _einittext
                        """);
        TextBounds bounds = FunctionFiles.of(arm).functions(false).bounds();
        assertThat(bounds)
                .isEqualTo(new TextBounds(
                        0xffff800080010000L, 0xffff800080e00000L, 0xffff8000818a0000L, 0xffff800081918cacL));
        assertThat(bounds.isText(0xffff8000818a0aa8L)).isFalse();
        assertThat(bounds.isInit(0xffff8000818a0aa8L)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 31, 4096})
    void functionsOfTheKernelAndItsModulesByRisingAddress(int readBytes) {
        kernel.readBytes = readBytes;
        FunctionIndex index = files.functions(false);
        assertThat(show(index))
                .containsExactly(
                        "ffffffff80001000 gamma below",
                        "ffffffff81000000 null _stext",
                        "ffffffff81000010 null __pfx_vfs_read",
                        "ffffffff81000020 null vfs_read",
                        "ffffffff81000030 null dup",
                        "ffffffff81000040 null vfs_readv",
                        "ffffffff81000050 null dup",
                        "ffffffff81000060 null _etext",
                        "ffffffff81000070",
                        "ffffffffc0001000 alpha mod_a",
                        "ffffffffc0001000 alpha alias_a",
                        "ffffffffc0001080",
                        "ffffffffc0002000 beta mod_b",
                        "ffffffffc0003000");
        assertThat(index.bounds()).isEqualTo(new TextBounds(0xffffffff81000000L, 0xffffffff81000060L, 0, 0));
        assertThat(kernel.openNow()).isEmpty();
    }

    @Test
    void namesAreFound() {
        FunctionIndex index = files.functions(false);
        assertThat(index.has("vfs_read")).isTrue();
        assertThat(index.has("__pfx_vfs_read")).isTrue();
        assertThat(index.has("vfs_rea")).isFalse();
        assertThat(index.has("vfs_readvx")).isFalse();
        assertThat(index.has("data_at_end")).isFalse();
        assertThat(index.firstFrom(0xffffffff81000020L)).isEqualTo(3);
        assertThat(index.firstFrom(0xffffffff81000021L)).isEqualTo(4);
        assertThat(index.firstFrom(-1)).isEqualTo(index.size());
        assertThat(index.show(3, FunctionIndex.holder()).name()).isEqualTo("vfs_read");
        assertThat(index).hasToString("14 symbols in 65760 bytes, modules [beta, alpha, gamma]");
    }

    private List<String> traceable(String list) {
        kernel.file(FILTER, list);
        FunctionIndex index = FunctionFiles.of(kernel).functions(true);
        TraceableFunctions traceable = FunctionFiles.of(kernel).traceable(index).orElseThrow();
        var shown = new ArrayList<String>();
        for (int i = 0; i < index.size(); i++) {
            if (traceable.isListed(i) || traceable.isUnknown(i)) {
                shown.add("%x %s%s"
                        .formatted(index.address(i) & 0xfff, index.name(i), traceable.isUnknown(i) ? " unknown" : ""));
            }
        }
        return shown;
    }

    @Test
    void ftracesListIsFollowed() {
        assertThat(traceable("vfs_read\ndup\nvfs_readv\ndup\nalias_a [alpha]\nmod_b [beta]\nbelow [gamma]\n"))
                .containsExactly("0 below", "20 vfs_read", "30 dup", "40 vfs_readv", "50 dup", "0 alias_a", "0 mod_b");
        assertThat(traceable("vfs_read\nvfs_readv\ndup\n")).containsExactly("20 vfs_read", "40 vfs_readv", "50 dup");
        // Both dups lie behind vfs_read and before what is listed next.
        assertThat(traceable("vfs_read\ndup\nmod_b [beta]\n")).contains("30 dup");
        assertThat(traceable("dup\n_etext\n")).containsExactly("30 dup unknown", "50 dup unknown", "60 _etext");
    }

    @Test
    void whatTheListHasBesidesChangesNothing() {
        assertThat(traceable("""
                        __ftrace_invalid_address___16
                        vfs_read
                        vfs_read
                        no_such
                        vfs_readv
                        mod_b [delta]
                        mod_b [beta]
                        """)).containsExactly("20 vfs_read", "40 vfs_readv", "0 mod_b");
    }

    @Test
    void whatIsRepeatedIsNotTakenForAnotherFunctionFarBehind() {
        StringBuilder symbols = new StringBuilder();
        StringBuilder list = new StringBuilder("f0\nf0\n");
        for (int i = 0; i < 1000; i++) {
            symbols.append("%016x t f%d\n".formatted(0x1000L + 16 * i, i == 900 ? 0 : i));
            list.append(i == 0 || i == 900 ? "" : "f%d\n".formatted(i));
        }
        kernel.file("/proc/kallsyms", symbols.toString()).file(FILTER, list.toString());
        FunctionIndex index = files.functions(true);
        TraceableFunctions traceable = files.traceable(index).orElseThrow();
        assertThat(traceable.size()).isEqualTo(999);
        assertThat(traceable.isListed(900)).isFalse();
        assertThat(traceable.isListed(999)).isTrue();
    }

    @Test
    void aLongWayWithoutTraceableFunctionsIsPassed() {
        StringBuilder symbols = new StringBuilder();
        StringBuilder list = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            symbols.append("%016x t f%d\n".formatted(0x1000L + 16 * i, i));
            list.append(i > 10 && i < 900 ? "" : "f%d\n".formatted(i));
        }
        kernel.file("/proc/kallsyms", symbols.toString()).file(FILTER, list.toString());
        TraceableFunctions traceable = files.traceable(files.functions(true)).orElseThrow();
        assertThat(traceable.size()).isEqualTo(111);
    }

    @Test
    void readOnceWhileTheSameModulesAreLoaded() {
        kernel.file("/proc/modules", "alpha 4096 1 - Live 0xffffffffc0001000\n");
        FunctionIndex first = files.functions(false);
        assertThat(files.isRead()).isTrue();
        kernel.file("/proc/modules", "alpha 4096 2 - Live 0xffffffffc0001000\n");
        assertThat(files.functions(false)).isSameAs(first);
        assertThat(files.traceable(first)).isEqualTo(Optional.empty());
        kernel.file("/proc/modules", "alpha 4096 2 - Live 0xffffffffc0005000\n");
        assertThat(files.isRead()).isFalse();
        assertThat(files.functions(false)).isNotSameAs(first);
    }

    @Test
    void hiddenAddressesAndMissingFilesAreTold() {
        kernel.file("/proc/kallsyms", "0000000000000000 T vfs_read\n");
        assertThatThrownBy(() -> files.functions(false)).isInstanceOf(UnsupportedException.class);
        kernel.files.remove("/proc/kallsyms");
        assertThatThrownBy(() -> files.functions(true))
                .hasMessage("read /proc/kallsyms: no such file or directory (ENOENT); "
                        + "the kernel needs CONFIG_KALLSYMS, and /proc mounted");
        assertThat(kernel.openNow()).isEmpty();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("symbol-reader");
    }
}
