package org.kprobe4j.internal.targets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.internal.targets.TargetReport.Verdict;

class TargetReportTest {
    private static final Verdict TAKEN = new Verdict(false, "the kernel takes a probe here");

    private MadeUpKernel kernel;
    private final List<String> tried = new ArrayList<>();

    @BeforeEach
    void kernel(@TempDir Path root) {
        var symbols = new StringBuilder("""
                ffffffff81000000 T _stext
                ffffffff81000110 T vfs_read
                ffffffff81000310 t vfs_read.constprop.0
                ffffffff81000600 t user_a
                ffffffff81000700 t dup
                ffffffff81000710 t dup
                ffffffff81000720 t user_b
                ffffffff81000800 t __do_sys_getppid
                ffffffff81000800 T __ia32_sys_getppid
                ffffffff81000800 T __x64_sys_getppid
                ffffffff81000b00 t notrace_one
                ffffffff81000c00 T notify_die
                """);
        var filter = new StringBuilder("vfs_read\nuser_a\ndup\ndup\nuser_b\n__do_sys_getppid\n");
        for (int i = 0; i < 20; i++) {
            symbols.append("ffffffff81001%03x t %s_%d%n".formatted(16 * i, i < 16 ? "tcp" : "raw", i));
            filter.append(i < 16 ? "tcp_%d%n".formatted(i) : "");
        }
        symbols.append("ffffffff81003000 T _etext\nffffffff81003010 D vfs_table\n");
        kernel = new MadeUpKernel(root)
                .kallsyms(sorted(symbols.toString()))
                .filter(filter.toString())
                .blacklist("0xffffffff81000c00-0xffffffff81000c80\tnotify_die\n")
                .file("proc/modules", "")
                .taking("vfs_read");
    }

    private static String sorted(String lines) {
        return String.join("\n", lines.lines().sorted().toList()) + "\n";
    }

    private TargetReport report(String target, boolean all) {
        TargetResolver resolver = kernel.resolver();
        return TargetReport.of(
                target, resolver.resolveFully(TargetSpec.parse(target)), all, resolver::prototype, place -> {
                    tried.add(place.toString());
                    return place.offset() == 0 ? TAKEN : new Verdict(true, "not an instruction boundary (EILSEQ)");
                });
    }

    @Test
    void oneFunctionIsDescribed() {
        TargetReport report = report("vfs_read", false);
        assertThat(report.lines())
                .containsExactly(
                        "vfs_read: 1 place",
                        "  0xffffffff81000110  vfs_read",
                        "      "
                                + kernel.resolver().prototype(place("vfs_read")).orElseThrow(),
                        "      512 bytes up to the next symbol",
                        "      ftrace can trace it",
                        "      the kernel takes a probe here",
                        "not probed: 1",
                        "  1 a variant by the compiler, beside the function itself; name it to probe it, too: vfs_read.constprop.0");
        assertThat(report.errors()).isEmpty();
        assertThat(report.places()).isEqualTo(1);
    }

    private Place place(String name) {
        return kernel.resolve(name).places().getFirst();
    }

    @Test
    void anAliasSaysWhatItIsAnAliasOf() {
        assertThat(report("__x64_sys_getppid", false).lines())
                .containsExactly(
                        "__x64_sys_getppid: 1 place",
                        "  0xffffffff81000800  __do_sys_getppid",
                        "      also named __ia32_sys_getppid, __x64_sys_getppid",
                        "      768 bytes up to the next symbol",
                        "      ftrace can trace it",
                        "      the kernel takes a probe here");
    }

    @Test
    void functionsOfOneNameAreToldApart() {
        assertThat(report("dup", false).lines())
                .contains(
                        "dup: 2 places",
                        "  0xffffffff81000700  dup (1 of 2, between user_a and dup)",
                        "  0xffffffff81000710  dup (2 of 2, between dup and user_b)");
    }

    @Test
    void ofManyTheFirstAreShown() {
        TargetReport report = report("tcp_*", false);
        assertThat(report.places()).isEqualTo(16);
        assertThat(report.lines()).hasSize(17);
        assertThat(report.lines().getFirst()).isEqualTo("tcp_*: 16 places");
        assertThat(report.lines().get(1)).isEqualTo("  0xffffffff81001000  tcp_0");
        assertThat(report.lines().getLast()).isEqualTo("  and 1 more (--all lists them)");
        assertThat(tried).as("each costs a grace period").isEmpty();
        assertThat(report("tcp_*", true).lines()).hasSize(17).contains("  0xffffffff810010f0  tcp_15");
    }

    @Test
    void whatIsNotProbedIsSummedUpByItsReason() {
        TargetReport report = report("raw_*,notrace_*,user_*,notify_*,!user_b", false);
        assertThat(report.places()).isEqualTo(1);
        assertThat(report.lines())
                .contains(
                        "not probed: 7",
                        "  1 on the kernel's blacklist of kprobes (NOKPROBE): notify_die",
                        "  5 not traceable by ftrace (notrace, inline in the source, or assembler): notrace_one, raw_16, raw_17, …",
                        "  1 left out by the target: user_b");
        assertThat(report("raw_*,notrace_*,user_a", true).lines())
                .contains(
                        "  5 not traceable by ftrace (notrace, inline in the source, or assembler)",
                        "      0xffffffff81001130  raw_19");
    }

    @Test
    void aPlaceThatTheKernelRefusesIsAnError() {
        TargetReport report = report("vfs_read+0x3", false);
        assertThat(report.errors()).containsExactly("vfs_read+0x3: not an instruction boundary (EILSEQ)");
        assertThat(report.lines()).startsWith("vfs_read+0x3: no place");
        assertThat(report.places()).isZero();
    }

    @Test
    void nothingAtAllIsSaidWithItsReason() {
        assertThat(report("notify_die", false).errors())
                .containsExactly(
                        "notify_die: on the kernel's blacklist of kprobes (NOKPROBE); probe a function that calls it (EINVAL)");
        assertThat(report("vfs_raed", false).errors())
                .containsExactly("vfs_raed: no such function; nearest: vfs_read (ENOENT)");
        assertThat(report("vfs_table", false).errors()).containsExactly("vfs_table: data, not a function (EINVAL)");
    }

    @Test
    void whatIsNotKnownIsNamed() {
        var lines = new ResolutionText(
                        new Resolution(List.of(), List.of(), 0, List.of(), List.of("not known: the blacklist")),
                        _ -> Optional.empty(),
                        _ -> Optional.empty())
                .lines("x*", false);
        assertThat(lines).containsExactly("x*: no place", "not known: the blacklist");
    }
}
