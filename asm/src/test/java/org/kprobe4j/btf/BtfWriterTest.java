package org.kprobe4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.btf.BtfType.*;

class BtfWriterTest {
    @Test
    void theSameTypeAndStringAreWrittenOnce() {
        var btf = new BtfWriter();
        int intId = btf.integer("int", 4, true);

        assertThat(btf.integer("int", 4, true)).isEqualTo(intId);
        assertThat(btf.integer("int", 4, false)).isNotEqualTo(intId);
        assertThat(btf.string("int")).isEqualTo(1);
        assertThat(btf.string("")).isZero();
        assertThat(btf.string("Opens.java")).isEqualTo(btf.string("Opens.java"));
    }

    @Test
    void whatWasWrittenIsRead() {
        var writer = new BtfWriter();
        int intId = writer.integer("int", 4, true);
        int proto = writer.functionProto(intId, List.of(new Param("ctx", writer.pointer(0))), false);
        int handler = writer.function("entry", proto, Linkage.STATIC);
        int line = writer.string("    return Kernel.ktimeNs(); // größer");
        var btf = Samples.parse(writer);

        assertThat(btf.type(intId)).isEqualTo(new Int(intId, "int", 4, 32, 0, true, false, false));
        assertThat(btf.type(handler)).isEqualTo(new Function(handler, "entry", proto, Linkage.STATIC));
        assertThat(btf.declare(handler)).isEqualTo("int entry(void *ctx)");
        assertThat(btf.string(line)).isEqualTo("    return Kernel.ktimeNs(); // größer");
    }

    @Test
    void javaNamesBecomeKernelNames() {
        assertThat(BtfWriter.identifier("lambda$main$0")).isEqualTo("lambda_main_0");
        assertThat(BtfWriter.identifier("0")).isEqualTo("_0");
        assertThat(BtfWriter.identifier("")).isEqualTo("_");
        assertThat(BtfWriter.identifier("größe")).isEqualTo("gr__e");
        assertThat(BtfWriter.identifier("x".repeat(500))).hasSize(BtfWriter.MAX_NAME_BYTES);
    }

    @Property
    void anyNameCanBeMadeAFunction(
            @ForAll @StringLength(max = 200) @Chars({'a', 'Z', '0', '$', '_', 'é'}) String name) {
        var writer = new BtfWriter();
        var function =
                writer.function(BtfWriter.identifier(name), writer.functionProto(0, List.of(), false), Linkage.STATIC);

        assertThat(Samples.parse(writer).type(function).name()).isEqualTo(BtfWriter.identifier(name));
    }

    @Test
    void whatTheKernelRefusesIsRefusedHere() {
        var btf = new BtfWriter();
        assertRefused(
                "the kernel does not take the name \"lambda$0\" in BTF",
                () -> btf.function("lambda$0", 0, Linkage.STATIC));
        assertRefused("the kernel does not take the name \"\" in BTF", () -> btf.typedef("", 0));
        assertRefused(
                "the kernel does not take the name \"" + "x".repeat(128) + "\" in BTF",
                () -> btf.struct("x".repeat(128), 0, List.of()));
        assertRefused("integer odd of 3 bytes", () -> btf.integer("odd", 3, true));
        assertRefused("an integer needs a name", () -> btf.integer("", 4, true));
        assertRefused("a BTF string cannot contain a NUL", () -> btf.string("a\0b"));
        assertRefused("INT is not a modifier", () -> btf.modifier(BtfKind.INT, 1));
        assertRefused(
                "member b of s at bit 0",
                () -> btf.struct("s", 8, List.of(new Member("a", 1, 32, 0), new Member("b", 1, 0, 0))));
        assertRefused("member a of s at bit 96", () -> btf.struct("s", 8, List.of(new Member("a", 1, 96, 0))));
    }

    private static void assertRefused(String message, ThrowingCallable call) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(call)
                .withMessage(message);
    }
}
