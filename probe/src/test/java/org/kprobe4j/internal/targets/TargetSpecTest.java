package org.kprobe4j.internal.targets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.btf.ParameterType;

class TargetSpecTest {
    private static final String LIST = "; separate targets by commas, and read arguments in the handler";

    @Test
    void kindsOfTargetsAreRead() {
        assertThat(TargetSpec.parse("vfs_read")).isEqualTo(new TargetSpec.Symbol(null, "vfs_read", 0));
        assertThat(TargetSpec.parse(" vfs_read+16 ")).isEqualTo(new TargetSpec.Symbol(null, "vfs_read", 16));
        assertThat(TargetSpec.parse("overlay:ovl_open+0x4")).isEqualTo(new TargetSpec.Symbol("overlay", "ovl_open", 4));
        assertThat(TargetSpec.parse("foo.constprop.0")).isEqualTo(new TargetSpec.Symbol(null, "foo.constprop.0", 0));
        assertThat(TargetSpec.parse("0xffffffff812a4b60")).isEqualTo(new TargetSpec.Address(0xffffffff812a4b60L));
        assertThat(TargetSpec.parse("vfs_*")).isEqualTo(new TargetSpec.Matching(null, new Glob("vfs_*"), null));
        assertThat(TargetSpec.parse("nf_*:?_init"))
                .isEqualTo(new TargetSpec.Matching(new Glob("nf_*"), new Glob("?_init"), null));
        assertThat(TargetSpec.parse("nf_*:init")).isInstanceOf(TargetSpec.Matching.class);
        ParameterType file = new ParameterType(ParameterType.Tag.STRUCT, "file", 1);
        assertThat(TargetSpec.parse("(struct file *)")).isEqualTo(new TargetSpec.Matching(null, new Glob("*"), file));
        assertThat(TargetSpec.parse("*( const struct file*const )"))
                .isEqualTo(new TargetSpec.Matching(null, new Glob("*"), file));
        assertThat(TargetSpec.parse("overlay:ovl_*(struct file *)"))
                .isEqualTo(new TargetSpec.Matching(new Glob("overlay"), new Glob("ovl_*"), file));
        assertThat(TargetSpec.parse("/^vfs_(read|write)$/")).hasToString("/^vfs_(read|write)$/");
        assertThat(TargetSpec.parse("overlay:/a{1,2}\\/b/")).hasToString("overlay:/a{1,2}\\/b/");
    }

    @Test
    void severalAreSeparatedByCommas() {
        TargetSpec spec = TargetSpec.parse("tcp_*, !tcp_v6_*,/a,b/,(size_t),0x10");
        assertThat(spec).hasToString("tcp_*,!tcp_v6_*,/a,b/,*(size_t),0x10");
        assertThat(spec.clauses())
                .extracting(TargetSpec.Clause::excluded)
                .containsExactly(false, true, false, false, false);
        assertThat(TargetSpec.parse("vfs_read").clauses()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vfs_read",
                "vfs_read+0x10",
                "overlay:ovl_open",
                "0x10",
                "*",
                "vmlinux:*(long unsigned int)",
                "*(void **)",
                "*(enum pid_type)",
                "/x/,!y"
            })
    void whatIsShownCanBeReadAgain(String text) {
        assertThat(TargetSpec.parse(text)).hasToString(text);
        assertThat(TargetSpec.parse(TargetSpec.parse(text).toString())).hasToString(text);
    }

    /** The caret stands before the place, as in the kernel's own test kprobe_syntax_errors.tc. */
    private static void wrong(String withCaret, String reason) {
        int caret = withCaret.indexOf('^');
        wrongAt(withCaret.substring(0, caret) + withCaret.substring(caret + 1), caret, reason);
    }

    private static void wrongAt(String text, int position, String reason) {
        var wrong = catchThrowableOfType(TargetSyntaxException.class, () -> TargetSpec.parse(text));
        assertThat(wrong).as(text).isNotNull();
        assertThat(wrong.reason()).isEqualTo(reason);
        assertThat(wrong.position()).as(text).isEqualTo(position);
    }

    @Test
    void theMessageShowsThePlace() {
        var wrong = catchThrowableOfType(TargetSyntaxException.class, () -> TargetSpec.parse("vfs_read,hoge-fuga"));
        assertThat(wrong)
                .hasMessage(
                        "target \"vfs_read,hoge-fuga\": '-' is not part of a function's name; a module is named with _, "
                                + "whatever its file's name\n  vfs_read,hoge-fuga\n               ^");
    }

    @Test
    void longTextsAreCutAroundThePlace() {
        String text = "a,".repeat(100) + "b-c" + ",d".repeat(100);
        var wrong = catchThrowableOfType(TargetSyntaxException.class, () -> TargetSpec.parse(text));
        String[] lines = wrong.getMessage().split("\n", -1);
        assertThat(lines[1]).isEqualTo("  …,%sb-c%s…".formatted("a,".repeat(29), ",d".repeat(29)));
        assertThat(lines[1].charAt(lines[2].indexOf('^'))).isEqualTo('-');
    }

    private static void command(String text, String command, String target) {
        wrongAt(
                text,
                0,
                "\"%s\" begins a command of tracefs kprobe_events; write its target alone: %s"
                        .formatted(command, target));
    }

    /** Each line of kprobe_syntax_errors.tc as it stands: whole commands, and what is said of them. */
    @Test
    void theKernelsOwnSyntaxErrorsAsCommands() {
        String tooLong = "12345678901234567890123456789012345678901234567890123456789012345";
        command("p100 vfs_read", "p100", "vfs_read");
        command("r1a111 vfs_read", "r1a111", "vfs_read");
        command("r100000 vfs_read", "r100000", "vfs_read");
        command("p non_exist_func", "p", "non_exist_func");
        command("p hoge-fuga", "p", "hoge-fuga");
        command("p hoge+1000-1000", "p", "hoge+1000-1000");
        command("r vfs_read+10", "r", "vfs_read+10");
        command("p:/bar vfs_read", "p:/bar", "vfs_read");
        command("p:" + tooLong + "/bar vfs_read", "p:" + tooLong + "/bar", "vfs_read");
        command("p:foo.1/bar vfs_read", "p:foo.1/bar", "vfs_read");
        command("p:foo/ vfs_read", "p:foo/", "vfs_read");
        command("p:foo/" + tooLong + " vfs_read", "p:foo/" + tooLong, "vfs_read");
        command("p:foo/bar.1 vfs_read", "p:foo/bar.1", "vfs_read");
        command("p: vfs_read", "p:", "vfs_read");
        command("p vfs_read $retval", "p", "vfs_read");
        command("p\tvfs_read arg1=", "p", "vfs_read");
        command("p vfs_read+10%return", "p", "vfs_read+10%return");
        command("-:myevent vfs_read", "-:myevent", "vfs_read");
        // These are targets: functions p and r, of a module or alone.
        assertThat(TargetSpec.parse("p,r")).hasToString("p,r");
        assertThat(TargetSpec.parse("p:x , r")).hasToString("p:x,r");
    }

    /** Behind the target of kprobe_syntax_errors.tc stand fetch arguments: each is refused where it begins. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "$retval",
                "$stack10000",
                "$arg10000",
                "$none_var",
                "%none_reg",
                "@12345678abcde",
                "@+10",
                "arg1=\\x",
                "arg1=\\\"abcd",
                "+0@0)",
                "+0ab1(@0)",
                "+0(+0(@0)",
                "+0($comm)",
                "&1",
                "+0(+0(+0(+0(+0(+0(+0(+0(+0(+0(+0(+0(+0(+0(@0))))))))))))))",
                "+0(@11):u8[10",
                "+0(@11):u8[10]a",
                "+0(@11):u8[10a]",
                "+0(@11):u8[256]",
                "@11:unknown_type",
                "$stack0:string",
                "@11:b10@a/16",
                "arg123456789012345678901234567890=@11",
                "=@11",
                "var.1=@11",
                "var1=@11 var1=@12",
                "+1234567(+1234567(+1234567(+1234567(+1234567(+1234567(@1234))))))",
                "arg1=",
                "$arg*",
                "arg1=$arg*",
                "count:string",
                "%return $retval->foo"
            })
    void theKernelsFetchArgumentsAreRefused(String argument) {
        wrongAt("vfs_read " + argument, 9, "'%c' follows the target".formatted(argument.charAt(0)) + LIST);
    }

    /** Each line of kprobe_syntax_errors.tc that concerns the place of a probe. */
    @Test
    void theKernelsOwnSyntaxErrors() {
        // p ^hoge-fuga
        wrong("hoge^-fuga", "'-' is not part of a function's name; a module is named with _, whatever its file's name");
        // p ^hoge+1000-1000
        wrong(
                "hoge+1000^-1000",
                "'-' is not part of a function's name; a module is named with _, whatever its file's name");
        // p vfs_read^%hoge, p ^vfs_read+10%return
        wrong("vfs_read^%hoge", "'%' begins a suffix of tracefs; for a return probe use Kretprobe");
        wrong("vfs_read^%return", "'%' begins a suffix of tracefs; for a return probe use Kretprobe");
        wrong("vfs_read+10^%return", "'%' begins a suffix of tracefs; for a return probe use Kretprobe");
        // r ^vfs_read+10
        var entry = catchThrowableOfType(TargetSyntaxException.class, () -> TargetSpec.parseEntries("vfs_read+10"));
        assertThat(entry.reason()).isEqualTo("a return probe stands at a function's entry; leave out the offset");
        assertThat(entry.position()).isEqualTo(8);
    }

    @Test
    void namesAndOffsets() {
        wrong("^", "nothing is named; write a function, such as vfs_read, or a pattern, such as vfs_*");
        wrong("  ^", "nothing is named; write a function, such as vfs_read, or a pattern, such as vfs_*");
        wrong("a,^", "a target is missing behind the comma");
        wrong("a,^,b", "a function's name is missing");
        wrong("a,!^", "a function's name is missing");
        wrong("overlay:^", "a function's name is missing");
        wrong("a:b^:c", "':' stands between a module and a function, once: overlay:ovl_open");
        wrong("a^!b", "'!' stands before what is left out, behind a comma: tcp_*,!tcp_v6_*");
        wrong("^!tcp_*", "it says only what to leave out; write what to take before it, such as *,!tcp_*");
        wrong("a+^", "the offset is missing; write a number, such as +0x10");
        wrong("a+^x", "\"x\" is not an offset; write a number, such as 16 or 0x10");
        wrong(
                "a+^99999999999999999999",
                "\"99999999999999999999\" is not an offset; write a number, such as 16 or 0x10");
        wrong("a+^0x80000000", "no function is so long");
        wrong("a+1^+1", "'+' stands behind a function's name: vfs_read+0x10");
        wrong("vfs_*^+4", "an offset needs the name of one function, not a pattern");
        wrong("m*:a^+4", "an offset needs the name of one function, not a pattern");
        wrong("a,!b^+4", "a function is left out as a whole; leave out the offset");
        wrong("vfs_^[rw]*", "'[' is not part of a function's name; write a regular expression: /^vfs_(read|write)$/");
        wrong("v^ü", "'ü' is not part of a function's name");
        wrong("a ^b", "'b' follows the target" + LIST);
        String longName = "x".repeat(512);
        wrong("^" + longName, "a name of 512 characters; the kernel takes at most 511 (KSYM_NAME_LEN)");
        wrong("^" + longName + ":a", "a module's name of 512 characters is too long");
        wrong("m:^" + longName, "a name of 512 characters; the kernel takes at most 511 (KSYM_NAME_LEN)");
    }

    @Test
    void addresses() {
        wrong("^123", "no function's name begins with a digit; an address begins with 0x");
        wrong("0x^", "the digits of an address are missing");
        wrong("0x12^z", "'z' is not a hexadecimal digit");
        wrong("^0x11112222333344445", "an address has at most 16 digits");
        wrong("0x10^+4", "an address takes no offset; write the sum");
    }

    @Test
    void expressions() {
        wrongAt("/abc", 0, "the regular expression does not end; write /^vfs_/");
        wrongAt("//", 1, "the regular expression is empty; write /^vfs_/");
        wrongAt("a,/x(/", 5, "not a regular expression: Unclosed group");
        wrongAt("/a/b", 3, "'b' follows the target" + LIST);
        wrongAt("/a/i", 3, "'i' follows the target" + LIST);
    }

    @Test
    void types() {
        wrong("^(struct file *", "the bracket is not closed; write (struct file *)");
        wrong("(^)", "a type is missing; write (struct file *)");
        wrong("(struct ^)", "the name of the struct is missing");
        wrong("(^*)", "a type is missing before *; write (struct file *) or (void *)");
        wrong(
                "(struct file *^, int)",
                "one type stands in the brackets; for several write (struct file *),(struct inode *)");
        wrong("(struct file *^file)", "\"file\" follows the type; write the type alone: (struct file *)");
        wrong("(int ^(*)(int))", "a pointer to a function is not a type that can be asked for");
        wrong("(unsigned ^size_t)", "\"size_t\" follows the type; write the type alone: (struct file *)");
        wrong("(int ^[4])", "a parameter that is written as an array is a pointer; write *");
        wrong("(int^-)", "'-' is not part of a type");
        wrong("a(int)^b", "'b' follows the target" + LIST);
        wrong("a(int)^+4", "'+' stands behind a function's name: vfs_read+0x10");
        wrong("a^)", "')' closes nothing");
    }

    @Test
    void listsOfNames(@TempDir Path folder) throws IOException {
        Path names = folder.resolve("names.txt");
        Files.writeString(names, "# of files\nvfs_read  # reads\n\n  overlay:ovl_*\n!vfs_readv\n");
        assertThat(TargetSpec.parse("@" + names + ",ksys_*")).hasToString("vfs_read,overlay:ovl_*,!vfs_readv,ksys_*");
        Path few = Files.writeString(folder.resolve("few.txt"), "a\nb\n");
        assertThat(TargetSpec.parse("*,!@" + few)).hasToString("*,!a,!b");
        wrong("*,!^@" + names, names + " is left out, so it cannot leave out names itself");
        wrong("@^", "the name of a file is missing");
        wrong("@^" + folder + "/none", "there is no file " + folder + "/none");
        wrong("@^" + folder, "cannot read " + folder + ": Is a directory");
        Path empty = Files.writeString(folder.resolve("empty"), "#\n");
        wrong("@^" + empty, empty + " names nothing");
        Path bad = Files.writeString(folder.resolve("bad"), "ok\n  hoge-fuga # why\n");
        var wrong = catchThrowableOfType(TargetSyntaxException.class, () -> TargetSpec.parse("@" + bad));
        assertThat(wrong)
                .hasMessage(bad + ":2: '-' is not part of a function's name; a module is named with _, "
                        + "whatever its file's name\n    hoge-fuga\n        ^");
        Path nested = Files.writeString(folder.resolve("nested"), "@x\n");
        var inner = catchThrowableOfType(TargetSyntaxException.class, () -> TargetSpec.parse("@" + nested));
        assertThat(inner.reason()).isEqualTo("a list of names does not name another list");
        assertThat(TargetSpec.parse("@" + few).clauses())
                .isEqualTo(List.of(
                        new TargetSpec.Clause(new TargetSpec.Symbol(null, "a", 0), false),
                        new TargetSpec.Clause(new TargetSpec.Symbol(null, "b", 0), false)));
    }
}
