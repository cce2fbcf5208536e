package org.kprobe4j.cli.list;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType.Enumerator;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.cli.list.ListMain.Form;
import org.kprobe4j.cli.list.ListMain.Kind;
import org.kprobe4j.cli.list.ListMain.Question;

class ListTypesTest {
    private record Listed(int status, List<String> out, List<String> err) {}

    private static TypeLookup types() {
        var kernel = new BtfWriter();
        int number = kernel.integer("int", 4, true);
        int word = kernel.integer("long unsigned int", 8, false);
        int inner = kernel.struct("", 16, List.of(new Member("low", number, 0, 0), new Member("high", word, 64, 0)));
        int either = kernel.union("", 16, List.of(new Member("word", word, 0, 0), new Member("", inner, 0, 0)));
        int file = kernel.struct(
                "file",
                88,
                List.of(
                        new Member("f_mode", number, 0, 0),
                        new Member("f_locked", number, 32, 1),
                        new Member("f_kind", number, 33, 2),
                        new Member("f_op", kernel.pointer(0), 64, 0),
                        new Member("", either, 128, 0),
                        new Member("f_more", kernel.array(word, number, 6), 256, 0),
                        new Member("f_last", number, 640, 0)));
        int _ = kernel.typedef("file_t", file);
        int _ = kernel.union("files", 8, List.of(new Member("word", word, 0, 0)));
        int _ = kernel.enumeration(
                "pid_type", 4, List.of(new Enumerator("PIDTYPE_PID", 0), new Enumerator("PIDTYPE_BAD", -1)));
        int _ = kernel.enumeration64("big", false, List.of(new Enumerator("MAX", -1)));
        Btf base = Btf.parse(ByteBuffer.wrap(kernel.toBytes()));
        var module = new BtfWriter(base);
        int _ = module.struct("nft_set", 4, List.of(new Member("n", number, 0, 0)));
        Btf split = Btf.parseSplit(ByteBuffer.wrap(module.toBytes()), base);
        return new TypeLookup(List.of(new TypeLookup.Types("", base), new TypeLookup.Types("nf_tables", split)));
    }

    private static Listed list(Kind kind, Form form, String... names) throws IOException {
        var out = new StringWriter();
        var err = new ByteArrayOutputStream();
        int status;
        try (var writer = new BufferedWriter(out)) {
            status = ListMain.types(
                    new Question(kind, form, false, List.of(names)),
                    types(),
                    writer,
                    new PrintStream(err, true, StandardCharsets.UTF_8));
        }
        return new Listed(
                status,
                out.toString().lines().toList(),
                err.toString(StandardCharsets.UTF_8).lines().toList());
    }

    private static final String FILE = """
            struct file {                       /* offset  size */
                int f_mode;                     /*      0     4 */
                int f_locked : 1;               /*      4:0  1 bit */
                int f_kind : 2;                 /*      4:1  2 bits */
                /* 3 bytes and 5 bits hole */
                void *f_op;                     /*      8     8 */
                union {
                    long unsigned int word;     /*     16     8 */
                    struct {
                        int low;                /*     16     4 */
                        /* 4 bytes hole */
                        long unsigned int high; /*     24     8 */
                    };                          /*     16    16 */
                };                              /*     16    16 */
                long unsigned int f_more[6];    /*     32    48 */
                /* --- cache line 1 begins at 64, 16 bytes before --- */
                int f_last;                     /*     80     4 */

                /* size: 88, members: 7, holes: 1, sum of holes: 3 bytes and 5 bits, padding: 4 bytes */
            };
            """;

    @Test
    void aStructWithOffsetsSizesAndHoles() throws IOException {
        Listed listed = list(Kind.STRUCTS, Form.TEXT, "struct", "file");
        assertThat(String.join("\n", listed.out()) + "\n").isEqualTo(FILE);
        assertThat(listed.status()).isZero();
        assertThat(list(Kind.STRUCTS, Form.TEXT, "file")).isEqualTo(listed);
        assertThat(list(Kind.STRUCTS, Form.TEXT, "struct file")).isEqualTo(listed);
        assertThat(list(Kind.STRUCTS, Form.TEXT, "file_t")).isEqualTo(listed);
    }

    @Test
    void aStructAsJson() throws IOException {
        assertThat(list(Kind.STRUCTS, Form.JSON, "files", "nft_set").out())
                .containsExactly(
                        "{\"kind\":\"union\",\"name\":\"files\",\"size\":8,\"members\":[{\"name\":\"word\",\"type\":\"long unsigned int\","
                                + "\"offset\":0,\"size\":8}],\"holes\":[],\"paddingBits\":0}",
                        "{\"kind\":\"struct\",\"name\":\"nft_set\",\"module\":\"nf_tables\",\"size\":4,\"members\":[{\"name\":\"n\","
                                + "\"type\":\"int\",\"offset\":0,\"size\":4}],\"holes\":[],\"paddingBits\":0}");
    }

    @Test
    void bitFieldsAndInnerStructsAsJson() throws IOException {
        assertThat(list(Kind.STRUCTS, Form.JSON, "file").out())
                .singleElement()
                .asString()
                .contains("{\"name\":\"f_kind\",\"type\":\"int\",\"offset\":4,\"bitOffset\":1,\"bits\":2}")
                .contains("{\"name\":\"\",\"type\":\"union {...}\",\"offset\":16,\"size\":16,\"layout\":{\"size\":16,")
                .endsWith("\"holes\":[{\"bitOffset\":35,\"bits\":29}],\"paddingBits\":32}");
    }

    @Test
    void patternsListStructsInALineEach() throws IOException {
        Listed listed = list(Kind.STRUCTS, Form.TEXT, "*");
        assertThat(listed.out())
                .containsExactly(
                        "struct file;  // 88 bytes, 7 members",
                        "union files;  // 8 bytes, 1 members",
                        "struct nft_set; [nf_tables]  // 4 bytes, 1 members");
        assertThat(list(Kind.STRUCTS, Form.NAMES, "fil*").out()).containsExactly("file", "files");
        assertThat(list(Kind.STRUCTS, Form.NAMES).out()).containsExactly("file", "files", "nft_set");
    }

    @Test
    void anEnumByItsNameOrAConstant() throws IOException {
        Listed listed = list(Kind.ENUMS, Form.TEXT, "enum", "pid_type");
        assertThat(listed.out())
                .containsExactly(
                        "enum pid_type {",
                        "    PIDTYPE_PID = 0,",
                        "    PIDTYPE_BAD = -1,",
                        "};",
                        "/* size: 4, constants: 2 */");
        assertThat(list(Kind.ENUMS, Form.TEXT, "PIDTYPE_BAD")).isEqualTo(listed);
        assertThat(list(Kind.ENUMS, Form.TEXT, "big").out()).contains("    MAX = 18446744073709551615,");
        assertThat(list(Kind.ENUMS, Form.JSON, "pid_type").out())
                .containsExactly(
                        "{\"kind\":\"enum\",\"name\":\"pid_type\",\"size\":4,\"constants\":[{\"name\":\"PIDTYPE_PID\",\"value\":0},"
                                + "{\"name\":\"PIDTYPE_BAD\",\"value\":-1}]}");
    }

    @Test
    void whatThereIsNotNamesTheNearest() throws IOException {
        assertThat(list(Kind.STRUCTS, Form.TEXT, "flie"))
                .isEqualTo(new Listed(1, List.of(), List.of("kprobe: flie: no such struct or union; nearest: file")));
        assertThat(list(Kind.ENUMS, Form.TEXT, "pid_typ").err())
                .containsExactly("kprobe: pid_typ: no such enum, and no constant of one; nearest: pid_type");
        assertThat(list(Kind.STRUCTS, Form.TEXT, "pid_type").err())
                .containsExactly("kprobe: pid_type is an enum's name: kprobe list -e pid_type");
        assertThat(list(Kind.ENUMS, Form.TEXT, "file").err())
                .containsExactly("kprobe: file is a struct's name: kprobe list -s file");
        assertThat(list(Kind.STRUCTS, Form.TEXT, "xyz_*").err())
                .containsExactly("kprobe: xyz_*: no such struct or union");
    }

    @Test
    void oneThatIsMissingDoesNotKeepTheOthers() throws IOException {
        Listed listed = list(Kind.STRUCTS, Form.NAMES, "xyzzy", "file");
        assertThat(listed.out()).containsExactly("file");
        assertThat(listed.status()).isEqualTo(1);
    }
}
