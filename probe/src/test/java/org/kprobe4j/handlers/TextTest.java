package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.MaxBytes;
import org.kprobe4j.Name;
import org.kprobe4j.PreHandler;
import org.kprobe4j.UserMemory;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfKind;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;

/** Strings of the kernel: what a handler sees of them is what Java would see of the same text. */
@SuppressWarnings({"unused", "fallthrough"})
class TextTest {
    private static final long TEXT = 0xffff_9000_0010_0000L;
    private static final long OTHER = 0xffff_9000_0011_0000L;
    private static final long STRUCT = 0xffff_9000_0012_0000L;
    private static final long USER = 0x7fff_0000_1000L;
    private static final long NOT_MAPPED = 0xdead_0000_0000_0000L;

    /** {@code struct filename { const char *name; const char *uptr; char iname[8]; int refcnt; char tail[]; }}. */
    interface Filename extends KernelStruct {
        String name();

        @Name("name")
        @MaxBytes(6)
        String shortName();

        @UserMemory
        String uptr();

        String iname();

        @Name("iname")
        @MaxBytes(4)
        String shortIname();

        String tail();

        @Name("refcnt")
        String notText();

        @Name("name")
        @MaxBytes(5000)
        String tooLong();
    }

    private final FakeKernel kernel = new FakeKernel();
    private final Handlers handlers = new Handlers().btf(TextTest::btf);

    static Optional<Btf> btf() {
        var out = new BtfWriter();
        int character = out.integer("char", 1, true);
        int s32 = out.integer("int", 4, true);
        int pointer = out.pointer(out.modifier(BtfKind.CONST, character));
        int array = out.array(character, s32, 8);
        int flexible = out.array(character, s32, 0);
        out.struct(
                "filename",
                28,
                List.of(
                        new Member("name", pointer, 0, 0),
                        new Member("uptr", pointer, 64, 0),
                        new Member("iname", array, 128, 0),
                        new Member("refcnt", s32, 192, 0),
                        new Member("tail", flexible, 224, 0)));
        return Optional.of(Btf.parse(ByteBuffer.wrap(out.toBytes(ByteOrder.LITTLE_ENDIAN))));
    }

    private void put(long address, String text) {
        kernel.kernel.put(address, (text + "\0").getBytes(StandardCharsets.UTF_8));
    }

    private Handlers.Hit hit(CompiledProgram program, long... arguments) {
        kernel.rings.clear();
        return Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    private List<String> lines(PreHandler handler, long... arguments) {
        Handlers.Hit hit = hit(handlers.pre(handler), arguments);
        assertThat(hit.faults()).isEmpty();
        return hit.lines();
    }

    @Test
    void printed() {
        put(TEXT, "/etc/passwd");
        put(OTHER, "");
        kernel.user.put(USER, "/home/ä\0".getBytes(StandardCharsets.UTF_8));
        assertThat(lines(
                        (p, regs) -> {
                            Kernel.printf(
                                    "%s [%12s] %s %s %s",
                                    Kernel.string(regs.arg(0)),
                                    Kernel.string(regs.arg(0), 5),
                                    Kernel.userString(regs.arg(1)),
                                    Kernel.string(regs.arg(2)),
                                    Kernel.comm());
                            return 0;
                        },
                        TEXT,
                        USER,
                        OTHER))
                .containsExactly("/etc/passwd [        /etc] /home/ä  bash");
    }

    @Test
    void fields_of_structures() {
        put(TEXT, "/etc/passwd");
        kernel.user.put(USER, "u\0".getBytes(StandardCharsets.UTF_8));
        var struct = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        struct.putLong(0, TEXT).putLong(8, USER).put(16, "12345678".getBytes(StandardCharsets.UTF_8));
        struct.putInt(24, -1).put(28, "tail\0".getBytes(StandardCharsets.UTF_8));
        kernel.kernel.put(STRUCT, struct.array());
        PreHandler handler = (p, regs) -> {
            var f = Kernel.struct(regs.arg(0), Filename.class);
            Kernel.printf("%s %s %s %s %s %s", f.name(), f.shortName(), f.uptr(), f.iname(), f.shortIname(), f.tail());
            Kernel.printf(
                    "%b %b %b",
                    f.iname().equals("12345678"),
                    f.iname().equals("1234567"),
                    f.iname().startsWith("123456789"));
            return 0;
        };
        assertThat(lines(handler, STRUCT))
                .containsExactly("/etc/passwd /etc/ u 12345678 1234 tail", "true false false");
        struct.put(20, (byte) 0);
        assertThat(lines(handler, STRUCT)).contains("/etc/passwd /etc/ u 1234 1234 tail");
    }

    private static final List<String> WORDS = List.of(
            "",
            "a",
            "ab",
            "abc",
            "abcdefg",
            "abcdefgh",
            "abcdefghi",
            "abcdefgX",
            "aXcdefgh",
            "häuser",
            "日本語",
            "𝄞 clef",
            "0123456789012345678901234567890123456789012345678901234567890123",
            "01234567890123456789012345678901234567890123456789012345678901");

    @Test
    void comparisons_with_constants() {
        for (String constant : WORDS) {
            CompiledProgram program = handlers.pre((p, regs) -> {
                String s = Kernel.string(regs.arg(0));
                Kernel.printf(
                        "%b %b %b %b %b %b",
                        s.equals(constant),
                        constant.equals(s),
                        s.startsWith(constant),
                        s.isEmpty(),
                        s.endsWith(constant),
                        s.contains(constant));
                return 0;
            });
            for (String s : WORDS) {
                put(TEXT, s);
                assertThat(hit(program, TEXT).lines())
                        .as(s + " with " + constant)
                        .containsExactly("%b %b %b %b %b %b"
                                .formatted(
                                        s.equals(constant),
                                        constant.equals(s),
                                        s.startsWith(constant),
                                        s.isEmpty(),
                                        s.endsWith(constant),
                                        s.contains(constant)));
            }
        }
    }

    @Test
    void random_texts() {
        var random = new Random(7);
        for (int i = 0; i < 60; i++) {
            String constant = random(random, random.nextInt(5));
            CompiledProgram program = handlers.pre((p, regs) -> {
                String s = Kernel.string(regs.arg(0), 16);
                String t = Kernel.string(regs.arg(1), 16);
                Kernel.printf(
                        "%b %b %b %b %b %d",
                        s.equals(constant),
                        s.startsWith(constant),
                        s.endsWith(constant),
                        s.contains(constant),
                        s.equals(t),
                        Kernel.byteLength(s));
                return 0;
            });
            for (int k = 0; k < 20; k++) {
                String s = random(random, random.nextInt(8));
                String t = random.nextBoolean() ? s : random(random, random.nextInt(8));
                put(TEXT, s);
                put(OTHER, t);
                assertThat(hit(program, TEXT, OTHER).lines())
                        .as(s + " " + t + " with " + constant)
                        .containsExactly("%b %b %b %b %b %d"
                                .formatted(
                                        s.equals(constant),
                                        s.startsWith(constant),
                                        s.endsWith(constant),
                                        s.contains(constant),
                                        s.equals(t),
                                        s.getBytes(StandardCharsets.UTF_8).length));
            }
        }
    }

    private static String random(Random random, int length) {
        var text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(random.nextInt(6) == 0 ? "é" : String.valueOf((char) ('a' + random.nextInt(2))));
        }
        return text.toString();
    }

    @Test
    void comm() {
        PreHandler handler = (p, regs) -> {
            String comm = Kernel.comm();
            Kernel.printf(
                    "%b %b %b %d %b",
                    comm.equals("bash"),
                    "bash".equals(Kernel.comm()),
                    comm.startsWith("ba"),
                    Kernel.byteLength(comm),
                    comm.equals("a name of more than 15"));
            return 0;
        };
        assertThat(lines(handler)).containsExactly("true true true 4 false");
        kernel.comm = "bashful";
        assertThat(lines(handler)).containsExactly("false false true 7 false");
        kernel.comm = "";
        assertThat(lines(handler)).containsExactly("false false false 0 false");
    }

    private static int kind(String s) {
        return switch (s) {
            case "read" -> 1;
            case "write", "pwrite" -> 2;
            case "Aa", "BB" -> 3; // of one hash code
            case "C#" -> 4; // and this one of the same
            case "" -> 5;
            case "a string that is longer than the comm of any task can be" -> 6;
            default -> s.startsWith("x") ? 7 : -1;
        };
    }

    private static final List<String> CASES =
            List.of("read", "write", "pwrite", "Aa", "BB", "C#", "", "xy", "rea", "readx", "zzz");

    @Test
    void switches() {
        CompiledProgram program = handlers.pre((p, regs) -> {
            Kernel.printf("%d %d", kind(Kernel.string(regs.arg(0))), kind(Kernel.comm()));
            return 0;
        });
        for (String s : CASES) {
            put(TEXT, s);
            kernel.comm = s;
            assertThat(hit(program, TEXT).lines()).as(s).containsExactly("%d %d".formatted(kind(s), kind(s)));
        }
    }

    @Test
    void a_switch_as_a_statement_that_goes_on_with_the_string() {
        CompiledProgram program = handlers.pre((p, regs) -> {
            String s = Kernel.string(regs.arg(0));
            int n = 0;
            switch (s) {
                case "a":
                    n += 1;
                case "b":
                    n += 10;
                    break;
                case "c":
                    n += 100;
            }
            Kernel.printf("%d %s", n, s);
            return 0;
        });
        for (var expected : List.of("11 a", "10 b", "100 c", "0 d")) {
            put(TEXT, expected.substring(expected.indexOf(' ') + 1));
            assertThat(hit(program, TEXT).lines()).containsExactly(expected);
        }
    }

    @Test
    void one_of_two_strings_and_strings_in_loops_and_methods() {
        put(TEXT, "text");
        put(OTHER, "other");
        PreHandler handler = (p, regs) -> {
            String s = regs.arg(2) > 3 ? Kernel.string(regs.arg(0)) : Kernel.string(regs.arg(1));
            String none = regs.arg(2) > 3 ? s : null;
            String last = s;
            for (int i = 0; i < 3; i++) {
                last = pick(i, Kernel.string(regs.arg(0)), last);
            }
            Kernel.printf("%s %b %s %b", s, none == null, last, "text".equals(none));
            return 0;
        };
        assertThat(lines(handler, TEXT, OTHER, 5)).containsExactly("text false text true");
        assertThat(lines(handler, TEXT, OTHER, 1)).containsExactly("other true text false");
    }

    private static String pick(int i, String a, String b) {
        return i == 1 ? a : b;
    }

    @Test
    void in_arrays() {
        put(TEXT, "/usr/lib");
        CompiledProgram program = handlers.pre((p, regs) -> {
            byte[] bytes = new byte[10];
            Kernel.read(regs.arg(0), bytes, 1, 5);
            String before = Kernel.string(bytes, (int) regs.arg(1));
            bytes[2] = 'X';
            Kernel.printf("%s %s %b", before, Kernel.string(bytes, 1), before.equals("usr/"));
            byte[] full = {'a', 'b', 'c'};
            Kernel.printf("%s", Kernel.string(full, 1));
            return 0;
        });
        assertThat(hit(program, TEXT, 1).lines()).containsExactly("/usr/ /Xsr/ false", "bc");
        assertThat(hit(program, TEXT, 2).lines()).containsExactly("usr/ /Xsr/ true", "bc");
        assertThat(hit(program, TEXT, 0).lines().getFirst()).startsWith(" /Xsr/");
        assertThat(hit(program, TEXT, 10).faults()).containsExactly("Index out of bounds for length 10");
        assertThat(hit(program, TEXT, -1).faults()).containsExactly("Index out of bounds for length 10");
    }

    @Test
    void ranges_of_arrays() {
        put(TEXT, "0123456789abcdef0123456789abcdef");
        CompiledProgram program = handlers.pre((p, regs) -> {
            byte[] bytes = new byte[12];
            Kernel.read(regs.arg(0), bytes, (int) regs.arg(1), (int) regs.arg(2));
            Kernel.printf("%s %d", Kernel.string(bytes, 0), bytes[11]);
            return 0;
        });
        assertThat(hit(program, TEXT, 0, 12).lines()).containsExactly("0123456789ab 98");
        assertThat(hit(program, TEXT, 12, 0).lines()).containsExactly(" 0");
        for (long[] wrong : new long[][] {{0, 13}, {12, 1}, {-1, 1}, {0, -1}, {13, 0}, {5, 8}, {1 << 30, 1 << 30}}) {
            assertThat(hit(program, TEXT, wrong[0], wrong[1]).faults())
                    .as(Arrays.toString(wrong))
                    .containsExactly("Range out of bounds for length 12");
        }
        assertThat(hit(program, NOT_MAPPED, 0, 1).faults())
                .containsExactly("read of kernel memory at an address that is not mapped");
    }

    @Test
    void faults() {
        PreHandler compared = (p, regs) -> Kernel.string(regs.arg(0)).equals("x") ? 1 : 0;
        assertThat(hit(handlers.pre(compared), NOT_MAPPED).faults())
                .containsExactly("read of a string at an address that is not mapped");
        PreHandler printed = (p, regs) -> {
            Kernel.printf("%s", Kernel.userString(regs.arg(0)));
            return 0;
        };
        var hit = hit(handlers.pre(printed), NOT_MAPPED);
        assertThat(hit.faults()).containsExactly("read of a string in user memory that is not present");
        assertThat(hit.lines()).isEmpty();
    }

    @Test
    void what_cannot_be_asked() {
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.string(regs.arg(0)).length(),
                "0: a handler cannot call length on a string of the kernel, whose characters would have to be decoded; use Kernel.byteLength(s)");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.comm().charAt(0),
                "0: a handler cannot call charAt on a string of the kernel, whose characters would have to be decoded; use startsWith, endsWith or contains, or read its bytes into an array with Kernel.read");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.string(regs.arg(0)).compareTo("x"),
                "0: a handler cannot call compareTo on a string of the kernel, whose characters would have to be decoded; use equals or startsWith");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.string(regs.arg(0)).hashCode() + 1,
                "0: a handler cannot compute hashCode of a string of the kernel; use equals, or a switch over the string");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.string(regs.arg(0)).startsWith(Kernel.comm()) ? 1 : 0,
                "0: startsWith on a string of the kernel needs a constant string");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.string(regs.arg(0), (int) regs.arg(1)).isEmpty() ? 1 : 0,
                "0: Kernel.string needs a constant number of bytes");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.comm().contains("0123456789012345678901234567890123456789012345678901234567890123é")
                        ? 1
                        : 0,
                "0: contains looks for at most 64 bytes in a string of the kernel, \"0123456789012345678901234567890123456789012345678901234567890123é\" has 66");
        Refusals.refused(
                handlers,
                (p, regs) -> Kernel.string(regs.arg(0), 5000).isEmpty() ? 1 : 0,
                "0: Kernel.string: a string has 1 to 4096 bytes, not 5000");
        Refusals.refused(
                handlers,
                (p, regs) ->
                        Kernel.struct(regs.arg(0), Filename.class).tooLong().isEmpty() ? 1 : 0,
                "0: TextTest.Filename.tooLong: a string has 1 to 4096 bytes, not 5000");
        Refusals.refused(
                handlers,
                (p, regs) ->
                        Kernel.struct(regs.arg(0), Filename.class).notText().isEmpty() ? 1 : 0,
                "0: TextTest.Filename.notText: the field refcnt is int, neither char * nor an array of char");
        Refusals.refused(
                handlers,
                (p, regs) -> {
                    String s = null;
                    byte[] bytes = new byte[4];
                    for (int i = 0; i < 3; i++) {
                        bytes[i] = 1;
                        s = Kernel.string(bytes, 0);
                    }
                    Kernel.printf("%s", s);
                    return 0;
                },
                "2: a variable cannot bring a string that the loop makes to its next round, which makes it anew in the same place; make it before the loop");
    }
}
