package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;
import org.kprobe4j.OnFault;
import org.kprobe4j.PreHandler;
import org.kprobe4j.UserMemory;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CompiledProgram;

/** Bit fields, arrays, unions, enumerations, fault values and user memory of made-up kernels. */
class KernelDataTest {
    static final long FILE = 0xffff_9000_0000_0000L;
    private static final long INODE = 0xffff_9000_0001_0000L;
    private static final long OTHER = 0xffff_9000_0002_0000L;
    private static final long TABLE = 0xffff_9000_0003_0000L;
    private static final long USER = 0x7fff_0000_0000L;
    private static final long NOT_MAPPED = 0xdead_0000_0000_0000L;

    enum PidType {
        PIDTYPE_TGID,
        PIDTYPE_PID,
        @Name("PIDTYPE_PGID")
        GROUP
    }

    enum Mood {
        GAY,
        GLOOMY;

        boolean isBad() {
            return this == GLOOMY;
        }
    }

    interface Inode extends KernelStruct {
        long iIno();

        int iMode();
    }

    interface Parts extends KernelStruct {
        int lo();

        int hi();
    }

    interface Either extends KernelStruct {
        long raw();

        Parts parts();
    }

    interface ListHead extends KernelStruct {
        ListHead next();
    }

    interface File extends KernelStruct {
        int fMode();

        int fKind();

        @Name("f_kind")
        byte smallKind();

        @Name("f_mode")
        long wideMode();

        long fWide();

        boolean fOk();

        @Name("f_kind")
        boolean anyKind();

        Inode fInode();

        int[] slots();

        @Name("slots")
        long[] wideSlots();

        @Name("slots")
        int slot(int index);

        char[][] grid();

        @Name("grid")
        short[] row(int index);

        Inode[] embedded();

        Inode[] inodes();

        Inode table(int index);

        int tail(long index);

        PidType type();

        Mood mood();

        int deep();

        long whole();

        int half();

        Either u();

        boolean flag();

        char small();

        ListHead fList();

        @UserMemory
        byte buf(int index);

        @UserMemory
        Inode user();

        @UserMemory
        @Name("user")
        Inode users(int index);

        @OnFault(-1)
        @Name("f_pos")
        long position();

        @OnFault
        @Name("f_inode")
        Inode inodeOrNull();

        @OnFault(5)
        @Name("f_kind")
        int kindOrFive();

        @OnFault(7)
        @Name("type")
        PidType typeOrGroup();

        @OnFault(-2)
        @Name("table")
        long tableOrNothing(int index);
    }

    interface Owner extends KernelStruct {
        long x();

        Box box();
    }

    interface Box extends KernelStruct {
        File inner();
    }

    interface Old extends KernelStruct {
        int low();

        int high();
    }

    interface AtomicT extends KernelStruct {
        int counter();
    }

    interface Nowhere extends KernelStruct {
        int nothing();
    }

    private final FakeKernel kernel = new FakeKernel();
    private ByteBuffer file = DataTypes.file();

    @BeforeEach
    void memory() {
        file = DataTypes.file();
        file.putLong(8, INODE).putLong(112, INODE).putLong(120, OTHER).putLong(128, TABLE);
        file.put(80, DataTypes.inode(100, 1)).put(96, DataTypes.inode(200, 2));
        file.putLong(136, USER).putLong(176, USER + 64);
        kernel.kernel.put(FILE, file.array());
        kernel.kernel.put(INODE, DataTypes.inode(11, -1));
        kernel.kernel.put(OTHER, DataTypes.inode(12, 0));
        kernel.kernel.put(
                TABLE,
                ByteBuffer.allocate(16)
                        .order(file.order())
                        .putLong(0, OTHER)
                        .putLong(8, INODE)
                        .array());
        kernel.user.put(USER, new byte[] {1, -2, 3});
        kernel.user.put(USER + 64, DataTypes.inode(77, 6));
        kernel.user.put(USER + 80, DataTypes.inode(78, 7));
    }

    private Handlers.Hit hit(PreHandler handler, long... arguments) {
        return Handlers.hit(
                new Handlers().btf(DataTypes::btf).pre(handler),
                kernel,
                Handlers.context(Architecture.X86_64, arguments));
    }

    // ---- bit fields ----

    @Test
    void bit_fields_of_either_sign() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf("%d %d %x", f.fMode(), f.fKind(), f.fWide());
                    Kernel.printf("%d %d %b %b", f.smallKind(), f.wideMode(), f.fOk(), f.anyKind());
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("-3 22 abcde", "22 -3 true true");
    }

    @Test
    void bit_fields_in_the_old_encoding() {
        kernel.kernel.put(OTHER, new byte[] {0, 0, 0, 0, (byte) 0b10011_100, 0, 0, 0});
        var hit = hit(
                (p, regs) -> {
                    var old = Kernel.struct(regs.arg(0), Old.class);
                    Kernel.printf("%d %d", old.low(), old.high());
                    return 0;
                },
                OTHER);
        assertThat(hit.lines()).containsExactly("-4 19");
    }

    // ---- arrays ----

    @Test
    void arrays_with_a_length() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    int sum = 0;
                    for (int slot : f.slots()) {
                        sum += slot;
                    }
                    long wide = 0;
                    for (long slot : f.wideSlots()) {
                        wide += slot;
                    }
                    int[] slots = f.slots();
                    Kernel.printf("%d %d %d %d", sum, wide, slots.length, slots[2]);
                    Kernel.printf("%d", slots[(int) regs.arg(1)]);
                    Kernel.printf("%d %d %d", (int) f.grid()[1][2], (int) f.row(0)[1], f.slot(3));
                    return 0;
                },
                FILE,
                1);
        assertThat(hit.lines()).containsExactly("-100 -100 4 -30", "-20", "65525 -15 -40");
    }

    @Test
    void arrays_of_structures_and_of_pointers() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    for (Inode inode : f.embedded()) {
                        Kernel.printf("%d %d", inode.iIno(), inode.iMode());
                    }
                    for (int i = 0; i < f.inodes().length; i++) {
                        Kernel.printf("%d %d", f.inodes()[i].iIno(), f.table(i).iIno());
                    }
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("100 1", "200 2", "11 12", "12 11");
    }

    @Test
    void an_index_that_is_wrong_stops_the_handler() {
        for (long wrong : new long[] {4, -1, Integer.MIN_VALUE}) {
            PreHandler array = (p, regs) -> {
                var f = Kernel.struct(regs.arg(0), File.class);
                Kernel.printf("%d", f.slots()[(int) regs.arg(1)]);
                return 0;
            };
            PreHandler indexed = (p, regs) -> {
                Kernel.printf("%d", Kernel.struct(regs.arg(0), File.class).slot((int) regs.arg(1)));
                return 0;
            };
            for (PreHandler handler : new PreHandler[] {array, indexed}) {
                var hit = hit(handler, FILE, wrong);
                assertThat(hit.lines()).isEmpty();
                assertThat(hit.faults()).containsExactly("Index out of bounds for length 4");
            }
        }
        var known = hit(
                (p, regs) -> {
                    Kernel.printf("%d", Kernel.struct(regs.arg(0), File.class).slots()[4]);
                    return 0;
                },
                FILE);
        assertThat(known.faults()).containsExactly("Index out of bounds for length 4");
    }

    @Test
    void arrays_without_a_length() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf("%d %d", f.tail(0), f.tail(regs.arg(1)));
                    Kernel.printf("%d", f.tail(4));
                    return 0;
                },
                FILE,
                3);
        assertThat(hit.lines()).containsExactly("1000 1003");
        assertThat(hit.faults()).containsExactly("read of tail at an address that is not mapped");
    }

    @Test
    void one_of_two_arrays() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Inode[] chosen = f.embedded();
                    for (int i = 0; i < 2; i++) {
                        Inode[] once = regs.arg(1) > 3 ? f.embedded() : chosen;
                        Kernel.printf("%d", once[i].iIno());
                        chosen = once;
                    }
                    return 0;
                },
                FILE,
                2);
        assertThat(hit.lines()).containsExactly("100", "200");
    }

    // ---- unions, anonymous and nested structures ----

    @Test
    void unions_and_anonymous_structures() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf("%d %x %d", f.deep(), f.whole(), f.half());
                    Kernel.printf(
                            "%x %d %d",
                            f.u().raw(), f.u().parts().lo(), f.u().parts().hi());
                    Kernel.printf("%b %d", f.flag(), (int) f.small());
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("56 100000002 2", "300000004 4 3", "true 65533");
    }

    @Test
    void a_structure_that_has_a_typedef_only() {
        var hit = hit(
                (p, regs) -> {
                    Kernel.printf(
                            "%d", Kernel.struct(regs.arg(0), AtomicT.class).counter());
                    return 0;
                },
                INODE);
        assertThat(hit.lines()).containsExactly("11");
    }

    static long twice(File f) {
        return 2 * f.fKind();
    }

    @Test
    void a_method_that_takes_a_structure() {
        var hit = hit(
                (p, regs) -> {
                    Kernel.printf("%d", twice(Kernel.struct(regs.arg(0), File.class)));
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("44");
    }

    @Test
    void container_of() {
        kernel.kernel.put(FILE - 16, new byte[] {9, 0, 0, 0, 0, 0, 0, 0});
        var hit = hit(
                (p, regs) -> {
                    var list = Kernel.struct(regs.arg(0), File.class).fList();
                    var f = Kernel.containerOf(list, File.class, "f_list");
                    var owner = Kernel.containerOf(f, Owner.class, "box.inner");
                    Kernel.printf("%x %d %d", f.address(), f.fKind(), owner.x());
                    Kernel.printf("%b", owner.box().inner() == f);
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("ffff900000000000 22 9", "true");
    }

    // ---- enumerations ----

    @Test
    void enumerations() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf("%s %d %s", f.type(), f.type(), f.mood());
                    Kernel.printf(
                            "%b %b %b",
                            f.type() == PidType.GROUP, f.type() != PidType.GROUP, PidType.PIDTYPE_PID == f.type());
                    Kernel.printf("%b %b %b", f.mood().isBad(), f.mood().equals(Mood.GAY), f.mood() == null);
                    Kernel.printf("%d", Kernel.enumValue("pid_type", "PIDTYPE_PGID"));
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("PIDTYPE_PGID 7 GLOOMY", "true false false", "true false false", "7");
    }

    @Test
    void a_switch_over_an_enumeration() {
        PreHandler handler = (p, regs) -> {
            var f = Kernel.struct(regs.arg(0), File.class);
            switch (f.type()) {
                case PIDTYPE_PID, PIDTYPE_TGID -> Kernel.printf("one");
                case GROUP -> Kernel.printf("group");
                default -> Kernel.printf("other: %s", f.type());
            }
            int number = switch (f.type()) {
                case PIDTYPE_PID -> 1;
                case PIDTYPE_TGID -> 2;
                case GROUP -> 3;
            };
            Kernel.printf("%d", number);
            return 0;
        };
        assertThat(hit(handler, FILE).lines()).containsExactly("group", "3");
        file.putInt(52, 1);
        kernel.rings.clear();
        assertThat(hit(handler, FILE).lines()).containsExactly("one", "2");
        file.putInt(52, 3);
        kernel.rings.clear();
        var unknown = hit(handler, FILE);
        assertThat(unknown.lines()).containsExactly("other: 3");
        assertThat(unknown.faults()).containsExactly("MatchException");
    }

    // ---- faults ----

    @Test
    void a_read_that_faults_gives_its_value() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf("%d %b %d", f.position(), f.inodeOrNull().isNull(), f.kindOrFive());
                    Kernel.printf("%b %d", f.typeOrGroup() == PidType.GROUP, f.tableOrNothing(1));
                    Kernel.printf("on");
                    return 0;
                },
                NOT_MAPPED);
        assertThat(hit.lines()).containsExactly("-1 true 5", "true -2", "on");
        assertThat(hit.faults()).hasSize(6).contains("read of position at an address that is not mapped");
        assertThat(hit.program().faultSites()).noneMatch(CompiledProgram.FaultSite::stops);
        kernel.rings.clear();
        var mapped = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf("%d %d %d", f.position(), f.inodeOrNull().iIno(), f.kindOrFive());
                    return 0;
                },
                FILE);
        assertThat(mapped.lines()).containsExactly("-5 11 22");
        assertThat(mapped.faults()).isEmpty();
    }

    // ---- user memory, reads at an address ----

    @Test
    void user_memory() {
        var hit = hit(
                (p, regs) -> {
                    var f = Kernel.struct(regs.arg(0), File.class);
                    Kernel.printf(
                            "%d %d %d", f.buf(1), f.user().iIno(), f.users(1).iIno());
                    Kernel.printf("%d %d", Kernel.readUserByte(regs.arg(1)), Kernel.readUserShort(regs.arg(1)));
                    Kernel.printf("%d", Kernel.readUserLong(regs.arg(1) + 64));
                    Kernel.printf("%d", Kernel.readLong(regs.arg(1)));
                    return 0;
                },
                FILE,
                USER);
        assertThat(hit.lines()).containsExactly("-2 77 78", "1 -511", "77");
        assertThat(hit.faults()).containsExactly("readLong at an address that is not mapped");
    }

    @Test
    void kernel_memory_at_an_address() {
        var hit = hit(
                (p, regs) -> {
                    long a = regs.arg(0);
                    Kernel.printf(
                            "%d %d %d %d",
                            Kernel.readByte(a + 24),
                            Kernel.readShort(a + 24),
                            Kernel.readInt(a + 24),
                            Kernel.readLong(a + 16));
                    return 0;
                },
                FILE);
        assertThat(hit.lines()).containsExactly("-10 -10 -10 -5");
        assertThat(hit.count(Account.HITS)).isOne();
    }

    // ---- what exists ----

    @Test
    void what_does_not_exist_is_not_followed() {
        PreHandler handler = (p, regs) -> {
            var f = Kernel.struct(regs.arg(0), File.class);
            if (Kernel.exists(Nowhere.class)) {
                Kernel.printf("%d", Kernel.struct(1, Nowhere.class).nothing());
            } else {
                Kernel.printf("%d", f.fKind());
            }
            Kernel.printf(
                    "%b %b %b %b %b",
                    Kernel.exists(File.class),
                    Kernel.exists(File.class, "fInode"),
                    Kernel.exists(File.class, "f_inodes"),
                    Kernel.exists(Owner.class, "box.inner.deep"),
                    Kernel.exists(Owner.class, "x.y"));
            return 0;
        };
        assertThat(hit(handler, FILE).lines()).containsExactly("22", "true true false true false");
        PreHandler without = (p, regs) -> {
            Kernel.printf("%b", Kernel.exists(File.class));
            return 0;
        };
        assertThat(Handlers.hit(new Handlers().pre(without)).lines()).containsExactly("false");
    }
}
