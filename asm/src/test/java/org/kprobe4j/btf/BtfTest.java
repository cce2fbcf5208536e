package org.kprobe4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.btf.BtfType.*;

class BtfTest {
    private final Btf btf = Samples.parse(Samples.kernel());
    private final Composite task = btf.struct("task_struct").orElseThrow();

    @Test
    void bothByteOrdersSayTheSame() {
        var big = Btf.parse(ByteBuffer.wrap(Samples.kernel().toBytes(ByteOrder.BIG_ENDIAN)));

        assertThat(big.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(big.endId()).isEqualTo(btf.endId());
        for (int id = 0; id < btf.endId(); id++) {
            assertThat(big.type(id)).isEqualTo(btf.type(id));
        }
    }

    @Test
    void everyKindIsRead() {
        var kinds = EnumSet.allOf(BtfKind.class);
        var classes = BtfType.class.getPermittedSubclasses().length;
        // Composite and Enumeration stand for two records each; void has no kind, UNKN no record.
        assertThat(kinds).hasSize(classes + 2);
        for (int id = 1; id < btf.endId(); id++) {
            var type = btf.type(id);
            assertThat(type.id()).isEqualTo(id);
            kinds.removeIf(kind -> type.name().isEmpty()
                    ? false
                    : btf.find(type.name(), EnumSet.of(kind)).isPresent());
        }
        assertThat(kinds)
                .containsExactlyInAnyOrder(
                        BtfKind.UNKN,
                        BtfKind.PTR,
                        BtfKind.ARRAY,
                        BtfKind.UNION,
                        BtfKind.VOLATILE,
                        BtfKind.CONST,
                        BtfKind.RESTRICT,
                        BtfKind.FUNC_PROTO);
    }

    @Test
    void lookupsByName() {
        assertThat(btf.function("kernel_clone")).isPresent();
        assertThat(btf.function("kernel_clon")).isEmpty();
        assertThat(btf.function("clone")).isEmpty();
        assertThat(btf.function("task_struct")).isEmpty();
        assertThat(btf.function("")).isEmpty();
        assertThat(btf.function("a\0b")).isEmpty();
        assertThat(btf.struct("mm_struct")).as("only declared").isEmpty();
        assertThat(btf.typedef("pid_t")).isPresent();
        assertThat(btf.enumeration("pid_type").orElseThrow().enumerators())
                .containsExactly(new Enumerator("PIDTYPE_PID", 0), new Enumerator("PIDTYPE_BAD", -1));
        assertThat(btf.enumeration("big").orElseThrow().enumerators())
                .containsExactly(new Enumerator("BIG", 0x1_2345_6789L), new Enumerator("MAX", -1));
        assertThat(btf.variable("jiffies").orElseThrow().linkage()).isEqualTo(Linkage.GLOBAL);
        assertThat(btf.names(EnumSet.of(BtfKind.FUNC))).containsExactly("kernel_clone", "vfs_read");
    }

    @Test
    void aNameMayBeTheTailOfAnother() {
        var bytes = Samples.kernel().toBytes();
        var words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        // Makes the first type's name "int" the tail of an entry "int" one byte later: "nt".
        words.putInt(24, words.getInt(24) + 1);

        assertThat(Btf.parse(words).find("nt", EnumSet.of(BtfKind.INT))).isPresent();
    }

    @Test
    void fieldsInAnonymousStructsAndUnions() {
        assertThat(offset("pid")).isZero();
        assertThat(offset("mm")).isEqualTo(64);
        assertThat(offset("word")).isEqualTo(256);
        assertThat(offset("low")).isEqualTo(256);
        assertThat(offset("high")).isEqualTo(320);
        assertThat(offset("named")).isEqualTo(384);
        assertThat(btf.field(task, "in_iowait").orElseThrow().bitSize()).isEqualTo(2);
        assertThat(btf.field(task, "in_iowait").orElseThrow().isBitField()).isTrue();
        assertThat(btf.field(task, "comm").orElseThrow().byteOffset()).isEqualTo(16);
        assertThat(btf.field(task, "comm").orElseThrow().isBitField()).isFalse();
        assertThat(btf.field(task, "PID")).isEmpty();
        assertThat(btf.field(task, "")).isEmpty();
        assertThat(btf.field(btf.typedef("pid_t").orElseThrow().id(), "x")).isEmpty();
        assertThat(btf.fieldNames(task))
                .containsExactly(
                        "pid", "in_execve", "in_iowait", "mm", "comm", "word", "low", "high", "named", "frozen");
    }

    private int offset(String field) {
        return btf.field(task, field).orElseThrow().bitOffset();
    }

    @Test
    void sizes() {
        assertThat(btf.sizeOf(task.id())).isEqualTo(72);
        assertThat(btf.sizeOf(btf.typedef("pid_t").orElseThrow().id())).isEqualTo(4);
        assertThat(btf.sizeOf(btf.field(task, "comm").orElseThrow().typeId())).isEqualTo(16);
        assertThat(btf.sizeOf(btf.field(task, "mm").orElseThrow().typeId())).isEqualTo(8);
        assertThat(btf.sizeOf(btf.variable("jiffies").orElseThrow().id())).isEqualTo(8);
        assertDamaged("type 0 (void) has no size", () -> btf.sizeOf(0));
    }

    @Test
    void aPointerIsAsLargeAsALong() {
        var arm = new BtfWriter();
        arm.integer("long unsigned int", 4, false);
        int pointer = arm.pointer(0);

        assertThat(Samples.parse(arm).sizeOf(pointer)).isEqualTo(4);
    }

    @Test
    void typesAsC() {
        var clone = btf.function("kernel_clone").orElseThrow();
        assertThat(btf.declare(clone.id()))
                .isEqualTo("pid_t kernel_clone(struct task_struct *task, __user const char *name, void (*done)(void *),"
                        + " struct task_struct *const restrict regs, ...)");
        assertThat(btf.declare(btf.function("vfs_read").orElseThrow().id()))
                .isEqualTo("long unsigned int vfs_read(void)");
        assertThat(btf.declare(btf.variable("jiffies").orElseThrow().id()))
                .isEqualTo("volatile long unsigned int jiffies");
        assertThat(btf.declare(btf.typedef("pid_t").orElseThrow().id())).isEqualTo("typedef __kernel_pid_t pid_t");
        assertThat(btf.declare(btf.enumeration("pid_type").orElseThrow().id()))
                .isEqualTo("enum pid_type {\n    PIDTYPE_PID = 0,\n    PIDTYPE_BAD = -1,\n};");
        assertThat(btf.nameOf(btf.field(task, "comm").orElseThrow().typeId())).isEqualTo("char[16]");
        assertThat(btf.declare(task.id())).isEqualTo("""
                        struct task_struct {
                            pid_t pid; /* 0 */
                            int in_execve : 1; /* 4 bit 0 */
                            int in_iowait : 2; /* 4 bit 1 */
                            struct mm_struct *mm; /* 8 */
                            char comm[16]; /* 16 */
                            union {
                                long unsigned int word; /* 32 */
                                struct {
                                    int low; /* 32 */
                                    long unsigned int high; /* 40 */
                                }; /* 32 */
                            }; /* 32 */
                            union {
                                long unsigned int word; /* 48 */
                                struct {
                                    int low; /* 48 */
                                    long unsigned int high; /* 56 */
                                }; /* 48 */
                            } named; /* 48 */
                            _Bool frozen; /* 64 */
                        }; /* size 72 */""");
    }

    @Test
    void moduleTypesContinueTheKernels() {
        var writer = new BtfWriter(btf);
        int struct = writer.struct("mod_data", 8, List.of(new Member("owner", 1, 0, 0), new Member("pid", 1, 32, 0)));
        int proto = writer.functionProto(1, List.of(new Param("task", task.id())), false);
        writer.function("mod_init", proto, Linkage.STATIC);
        writer.function("kernel_clone", proto, Linkage.STATIC);
        var module = Btf.parseSplit(ByteBuffer.wrap(writer.toBytes()), btf);

        assertThat(struct).isEqualTo(btf.endId());
        assertThat(module.struct("mod_data").orElseThrow().id()).isEqualTo(struct);
        assertThat(module.struct("task_struct").orElseThrow()).isEqualTo(task);
        assertThat(module.function("kernel_clone").orElseThrow().proto()).isEqualTo(proto);
        assertThat(module.function("vfs_read")).isEqualTo(btf.function("vfs_read"));
        assertThat(module.names(EnumSet.of(BtfKind.FUNC)))
                .containsExactly("mod_init", "kernel_clone", "kernel_clone", "vfs_read");
        assertThat(module.declare(struct))
                .isEqualTo("struct mod_data {\n    int owner; /* 0 */\n    int pid; /* 4 */\n}; /* size 8 */");
        assertThat(btf.struct("mod_data")).isEmpty();
    }

    @Test
    void aModuleWithoutTypesOfItsOwn() {
        var module = Btf.parseSplit(ByteBuffer.wrap(new BtfWriter(btf).toBytes()), btf);

        assertThat(module.endId()).isEqualTo(btf.endId());
        assertThat(module.struct("task_struct")).contains(task);
    }

    @Test
    void bitFieldsOfOlderCompilers() {
        var writer = new BtfWriter();
        int intId = writer.integer("int", 4, false);
        writer.struct("flags", 4, List.of(new Member("old", intId, 0, 0)));
        var bytes = ByteBuffer.wrap(writer.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(24 + 12, 3 | 5 << 16); // three bits from bit 5 on, said by the integer type

        var old = Btf.parse(bytes);
        assertThat(old.field(old.struct("flags").orElseThrow(), "old")).contains(new Field("old", intId, 5, 3));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0  | 0x1234     | not BTF: it starts with 0x1234
            0  | 0x02eb9f   | BTF version 2 is unknown
            4  | 23         | a BTF header of 23 bytes is too short
            8  | 0xfffffff0 | the type section of 28 bytes at 4294967304 does not lie within the 71 bytes of the file
            28 | 0x04000002 | type 1 of kind STRUCT is cut off
            12 | 27         | the type section's 27 bytes are not whole words
            16 | 8          | the string section does not start with the empty string
            20 | 4          | the string section does not end with a NUL
            28 | 0x17000000 | type 1 has the unknown kind 23
            28 | 0x00000000 | type 1 has the unknown kind 0
            24 | 0x10000000 | name offset 268435456 lies outside the 19 bytes of strings
            36 | 0x00000021 | type 1: integer of 4 bytes with 33 bits from bit 0
            12 | 24         | type 2 is cut off within its first 3 words
            """)
    void damage(int at, String value, String message) {
        var writer = new BtfWriter();
        writer.pointer(writer.integer("long unsigned int", 4, false));
        var bytes = ByteBuffer.wrap(writer.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(at, Integer.parseUnsignedInt(value.replaceFirst("0x", ""), value.startsWith("0x") ? 16 : 10));

        assertDamaged(message, () -> {
            var damaged = Btf.parse(bytes);
            damaged.sizeOf(1);
            damaged.type(1);
        });
    }

    @Test
    void noFile() {
        assertDamaged("0 bytes are too few for a BTF header", () -> Btf.parse(ByteBuffer.allocate(0)));
    }

    @Test
    void typesThatDoNotExist() {
        assertDamaged("type 4294967295 does not exist: the last one is " + (btf.endId() - 1), () -> btf.type(-1));
        assertDamaged(
                "type " + btf.endId() + " does not exist: the last one is " + (btf.endId() - 1),
                () -> btf.resolve(btf.endId()));
    }

    @Test
    void typesThatGoInCircles() {
        var writer = new BtfWriter();
        writer.typedef("loop", 1);
        writer.pointer(2);
        writer.array(3, 3, 1);
        writer.struct("nest", 4, List.of(new Member("", 4, 0, 0), new Member("end", 0, 0, 0)));
        var loops = Samples.parse(writer);

        assertDamaged("type 1 leads through more than 32 modifiers and typedefs", () -> loops.resolve(1));
        assertDamaged("type 2 is nested more than 32 deep", () -> loops.nameOf(2));
        assertDamaged("type 3 nests more than 32 arrays", () -> loops.sizeOf(3));
        var nest = loops.struct("nest").orElseThrow();
        assertThat(loops.field(nest, "end")).isPresent();
        assertThat(loops.field(nest, "other")).isEmpty();
    }

    private static void assertDamaged(String message, ThrowingCallable question) {
        assertThatExceptionOfType(BtfException.class).isThrownBy(question).withMessage(message);
    }
}
