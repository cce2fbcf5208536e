package org.kprobe4j.cli.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.KernelErrno;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType.Enumerator;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfType.Param;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;
import org.kprobe4j.compiler.Architecture;

/** What expressions mean, and what is said of those that mean nothing. */
class ExpressionsTest {
    private static final Signature READ = Signature.of(types(), "vfs_read", Architecture.X86_64);
    private static final Signature VOID = Signature.of(types(), "sync", Architecture.X86_64);
    private static final Signature WHOLE = Signature.of(types(), "whole", Architecture.X86_64);

    private static Btf types() {
        var out = new BtfWriter();
        int number = out.integer("int", Integer.BYTES, true);
        int unsigned = out.integer("long unsigned int", Long.BYTES, false);
        int character = out.integer("char", 1, true);
        out.integer("long long unsigned int", Long.BYTES, false);
        int kind = out.enumeration(
                "file_kind", Integer.BYTES, List.of(new Enumerator("KIND_FILE", 0), new Enumerator("KIND_PIPE", 1)));
        int inode = out.struct(
                "inode", 16, List.of(new Member("i_size", unsigned, 0, 0), new Member("i_mode", number, Long.SIZE, 0)));
        int file = out.struct(
                "file",
                48,
                List.of(
                        new Member("f_inode", out.pointer(inode), 0, 0),
                        new Member("f_kind", kind, Long.SIZE, 0),
                        new Member("f_flag", unsigned, 96, 3),
                        new Member("f_name", out.array(character, number, 16), 128, 0),
                        new Member("f_own", inode, 256, 0)));
        int read = out.functionProto(
                number,
                List.of(
                        new Param("file", out.pointer(file)),
                        new Param("count", unsigned),
                        new Param("flags", number),
                        new Param("data", out.pointer(0)),
                        new Param("pair", inode)),
                false);
        out.function("vfs_read", read, Linkage.GLOBAL);
        out.function("whole", out.functionProto(inode, List.of(), false), Linkage.GLOBAL);
        out.function("sync", out.functionProto(0, List.of(), false), Linkage.GLOBAL);
        return Btf.parse(ByteBuffer.wrap(out.toBytes()));
    }

    @SuppressWarnings("NullAway") // nothing of the moment is asked
    private static long value(String expression) {
        Value value = Expressions.over(READ).read(expression).value();
        return value == null ? Long.MIN_VALUE : value.value(null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "1 + 2 * 3 - 4; 3",
                "(1 + 2) * 3; 9",
                "0x10 + 010 + 2K; 2072",
                "10 - 4 - 3; 3",
                "7 / 2 * 2 + 7 % 4; 9",
                "1 << 4 | 1 << 2 & 7 ^ 3; 23",
                "-1 < 0 && !0 || 0; 1",
                "0xffffffffffffffff > 0; 1",
                "-7 / 2; -3",
                "~0 == -1; 1",
                "2 > 1 ? 5 : 6; 5",
                "0 ? 1 : 0 ? 2 : 3; 3",
                "(u8) 257 + (s8) 255; 0",
                "(unsigned int) -1; 4294967295",
                "3us + 2ms + 1s; 1002003000",
                "ENOENT; 2",
                "-EAGAIN; -11",
                "NULL; 0",
                "1 == 1 == 1; 1",
                "1UL << 63 >> 63; -1",
            })
    void computes_as_c_does(String expression, long value) {
        assertThat(value(expression)).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file->f_inode->i_size > 0",
                "file->f_own.i_mode",
                "file->f_name == 'x' && starts(file->f_name, \"y\")",
                "file->f_kind == KIND_PIPE",
                "KIND_PIPE != file->f_kind",
                "file->f_flag == 5",
                "file->f_name[3] == 'c'",
                "*file->f_inode",
                "((struct inode *) data)->i_size",
                "path(file) != \"/etc\"",
                "((u64 *) data)[2]",
            })
    void finds_what_it_names(String expression) {
        assertThat(Expressions.over(READ).read(expression).atReturn()).isFalse();
    }

    @Test
    void what_can_be_decided_early_is() {
        var condition =
                Expressions.over(READ).condition("count > 1 && retval < 0 && pid == 3 && (flags || duration > 1ms)");
        assertThat(condition.needsReturn()).isTrue();
        assertThat(condition.atEntry().toString())
                .contains("item=PID", "Argument[register=1")
                .doesNotContain("Returned");
        assertThat(condition.atReturn().toString()).contains("Returned", "item=DURATION", "Argument[register=2");
        assertThat(Expressions.over(READ).condition("count > 1").needsReturn()).isFalse();
    }

    static List<Arguments> refusals() {
        return List.of(
                Arguments.of("count >", "the expression ends where a value is expected", 7),
                Arguments.of("count = 3", "a probe changes nothing: write == to compare", 6),
                Arguments.of("count == (3", "')' is expected here", 11),
                Arguments.of("count 3", "'3' is not expected here", 6),
                Arguments.of("count # 3", "'#' has no meaning here", 6),
                Arguments.of("12x", "'12x' is no number; units are ns, us, ms, s, K, M, G", 0),
                Arguments.of("99999999999999999999", "'99999999999999999999' does not fit into 64 bits", 0),
                Arguments.of("comm == \"x", "this quote is not closed", 8),
                Arguments.of("file->", "the name of a field is expected here", 6),
                Arguments.of(
                        "cuont > 1",
                        "unknown name cuont, nearest: count; vfs_read takes file, count, flags, data, pair",
                        0),
                Arguments.of("file->f_inod->i_size", "struct file has no field f_inod; nearest: f_inode, f_kind", 6),
                Arguments.of("count->x", "count is a number, which has no fields", 7),
                Arguments.of(
                        "data->x",
                        "data is a void *, which has no fields; say what it is: ((struct file *) data)->…",
                        6),
                Arguments.of("count == \"xy\"", "count is a number and cannot be compared with a text", 0),
                Arguments.of("comm == 3", "comm is a text and cannot be compared with this, a number", 5),
                Arguments.of("comm < \"x\"", "a text can be compared by == and !=, starts, ends and contains", 5),
                Arguments.of("comm == func", "two texts of the kernel cannot be compared; one must be in quotes", 5),
                Arguments.of("comm", "comm is a text, not a number", 0),
                Arguments.of("file->f_own", "file->f_own is a struct inode, not a number; name a field of it", 6),
                Arguments.of("file->f_own + 1", "file->f_own is a struct inode, not a number; name a field of it", 6),
                Arguments.of("file + 1", "a pointer has no place in arithmetic; use [n], or cast it: (u64) p", 5),
                Arguments.of("pair.i_size", "pair is a struct inode, which does not come in one register", 0),
                Arguments.of(
                        "file->f_kind == KIND_PIP",
                        "KIND_PIP is not a constant of enum file_kind; nearest: KIND_PIPE",
                        16),
                Arguments.of("((struct fil *) data)->x", "the kernel has no type struct fil; nearest: struct file", 1),
                Arguments.of("path(count) == \"\"", "path takes a struct file, path or dentry; count is a number", 0),
                Arguments.of(
                        "length(comm)",
                        "there is no function length; there are str(address), ustr(address), path(file), starts(text, \"…\"), ends, contains",
                        0),
                Arguments.of("starts(comm, pid)", "starts takes a text and a text in quotes", 0),
                Arguments.of("arg9", "arg9 is not in a register on this machine", 0));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void says_what_is_wrong_and_where(String expression, String message, int at) {
        assertThatThrownBy(() -> Expressions.over(READ).condition(expression))
                .hasMessage("%s%n  %s%n  %s^".formatted(message, expression, " ".repeat(at)));
    }

    @Test
    void what_returns_a_struct_returns_a_register() {
        assertThat(Expressions.over(WHOLE).read("retval").type())
                .isEqualTo(new Type.Numeric(8, false, Type.Numeric.Meaning.PLAIN));
    }

    @Test
    void returns_nothing() {
        assertThatThrownBy(() -> Expressions.over(VOID).read("1 + retval"))
                .hasMessage("sync returns nothing (void)%n  1 + retval%n      ^".formatted());
        assertThatThrownBy(() -> Expressions.over(Signature.unknown("f.isra.0")).read("x"))
                .hasMessage(
                        "unknown name x; the kernel's types do not have f.isra.0: its arguments are arg0, arg1, …%n  x%n  ^"
                                .formatted());
    }

    @Test
    void nests_only_so_deep() {
        assertThatThrownBy(() -> Expressions.over(READ).read("(".repeat(100) + "1"))
                .hasMessageStartingWith("the expression nests deeper than 24");
        assertThatThrownBy(() -> Expressions.over(READ).read("-".repeat(100) + "1"))
                .hasMessageStartingWith("the expression nests deeper than 24");
        assertThatThrownBy(() -> Expressions.over(READ).read("1" + "+ count".repeat(100)))
                .hasMessageStartingWith("the expression nests deeper than 24");
        assertThatThrownBy(
                        () -> Expressions.over(READ).read("((1" + "+ count".repeat(20) + ")" + "+ 2".repeat(20) + ")"))
                .hasMessageStartingWith("the expression nests deeper than 24");
    }

    @Test
    void what_is_joined_by_and_or_or_may_be_long() {
        String many = IntStream.range(0, 120).mapToObj(i -> "0 == " + i).collect(Collectors.joining(" || "));
        assertThat(value(many)).isEqualTo(1);
        assertThat(value(many.replace("0 == 0 ||", "") + "&& 1")).isZero();
        assertThat(value("0 && 1 || 1 && 1 || 0")).isEqualTo(1);
        assertThat(value("1 || 1 / 0 || 1 / 0 || 1 / 0")).isEqualTo(1);
        assertThat(Expressions.over(READ)
                        .condition("count > 1 && retval < 0 && pid == 3 && flags")
                        .toString())
                .contains("PID");
    }

    @Test
    void has_room_for_so_many_words() {
        assertThatThrownBy(() -> Expressions.over(READ).condition("count > 1 || ".repeat(9_999) + "count > 2"))
                .hasMessage(
                        "the expression has 39999 words, and there is room for 499; kprobe run takes any handler%n  ...%n  ^"
                                .formatted());
        assertThatThrownBy(() -> Expressions.over(READ).condition("(".repeat(400) + "1"))
                .hasMessageStartingWith("the expression nests deeper than 24");
    }

    @Test
    void errors_by_name() {
        assertThat(KernelErrno.number("ENOENT")).isEqualTo(OptionalInt.of(2));
        assertThat(KernelErrno.number("ENOSUCHNAME")).isEmpty();
    }
}
