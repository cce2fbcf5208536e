package org.kprobe4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.btf.ParameterType.Tag;

class BtfFunctionsTest {
    private final BtfWriter writer = new BtfWriter();
    private final int file = writer.struct("file", 8, List.of());
    private final int filePointer = writer.pointer(file);
    private final int constFilePointer = writer.pointer(writer.modifier(BtfKind.CONST, file));
    private final int unsignedLong = writer.integer("long unsigned int", 8, false);
    private final int size = writer.typedef("size_t", unsignedLong);

    private void function(String name, int... types) {
        function(writer, name, types);
    }

    private static void function(BtfWriter writer, String name, int... types) {
        var params = new ArrayList<BtfType.Param>();
        for (int i = 0; i < types.length; i++) {
            params.add(new BtfType.Param("p" + i, types[i]));
        }
        int _ = writer.function(name, writer.functionProto(0, params, name.startsWith("printf")), Linkage.STATIC);
    }

    private static List<String> taking(Btf btf, Tag tag, String name, int pointers) {
        var names = new ArrayList<String>();
        BtfFunctions.forEachTaking(
                btf,
                new ParameterType(tag, name, pointers),
                (id, bytes, from, to) -> names.add(new String(bytes, from, to - from, StandardCharsets.UTF_8)));
        return names;
    }

    private Btf btf() {
        return Btf.parse(ByteBuffer.wrap(writer.toBytes()));
    }

    @Test
    void functionsAreFoundByTheTypeOfAnyParameter() {
        int declared = writer.forward("declared", false);
        function("vfs_read", filePointer, size);
        function("filp_close", size, constFilePointer);
        function("twice", filePointer, filePointer);
        function("deep", writer.pointer(filePointer));
        function("tagged", writer.pointer(writer.typeTag("user", file)));
        function("named", writer.typedef("file_t", filePointer));
        function("none");
        function("printf", size);
        function("unknown", writer.pointer(declared));
        function("anything", writer.pointer(0));
        Btf btf = btf();
        assertThat(taking(btf, Tag.STRUCT, "file", 1))
                .containsExactly("vfs_read", "filp_close", "twice", "tagged", "named");
        assertThat(taking(btf, Tag.STRUCT, "file", 2)).containsExactly("deep");
        assertThat(taking(btf, Tag.STRUCT, "file", 0)).isEmpty();
        assertThat(taking(btf, Tag.UNION, "file", 1)).isEmpty();
        assertThat(taking(btf, Tag.NONE, "size_t", 0)).containsExactly("vfs_read", "filp_close", "printf");
        assertThat(taking(btf, Tag.NONE, "unsigned long", 0)).containsExactly("vfs_read", "filp_close", "printf");
        assertThat(taking(btf, Tag.NONE, "file_t", 0)).containsExactly("named");
        assertThat(taking(btf, Tag.STRUCT, "declared", 1)).containsExactly("unknown");
        assertThat(taking(btf, Tag.UNION, "declared", 1)).isEmpty();
        assertThat(taking(btf, Tag.NONE, "void", 1)).containsExactly("anything");
        var all = new ArrayList<String>();
        BtfFunctions.forEach(btf, (id, bytes, from, to) -> all.add(btf.type(id).name()));
        assertThat(all).hasSize(10).startsWith("vfs_read").endsWith("anything");
    }

    @Test
    void modulesFunctionsAreTheirOwn() {
        function("vfs_read", filePointer);
        Btf kernel = btf();
        var split = new BtfWriter(kernel);
        function(split, "ovl_open", filePointer);
        Btf module = Btf.parseSplit(ByteBuffer.wrap(split.toBytes()), kernel);
        assertThat(taking(module, Tag.STRUCT, "file", 1)).containsExactly("ovl_open");
    }

    @Test
    void typesAreKnownOrNot() {
        Btf btf = btf();
        assertThat(new ParameterType(Tag.STRUCT, "file", 1).existsIn(btf)).isTrue();
        assertThat(new ParameterType(Tag.STRUCT, "fil", 1).existsIn(btf)).isFalse();
        assertThat(new ParameterType(Tag.NONE, "unsigned long int", 0).existsIn(btf))
                .isTrue();
        assertThat(new ParameterType(Tag.NONE, "void", 1).existsIn(btf)).isTrue();
    }

    @Test
    void typesAreShownAsCWritesThem() {
        assertThat(new ParameterType(Tag.STRUCT, "file", 1)).hasToString("struct file *");
        assertThat(new ParameterType(Tag.NONE, "unsigned long", 0)).hasToString("long unsigned int");
        assertThat(new ParameterType(Tag.NONE, "short", 0)).hasToString("short int");
        assertThat(new ParameterType(Tag.NONE, "signed", 0)).hasToString("int");
        assertThat(new ParameterType(Tag.NONE, "char", 2)).hasToString("char **");
    }

    @Test
    void damageIsSaid() {
        int _ = writer.function("broken", size, Linkage.STATIC);
        assertThatThrownBy(() -> taking(btf(), Tag.STRUCT, "file", 1))
                .isInstanceOf(BtfException.class)
                .hasMessage("type 6 of a function is not a prototype");
    }
}
