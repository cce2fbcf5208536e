package org.kprobe4j.internal.targets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;

class TargetResolverTest {
    private static final String FILTER = """
            vfs_read
            vfs_write
            vfs_open.isra.0
            user_a
            dup
            dup
            user_b
            __do_sys_getppid
            tcp_sendmsg
            tcp_v6_connect
            mod_open [beta]
            dup [alpha]
            """;

    private MadeUpKernel kernel;

    @BeforeEach
    void kernel(@TempDir Path root) {
        kernel = new MadeUpKernel(root)
                .kallsyms("""
                        0000000000000000 A fixed_percpu_data
                        ffffffff81000000 T _stext
                        ffffffff81000100 T __pfx_vfs_read
                        ffffffff81000110 T vfs_read
                        ffffffff81000310 T __pfx_vfs_write
                        ffffffff81000320 T vfs_write
                        ffffffff81000400 t vfs_open.isra.0
                        ffffffff81000500 t vfs_read.constprop.0
                        ffffffff81000600 t user_a
                        ffffffff81000700 t dup
                        ffffffff81000710 t dup
                        ffffffff81000720 t user_b
                        ffffffff81000800 t __do_sys_getppid
                        ffffffff81000800 T __ia32_sys_getppid
                        ffffffff81000800 T __x64_sys_getppid
                        ffffffff81000900 t tcp_sendmsg
                        ffffffff81000a00 t tcp_v6_connect
                        ffffffff81000b00 t notrace_one
                        ffffffff81000c00 T notify_die
                        ffffffff81000d00 t notify_die.isra.0
                        ffffffff81000e00 t vfs_part.part.0
                        ffffffff81000f00 t vfs_read.cold
                        ffffffff81001000 T _etext
                        ffffffff81001000 D vfs_table
                        ffffffff81001800 t vfs_marked_data
                        ffffffff81002000 T _sinittext
                        ffffffff81002010 t start_vfs
                        ffffffff81003000 T _einittext
                        ffffffffc0002000 t mod_open\t[beta]
                        ffffffffc0001080 t dup\t[alpha]
                        ffffffffc0001000 t mod_first\t[alpha]
                        ffffffffc0002000 t mod_alias\t[beta]
                        ffffffffc0003000 t bpf_prog_1\t[bpf]
                        """)
                .filter(FILTER)
                .blacklist("0xffffffff81000c00-0xffffffff81000c80\tnotify_die\n")
                .file("proc/modules", """
                        alpha 4096 0 - Live 0xffffffffc0001000
                        beta 4096 0 - Live 0xffffffffc0002000
                        """);
    }

    private List<String> places(String target) {
        return kernel.resolve(target).places().stream().map(Place::toString).toList();
    }

    private List<String> leftOut(String target) {
        return kernel.resolve(target).leftOut().stream().map(LeftOut::toString).toList();
    }

    private void unmatched(String target, int errno, String reason) {
        Resolution resolution = kernel.resolve(target);
        assertThat(resolution.places()).isEmpty();
        assertThat(resolution.unmatched())
                .containsExactly(
                        new Resolution.Unmatched(TargetSpec.parse(target).toString(), errno, reason));
    }

    @Test
    void aFunctionByItsName() {
        Resolution resolution = kernel.resolve("vfs_write");
        assertThat(resolution.places())
                .containsExactly(new Place(
                        0xffffffff81000320L,
                        new Place.Function(
                                0xffffffff81000320L,
                                "vfs_write",
                                null,
                                List.of(),
                                0xe0,
                                null,
                                null,
                                Place.Traceable.UNKNOWN),
                        0));
        assertThat(resolution.leftOut()).isEmpty();
        assertThat(resolution.unmatched()).isEmpty();
        assertThat(resolution.unknown()).isEmpty();
        assertThat(resolution.summary()).isEqualTo("1 place");
    }

    @Test
    void placesWithinAFunction() {
        assertThat(places("vfs_write+0x10,vfs_write,vfs_write+16")).containsExactly("vfs_write", "vfs_write+0x10");
        unmatched(
                "vfs_write+0xe0", Errno.EINVAL, "behind the function's end: it has 0xe0 bytes, and the offset is 0xe0");
    }

    @Test
    void addresses() {
        assertThat(places("0xffffffff81000320,0xffffffff81000114")).containsExactly("vfs_read+0x4", "vfs_write");
        assertThat(places("0xffffffffc0002004")).containsExactly("beta:mod_open+0x4");
        unmatched("0xffffffff81002014", Errno.EINVAL, "in init text, which was freed when the kernel had started");
        unmatched("0x10", Errno.EINVAL, "before all symbols of the kernel");
        unmatched("0xffffffff81001010", Errno.EINVAL, "not in the text of the kernel or a module");
        unmatched(
                "0xffffffffc0003000",
                Errno.EINVAL,
                "not in the text of the kernel or a module: it was made at run time");
        kernel.kallsyms("ffffffff81000000 T vfs_read\nffffffff82000000 D table\n");
        unmatched("0xffffffff82000008", Errno.EINVAL, "in no function; the symbol before it is table+0x8/0x0");
    }

    @Test
    void aliasesAreOnePlaceByTheNameThatTypesKnow() {
        kernel.taking("__ia32_sys_getppid");
        Resolution resolution = kernel.resolve("__x64_sys_getppid,__do_sys_getppid");
        assertThat(resolution.places()).hasSize(1);
        Place.Function function = resolution.places().getFirst().function();
        assertThat(function.name()).isEqualTo("__ia32_sys_getppid");
        assertThat(function.aliases()).containsExactly("__do_sys_getppid", "__x64_sys_getppid");
        assertThat(function.sameName()).isNull();
    }

    @Test
    void aliasesAreOnePlaceByTheNameThatFtraceKnows() {
        kernel.filter("user_b\n__x64_sys_getppid\n");
        assertThat(places("__ia32_sys_getppid")).containsExactly("__x64_sys_getppid");
        assertThat(places("*_sys_getppid")).containsExactly("__x64_sys_getppid");
    }

    @Test
    void functionsOfOneNameArePlacesEach() {
        assertThat(places("dup"))
                .containsExactly(
                        "dup (1 of 3, between user_a and dup)",
                        "dup (2 of 3, between dup and user_b)",
                        "alpha:dup (3 of 3, behind mod_first)");
        assertThat(places("alpha:dup")).containsExactly("alpha:dup");
        assertThat(places("vmlinux:dup")).hasSize(2);
    }

    private List<Place.Traceable> traceable(String target) {
        return kernel.resolve(target).places().stream()
                .map(place -> place.function().traceable())
                .toList();
    }

    @Test
    void ftracesListTellsFunctionsOfOneNameApartByItsOrder() {
        assertThat(traceable("dup*")).containsExactly(Place.Traceable.YES, Place.Traceable.YES, Place.Traceable.YES);
        // It lists one of two that lie between the same others.
        kernel.filter("user_a\ndup\nuser_b\nmod_first [alpha]\n");
        assertThat(places("dup*")).hasSize(2);
        assertThat(traceable("dup*")).containsExactly(Place.Traceable.UNKNOWN, Place.Traceable.UNKNOWN);
        assertThat(leftOut("dup*"))
                .containsExactly("alpha:dup: not traceable by ftrace (notrace, inline in the source, or assembler)");
        kernel.filter("user_b\ndup [alpha]\n");
        assertThat(places("dup*")).containsExactly("alpha:dup (3 of 3, behind mod_first)");
    }

    @Test
    void ftraceIsAskedForFewNamesWhenOneLinkIsToHoldThem() {
        assertThat(traceable("vfs_read,vfs_write,notrace_one")).containsOnly(Place.Traceable.UNKNOWN);
        TargetResolver resolver = kernel.resolver();
        assertThat(resolver.isListed(0xffff_ffff_8100_0110L)).isTrue();
        assertThat(resolver.isListed(0xffff_ffff_8100_0800L)).isTrue();
        assertThat(resolver.isListed(0xffff_ffff_8100_0b00L)).isFalse();
        assertThat(resolver.isListed(0xffff_ffff_8100_0114L)).isFalse();
        kernel.filter("user_a\ndup\nuser_b\nmod_first [alpha]\n");
        assertThat(kernel.resolver().isListed(0xffff_ffff_8100_0700L)).isFalse();
    }

    @Test
    void patternsAreSplitIntoPlacesAndWhatIsLeftOut() {
        Resolution resolution = kernel.resolve("*");
        assertThat(resolution.places())
                .extracting(place -> place.function().name())
                .containsExactly(
                        "vfs_read",
                        "vfs_write",
                        "vfs_open.isra.0",
                        "vfs_read.constprop.0",
                        "user_a",
                        "dup",
                        "dup",
                        "user_b",
                        "__do_sys_getppid",
                        "tcp_sendmsg",
                        "tcp_v6_connect",
                        "dup",
                        "mod_open");
        assertThat(resolution.summary()).isEqualTo("""
                13 places
                  2 left out: on the kernel's blacklist of kprobes (NOKPROBE)
                  2 left out: the bytes before a function, which are never run (__pfx_, __cfi_)
                  3 left out: not traceable by ftrace (notrace, inline in the source, or assembler)
                  2 left out: in init text, which was freed when the kernel had started
                  2 left out: not in the text of the kernel or a module
                  2 left out: a part of a function; name it to probe it""");
        assertThat(leftOut("notify*"))
                .containsExactly(
                        "notify_die: on the kernel's blacklist of kprobes (NOKPROBE)",
                        "notify_die.isra.0: on the kernel's blacklist of kprobes (NOKPROBE)");
    }

    @Test
    void whatIsLeftOutByTheTarget() {
        assertThat(places("tcp_*,!tcp_v6_*")).containsExactly("tcp_sendmsg");
        assertThat(leftOut("tcp_*,!tcp_v6_*")).containsExactly("tcp_v6_connect: left out by the target");
        // By any of its names.
        assertThat(places("*getppid,!__x64_*")).isEmpty();
        assertThat(places("mod_*,!mod_alias")).isEmpty();
        assertThat(places("vfs_*,!vfs_read")).containsExactly("vfs_write", "vfs_open.isra.0");
        assertThat(places("*,!alpha:*,!vmlinux:*")).containsExactly("beta:mod_open");
        assertThat(kernel.resolve("tcp_v6_c*,!tcp_*").unmatched())
                .extracting(Resolution.Unmatched::reason)
                .containsExactly("none of the 1 functions that match can be probed: left out by the target");
    }

    @Test
    void variantsOfTheCompiler() {
        Resolution open = kernel.resolve("vfs_open");
        assertThat(open.places()).hasToString("[vfs_open.isra.0]");
        assertThat(open.places().getFirst().function().variantOf()).isEqualTo("vfs_open");
        assertThat(places("vfs_read")).containsExactly("vfs_read");
        assertThat(leftOut("vfs_read"))
                .containsExactly(
                        "vfs_read.constprop.0: a variant by the compiler, beside the function itself; name it to probe it, too: "
                                + "a copy of vfs_read that the compiler made for some of its calls",
                        "vfs_read.cold: a part of a function; name it to probe it: "
                                + "the unlikely code of vfs_read, which is jumped to, not called");
        assertThat(places("vfs_read.cold")).containsExactly("vfs_read.cold");
        assertThat(places("*.cold")).containsExactly("vfs_read.cold");
        assertThat(places("/^vfs_read$/")).containsExactly("vfs_read", "vfs_read.constprop.0");
        assertThat(places("/^vfs_read\\./")).containsExactly("vfs_read.constprop.0", "vfs_read.cold");
        unmatched(
                "vfs_part",
                Errno.ENOENT,
                "the kernel has only parts of it, which the compiler made functions of: vfs_part.part.0; name one of them");
    }

    @Test
    void whatWasLeftOutIsToldShortAndInFull() {
        Resolution all = kernel.resolve("notif*,vfs_part*,vfs_*,!vfs_write,notrace*");
        assertThat(all.leftOutSummary())
                .isEqualTo("6 left out: 2 on the blacklist, 1 notrace, 2 parts, 1 left out by the target");
        assertThat(all.leftOutLines())
                .containsExactly(
                        "vfs_write: left out by the target",
                        "notrace_one: not traceable by ftrace (notrace, inline in the source, or assembler)",
                        "notify_die: on the kernel's blacklist of kprobes (NOKPROBE)",
                        "notify_die.isra.0: on the kernel's blacklist of kprobes (NOKPROBE)",
                        "vfs_part.part.0: a part of a function; name it to probe it: "
                                + "a part of vfs_part that the compiler made a function of; where the rest was inlined it alone is called",
                        "vfs_read.cold: a part of a function; name it to probe it: "
                                + "the unlikely code of vfs_read, which is jumped to, not called");
        assertThat(kernel.resolve("vfs_write").leftOutSummary()).isEmpty();
    }

    @Test
    void notesSayWhatNamesDoNot() {
        assertThat(kernel.resolve("vfs_open,vfs_write,vfs_write+4").notes())
                .containsExactly("vfs_open.isra.0: a copy of vfs_open that the compiler made for some of its calls");
        assertThat(kernel.resolve("dup,mod_open,mod_open+4").notes())
                .containsExactly(
                        "dup (1 of 3, between user_a and dup): one of the functions of this name, at 0xffffffff81000700",
                        "dup (2 of 3, between dup and user_b): one of the functions of this name, at 0xffffffff81000710",
                        "alpha:dup (3 of 3, behind mod_first): one of the functions of this name, at 0xffffffffc0001080",
                        "beta:mod_open: also named mod_alias");
    }

    @Test
    void allNamesOfAFunctionAreOnePlace() {
        for (String target : List.of(
                "__x64_sys_getppid",
                "__ia32_sys_getppid",
                "__do_sys_getppid",
                "__*_sys_getppid",
                "/_sys_getppid$/",
                "__x64_sys_getppid,__ia32_sys_getppid,__do_sys_getppid",
                "0xffffffff81000800,*getppid")) {
            assertThat(places(target)).as(target).containsExactly("__do_sys_getppid");
        }
    }

    @Test
    void theIndexIsReadAnewWhenOtherModulesAreLoaded(@TempDir Path root) {
        MadeUpKernel made = new MadeUpKernel(root)
                .kallsyms("ffffffff81000000 T vfs_read\n")
                .file("proc/modules", "alpha 4096 0 - Live 0xffffffffc0001000\n");
        TargetResolver resolver = made.resolver();
        assertThat(resolver.resolve("vfs_read").places()).hasSize(1);
        made.kallsyms("ffffffff81000000 T vfs_write\nffffffffc0002000 t mod_open\t[beta]\n");
        assertThat(resolver.resolve("vfs_read").places()).hasSize(1);
        // How many use a module says nothing.
        made.file("proc/modules", "alpha 4096 7 - Live 0xffffffffc0001000\n");
        assertThat(resolver.resolve("vfs_read").places()).hasSize(1);
        made.file("proc/modules", "alpha 4096 7 - Live 0xffffffffc0001000\nbeta 4096 0 - Live 0xffffffffc0002000\n");
        assertThat(resolver.resolve("beta:mod_open").places()).hasSize(1);
        assertThat(resolver.resolve("vfs_read").places()).isEmpty();
    }

    @Test
    void whatCannotBeProbedIsSaid() {
        unmatched(
                "notify_die",
                Errno.EINVAL,
                "on the kernel's blacklist of kprobes (NOKPROBE); probe a function that calls it");
        unmatched(
                "__pfx_vfs_read",
                Errno.EINVAL,
                "the bytes before a function, which are never run (__pfx_, __cfi_); probe the function: vfs_read");
        unmatched("start_vfs", Errno.EINVAL, "in init text, which was freed when the kernel had started");
        unmatched("vfs_table", Errno.EINVAL, "data, not a function");
        unmatched("vfs_marked_data", Errno.EINVAL, "data, not a function");
        assertThat(leftOut("vfs_table")).containsExactly("vfs_table: data, not a function");
        unmatched(
                "notrace_*",
                Errno.EINVAL,
                "none of the 1 functions that match can be probed: not traceable by ftrace (notrace, inline in the source, or assembler)");
        kernel.file("proc/modules", "beta 4096 0 - Unloading 0xffffffffc0002000\n");
        unmatched("mod_open", Errno.EINVAL, "in a module that is being loaded or unloaded");
    }

    @Test
    void whatDoesNotExistGetsTheNearestNames() {
        unmatched("vfs_raed", Errno.ENOENT, "no such function; nearest: vfs_read");
        unmatched("vfs_wrte*", Errno.ENOENT, "matches no function; nearest: vfs_write*");
        unmatched("tpc_*", Errno.ENOENT, "matches no function; nearest: tcp_*");
        unmatched(
                "zzzzzzzzzzzz",
                Errno.ENOENT,
                "no such function; if the kernel's source has it, the compiler inlined every call: "
                        + "probe a function that calls it");
        unmatched("/zzz/", Errno.ENOENT, "is found in no function's name");
        unmatched("alpah:dup", Errno.ENOENT, "the module alpah is not loaded; nearest: alpha");
        unmatched("nf_tables:*", Errno.ENOENT, "the module nf_tables is not loaded; modprobe nf_tables");
        unmatched("bpf:*", Errno.ENOENT, "not in the text of a module: bpf is what the kernel makes at run time");
        unmatched("nf_*:*", Errno.ENOENT, "no loaded module matches nf_*");
        unmatched("alpha:vfs_read", Errno.ENOENT, "no such function there; there is vmlinux:vfs_read");
        unmatched("vmlinux:mod_open", Errno.ENOENT, "no such function there; there is beta:mod_open");
        assertThat(kernel.resolve("vfs_read,vfs_raed").summary()).isEqualTo("""
                1 place
                  1 left out: a variant by the compiler, beside the function itself; name it to probe it, too
                  1 left out: a part of a function; name it to probe it
                  vfs_raed: no such function; nearest: vfs_read (ENOENT)""");
    }

    @Test
    void kfuncsHaveASecondNameInBtfAlone() {
        kernel.taking("vfs_write_impl", "vfs_other_impl");
        unmatched("vfs_write_impl", Errno.ENOENT, "BTF alone has the name; the function is vfs_write: probe that");
        unmatched(
                "vfs_other_impl",
                Errno.ENOENT,
                "BTF knows it (void vfs_other_impl(struct file *file)), but the kernel has no symbol of it: "
                        + "the compiler inlined every call or dropped it; probe a function that calls it");
    }

    @Test
    void whatOnlyTypesKnowWasInlined() {
        kernel.taking("vfs_gone").moduleTaking("beta", "mod_gone");
        unmatched(
                "mod_gone",
                Errno.ENOENT,
                "BTF knows it (void mod_gone(struct file *file)), but the module beta has no symbol of it: "
                        + "the compiler inlined every call or dropped it; probe a function that calls it");
        unmatched(
                "beta:mod_gone",
                Errno.ENOENT,
                "BTF knows it (void mod_gone(struct file *file)), but the module beta has no symbol of it: "
                        + "the compiler inlined every call or dropped it; probe a function that calls it");
        unmatched(
                "vfs_gone",
                Errno.ENOENT,
                "BTF knows it (void vfs_gone(struct file *file)), but the kernel has no symbol of it: "
                        + "the compiler inlined every call or dropped it; probe a function that calls it");
    }

    @Test
    void prototypesAreThoseOfTypes() {
        kernel.taking("vfs_read", "vfs_open").moduleTaking("beta", "mod_open");
        TargetResolver resolver = kernel.resolver();
        assertThat(resolver.prototype(resolver.resolve("vfs_read").places().getFirst()))
                .contains("void vfs_read(struct file *file)");
        assertThat(resolver.prototype(resolver.resolve("vfs_open").places().getFirst()))
                .contains("void vfs_open(struct file *file)");
        assertThat(resolver.prototype(resolver.resolve("mod_open").places().getFirst()))
                .contains("void mod_open(struct file *file)");
        assertThat(resolver.prototype(resolver.resolve("vfs_write").places().getFirst()))
                .isEmpty();
    }

    @Test
    void functionsThatAreDeclaredAlike() {
        BtfWriter writer = new BtfWriter();
        int number = writer.integer("int", 4, true);
        int one = writer.functionProto(0, List.of(new BtfType.Param("a", number)), false);
        int same = writer.functionProto(0, List.of(new BtfType.Param("a", number)), false);
        int other = writer.functionProto(0, List.of(new BtfType.Param("b", number)), false);
        int _ = writer.function("f", one, Linkage.STATIC);
        int _ = writer.function("g", one, Linkage.STATIC);
        int _ = writer.function("h", same, Linkage.STATIC);
        int _ = writer.function("i", other, Linkage.STATIC);
        Btf btf = Btf.parse(ByteBuffer.wrap(writer.toBytes()));
        assertThat(Prototypes.areAlike(btf, List.of("f"))).isTrue();
        assertThat(Prototypes.areAlike(btf, List.of("f", "g", "h", "f"))).isTrue();
        assertThat(Prototypes.areAlike(btf, List.of("f", "i"))).isFalse();
        assertThat(Prototypes.areAlike(btf, List.of("f", "none"))).isFalse();
    }

    @Test
    void functionsByWhatTheyTake() {
        unmatched(
                "(struct file *)",
                Errno.EINVAL,
                "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), so nothing is known of what functions take");
        kernel.taking("vfs_read", "vfs_open", "tcp_sendmsg").moduleTaking("beta", "mod_open", "vfs_write");
        assertThat(places("(struct file *)"))
                .containsExactly("vfs_read", "vfs_open.isra.0", "vfs_read.constprop.0", "tcp_sendmsg", "beta:mod_open");
        assertThat(places("vfs_*(struct file *),!*.*")).containsExactly("vfs_read");
        assertThat(places("beta:*(struct file *)")).containsExactly("beta:mod_open");
        unmatched("(struct fiel *)", Errno.EINVAL, "BTF knows no struct fiel; nearest: struct file");
        unmatched("(struct inode *)", Errno.EINVAL, "no function that matches takes (struct inode *)");
    }

    @Test
    void whatCannotBeFoundOutIsSaid(@TempDir Path root) {
        MadeUpKernel bare = new MadeUpKernel(root).kallsyms("ffffffff81000000 T vfs_read\n");
        Resolution resolution = bare.resolve("vfs_*");
        assertThat(resolution.places()).hasSize(1);
        assertThat(resolution.unknown())
                .containsExactly(
                        "not known which functions ftrace can trace: tracefs available_filter_functions cannot be read",
                        "not known which functions the kernel forbids: read " + root
                                + "/sys/kernel/debug/kprobes/blacklist: no such file or directory (ENOENT)");
        bare.kallsyms("0000000000000000 T vfs_read\n");
        assertThatThrownBy(() -> bare.resolve("vfs_read")).isInstanceOf(UnsupportedException.class);
    }

    @Test
    void aliasesOfModulesAreFoundAcrossOtherLines() {
        Place.Function function =
                kernel.resolve("mod_alias").places().getFirst().function();
        assertThat(function.name()).isEqualTo("mod_open");
        assertThat(function.aliases()).containsExactly("mod_alias");
        assertThat(function.sizeBytes()).isEqualTo(0x1000);
    }
}
