package org.kprobe4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.kprobe4j.btf.BtfType.*;

/** This machine's kernel, if it shows its BTF: what holds of every kernel since 5.10. */
class VmlinuxBtfTest {
    private static final Path VMLINUX = Path.of("/sys/kernel/btf/vmlinux");

    private static Btf btf;

    @BeforeAll
    static void read() throws IOException {
        assumeTrue(Files.isReadable(VMLINUX), "this kernel has no BTF");
        btf = Btf.parse(ByteBuffer.wrap(Files.readAllBytes(VMLINUX)));
    }

    @Test
    void everyTypeCanBeReadAndWritten() {
        for (int id = 0; id < btf.endId(); id++) {
            assertThat(btf.declare(id)).isNotEmpty();
        }
    }

    @Test
    void everyPrototypeIsThatWhichDeclareWrites() {
        var prototypes = FunctionPrototypes.of(btf);
        btf.names(EnumSet.of(BtfKind.FUNC)).distinct().limit(2000).forEach(name -> {
            int id = btf.function(name).orElseThrow().id();
            assertThat(prototypes.of(name)).contains(btf.declare(id));
        });
    }

    @Test
    void everyStructIsFilledByItsMembersAndWhatLiesBetween() {
        for (int id = 0; id < btf.endId(); id++) {
            if (btf.type(id) instanceof Struct struct) {
                Layout layout = Layout.of(btf, struct);
                long sum = layout.parts().stream().mapToLong(Layout.Part::bits).sum() + layout.paddingBits();
                assertThat(sum).as(struct.name()).isEqualTo(8L * struct.sizeBytes());
            }
        }
    }

    @Test
    void taskStruct() {
        var task = btf.struct("task_struct").orElseThrow();

        var pid = btf.field(task, "pid").orElseThrow();
        assertThat(btf.nameOf(pid.typeId())).isEqualTo("pid_t");
        assertThat(btf.resolve(pid.typeId())).isInstanceOfSatisfying(Int.class, type -> {
            assertThat(type.signed()).isTrue();
            assertThat(type.sizeBytes()).isEqualTo(4);
        });
        assertThat(btf.field(task, "tgid").orElseThrow().bitOffset()).isEqualTo(pid.bitOffset() + 32);
        assertThat(btf.nameOf(btf.field(task, "mm").orElseThrow().typeId())).isEqualTo("struct mm_struct *");
        assertThat(btf.nameOf(btf.field(task, "comm").orElseThrow().typeId())).isEqualTo("char[16]");
        assertThat(btf.field(task, "in_execve").orElseThrow().bitSize()).isEqualTo(1);
        assertThat(btf.field(task, "stamp")).isEmpty();
        assertThat(NearestNames.nearest("tigd", btf.fieldNames(task).stream(), 3))
                .startsWith("tgid");
    }

    @Test
    void registersOfThisMachine() {
        var regs = btf.struct("pt_regs").orElseThrow();
        switch (System.getProperty("os.arch")) {
            case "amd64" -> {
                assertThat(btf.sizeOf(regs.id())).isEqualTo(168);
                assertThat(btf.field(regs, "r15").orElseThrow().byteOffset()).isZero();
                assertThat(btf.field(regs, "ax").orElseThrow().byteOffset()).isEqualTo(80);
                assertThat(btf.field(regs, "ip").orElseThrow().byteOffset()).isEqualTo(128);
                assertThat(btf.field(regs, "flags").orElseThrow().byteOffset()).isEqualTo(144);
                assertThat(btf.field(regs, "sp").orElseThrow().byteOffset()).isEqualTo(152);
            }
            case "aarch64" -> {
                assertThat(btf.field(regs, "regs").orElseThrow().byteOffset()).isZero();
                assertThat(btf.field(regs, "pc").orElseThrow().byteOffset()).isEqualTo(256);
            }
            default -> {}
        }
    }

    @Test
    void functionsWithTheirParameters() {
        var clone = btf.function("kernel_clone").orElseThrow();
        assertThat(btf.declare(clone.id())).isEqualTo("pid_t kernel_clone(struct kernel_clone_args *args)");
        assertThat(btf.prototype(clone).params()).extracting(Param::name).containsExactly("args");
        assertThat(btf.declare(btf.function("vfs_read").orElseThrow().id()))
                .matches(
                        "ssize_t vfs_read\\(struct file \\*file, (__user )?char \\*buf, size_t count, loff_t \\*pos\\)");
        assertThat(btf.function("no_such_function_at_all")).isEmpty();
    }

    @Test
    void suggestions() {
        assertThat(NearestNames.nearest("vfs_raed", functions(), 3)).startsWith("vfs_read");
        assertThat(NearestNames.nearest("kernel_clnoe", functions(), 1)).containsExactly("kernel_clone");
    }

    private static Stream<String> functions() {
        return btf.names(EnumSet.of(BtfKind.FUNC));
    }
}
