package org.kprobe4j.internal.targets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.internal.targets.FunctionListing.Row;
import org.kprobe4j.internal.targets.LeftOut.Reason;

class FunctionListingTest {
    private MadeUpKernel kernel;

    @BeforeEach
    void kernel(@TempDir Path root) {
        kernel = new MadeUpKernel(root)
                .kallsyms("""
                        ffffffff81000000 T _stext
                        ffffffff81000100 T __pfx_vfs_read
                        ffffffff81000110 T vfs_read
                        ffffffff81000310 t vfs_read.constprop.0
                        ffffffff81000400 t vfs_rmdir.part.0
                        ffffffff81000700 t dup
                        ffffffff81000710 t dup
                        ffffffff81000800 t __do_sys_getppid
                        ffffffff81000800 T __x64_sys_getppid
                        ffffffff81000b00 t notrace_one
                        ffffffff81000c00 T notify_die
                        ffffffff81000d00 t notify_die.part.0
                        ffffffff81001000 T _etext
                        ffffffff81002000 T _sinittext
                        ffffffff81002010 t start_vfs
                        ffffffff81003000 T _einittext
                        ffffffffc0002000 t mod_open\t[beta]
                        """)
                .filter("vfs_read\nvfs_rmdir.part.0\ndup\ndup\n__x64_sys_getppid\nmod_open [beta]\n")
                .blacklist("0xffffffff81000c00-0xffffffff81000c80\tnotify_die\n")
                .file("proc/modules", "beta 4096 0 - Live 0xffffffffc0002000\n")
                .taking("vfs_read", "vfs_rmdir", "notify_die")
                .moduleTaking("beta", "mod_open");
    }

    private List<Row> rows(String target) {
        var rows = new ArrayList<Row>();
        kernel.resolver().list(TargetSpec.parse(target)).forEach(rows::add);
        return rows;
    }

    @Test
    void allFunctionsStandByRisingAddressWithoutPaddings() {
        assertThat(rows("*"))
                .extracting(Row::name)
                .containsExactly(
                        "_stext",
                        "vfs_read",
                        "vfs_read.constprop.0",
                        "vfs_rmdir.part.0",
                        "dup",
                        "dup",
                        "__x64_sys_getppid",
                        "notrace_one",
                        "notify_die",
                        "notify_die.part.0",
                        "_etext",
                        "_sinittext",
                        "start_vfs",
                        "_einittext",
                        "mod_open");
    }

    @Test
    void whatCannotBeProbedHasAReason() {
        assertThat(rows("vfs_read").getFirst())
                .isEqualTo(new Row(
                        0xffffffff81000110L,
                        "vfs_read",
                        null,
                        "void vfs_read(struct file *file)",
                        0x200,
                        List.of(),
                        null,
                        ""));
        assertThat(rows("notify_die,notrace_one,start_vfs"))
                .extracting(Row::obstacle)
                .containsExactly(Reason.NOT_TRACEABLE, Reason.FORBIDDEN, Reason.FORBIDDEN, Reason.INIT_GONE);
    }

    @Test
    void whatTheCompilerMadeCanBeProbedByItsNameUnlessTheFunctionIsForbidden() {
        Row part = rows("vfs_*").getLast();
        assertThat(part.name()).isEqualTo("vfs_rmdir.part.0");
        assertThat(part.isProbeable()).isTrue();
        assertThat(part.prototype()).isEqualTo("void vfs_rmdir(struct file *file)");
        assertThat(part.remark())
                .isEqualTo(
                        "a part of vfs_rmdir that the compiler made a function of; where the rest was inlined it alone is called");
        assertThat(rows("notify_*").getLast().obstacle()).isEqualTo(Reason.FORBIDDEN);
    }

    @Test
    void otherNamesAndFunctionsOfOneNameAreTold() {
        assertThat(rows("*getppid")).singleElement().satisfies(row -> {
            assertThat(row.name()).isEqualTo("__x64_sys_getppid");
            assertThat(row.aliases()).containsExactly("__do_sys_getppid");
        });
        assertThat(rows("dup"))
                .extracting(Row::remark)
                .allSatisfy(remark -> assertThat(remark).startsWith("one of several of this name, "));
    }

    @Test
    void aModulesFunctionHasItsPrototypeFromTheModule() {
        assertThat(rows("beta:*")).singleElement().satisfies(row -> {
            assertThat(row.module()).isEqualTo("beta");
            assertThat(row.prototype()).isEqualTo("void mod_open(struct file *file)");
        });
    }

    @Test
    void whatMatchesNothingNamesTheNearest() {
        FunctionListing listing = kernel.resolver().list(TargetSpec.parse("vfs_raed"));
        assertThat(listing.unmatched()).containsExactly("vfs_raed: no such function; nearest: vfs_read (ENOENT)");
        listing.forEach(row -> {
            throw new AssertionError(row);
        });
    }

    @Test
    void theVisitorMayStop() {
        var seen = new ArrayList<String>();
        kernel.resolver().list(TargetSpec.parse("*")).forEach(row -> {
            seen.add(row.name());
            return seen.size() < 3;
        });
        assertThat(seen).hasSize(3);
    }
}
