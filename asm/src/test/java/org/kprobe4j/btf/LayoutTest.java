package org.kprobe4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.btf.BtfType.Param;
import org.kprobe4j.btf.Layout.Hole;

class LayoutTest {
    private static final Btf KERNEL = Samples.parse(Samples.kernel());

    private static Layout layout(Btf btf, String name) {
        return Layout.of(btf, btf.struct(name).orElseThrow());
    }

    private static Layout.Member member(Layout layout, int number) {
        return (Layout.Member) layout.parts().get(number);
    }

    @Test
    void membersHolesAndPaddingFillTheStruct() {
        Layout task = layout(KERNEL, "task_struct");
        assertThat(task.declaration()).isEqualTo("struct task_struct");
        assertThat(task.members()).isEqualTo(8);
        assertThat(task.holes()).containsExactly(new Hole(35, 29));
        assertThat(task.paddingBits()).isEqualTo(56);
        long sum = task.parts().stream().mapToLong(Layout.Part::bits).sum() + task.paddingBits();
        assertThat(sum).isEqualTo(8 * task.sizeBytes());
    }

    @Test
    void bitFieldsHaveTheirPlaceAndWidth() {
        Layout.Member field = member(layout(KERNEL, "task_struct"), 2);
        assertThat(field).isEqualTo(new Layout.Member("in_iowait", "int", "int in_iowait", 33, 2, true, null));
    }

    @Test
    void structsWithoutNamesAreLaidOutWhereTheyLie() {
        Layout task = layout(KERNEL, "task_struct");
        Layout.Member either = member(task, 6);
        assertThat(either.name()).isEmpty();
        assertThat(either.declaration()).isEmpty();
        Layout union = either.inner();
        assertThat(union).isNotNull();
        assertThat(union.declaration()).isEqualTo("union");
        assertThat(union.parts()).extracting(Layout.Part::bitOffset).containsExactly(256L, 256L);
        Layout inner = member(union, 1).inner();
        assertThat(inner).isNotNull();
        // low is an int, high is aligned to eight bytes.
        assertThat(inner.parts())
                .extracting(Layout.Part::bitOffset, Layout.Part::bits)
                .containsExactly(tuple(256L, 32L), tuple(288L, 32L), tuple(320L, 64L));
        assertThat(member(task, 7).declaration()).isEqualTo("named");
    }

    @Test
    void arraysOfStructsWithoutNamesShowTheFirst() {
        var writer = new BtfWriter();
        int number = writer.integer("int", 4, true);
        int slot = writer.struct("", 4, List.of(new BtfType.Member("value", number, 0, 0)));
        int slots = writer.array(writer.array(slot, number, 3), number, 2);
        int rest = writer.array(number, number, 0);
        writer.struct(
                "table",
                28,
                List.of(new BtfType.Member("slots", slots, 32, 0), new BtfType.Member("rest", rest, 224, 0)));
        Layout table = layout(Samples.parse(writer), "table");
        assertThat(table.holes()).containsExactly(new Hole(0, 32));
        Layout.Member member = member(table, 1);
        assertThat(member.declaration()).isEqualTo("slots[2][3]");
        assertThat(member.bits()).isEqualTo(24 * 8);
        Layout first = member.inner();
        assertThat(first).isNotNull();
        assertThat(first.parts()).extracting(Layout.Part::bitOffset).containsExactly(32L);
        assertThat(member(table, 2).bits()).isZero();
        assertThat(table.paddingBits()).isZero();
    }

    @Test
    void aUnionHasNoHoles() {
        var writer = new BtfWriter();
        int number = writer.integer("int", 4, true);
        int wide = writer.integer("long unsigned int", 8, false);
        writer.union("value", 8, List.of(new BtfType.Member("n", number, 0, 0), new BtfType.Member("w", wide, 0, 0)));
        Layout value = layout(Samples.parse(writer), "value");
        assertThat(value.declaration()).isEqualTo("union value");
        assertThat(value.holes()).isEmpty();
        assertThat(value.paddingBits()).isZero();
    }

    @Test
    void damageThatNestsWithoutEndIsRefused() {
        var writer = new BtfWriter();
        // Type 1 has itself as a member without a name.
        writer.struct("", 8, List.of(new BtfType.Member("", 1, 0, 0)));
        Btf btf = Samples.parse(writer);
        assertThatThrownBy(() -> Layout.of(btf, (BtfType.Composite) btf.type(1)))
                .isInstanceOf(BtfException.class)
                .hasMessage("type 1 is nested too deep to be laid out");
    }

    @Test
    void prototypesAreThoseThatDeclareWrites() {
        var writer = Samples.kernel();
        int number = writer.integer("int", 4, true);
        int many = writer.functionProto(number, List.of(new Param("", number), new Param("n", number)), false);
        writer.function("unnamed", many, Linkage.STATIC);
        int handler = writer.pointer(writer.functionProto(0, List.of(new Param("signal", number)), false));
        writer.function(
                "signal", writer.functionProto(handler, List.of(new Param("n", number)), false), Linkage.STATIC);
        Btf btf = Samples.parse(writer);
        var prototypes = FunctionPrototypes.of(btf);
        for (String name : List.of("kernel_clone", "vfs_read", "unnamed", "signal")) {
            int id = btf.function(name).orElseThrow().id();
            assertThat(prototypes.of(name)).contains(btf.declare(id));
        }
        assertThat(prototypes.of("signal")).contains("void (*signal(int n))(int signal)");
        assertThat(prototypes.of("vfs_write")).isEmpty();
    }
}
