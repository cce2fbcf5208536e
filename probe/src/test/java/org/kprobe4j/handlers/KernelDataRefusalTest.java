package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;
import org.kprobe4j.PreHandler;
import org.kprobe4j.UserMemory;
import org.kprobe4j.btf.Btf;

/** What fields, arrays and enumerations of the kernel cannot be asked for, and what is said then. */
@SuppressWarnings("unused")
class KernelDataRefusalTest {
    enum PidType {
        PIDTYPE_PID,
        PIDTYPE_PGRP
    }

    interface Inode extends KernelStruct {
        long iIno();
    }

    interface Owner extends KernelStruct {
        long x();

        long iIno();
    }

    @Name("owner")
    interface Anything extends KernelStruct {
        long x();
    }

    interface NoSuchName extends KernelStruct {
        long iIno();

        long x();
    }

    interface File extends KernelStruct {
        @Name("f_inode")
        Owner asOwner();

        @Name("f_inode")
        Anything asNamed();

        @Name("f_inode")
        NoSuchName asDeclared();

        byte fWide();

        int[] tail();

        @Name("table")
        Inode[] inodeTable();

        @Name("slots")
        int allSlots();

        int[] slots();

        @Name("f_pos")
        int[] positions();

        int fFlags(int index);

        int fPos(String name);

        long privateData(int index);

        PidType type();

        @Name("f_flags")
        PidType flags();

        @UserMemory
        @Name("f_list")
        Inode list();

        @Name("f_kind")
        Inode kind();

        @Name("private_data")
        Object object();
    }

    private static void refused(PreHandler handler, String... messages) {
        Refusals.refused(new Handlers().btf(DataTypes::btf), handler, messages);
    }

    private static File file() {
        return Kernel.struct(1, File.class);
    }

    @Test
    void fields() {
        refused(
                (p, regs) -> file().fWide(),
                "0: KernelDataRefusalTest.File.fWide: the bit field f_wide has 20 bits, a Java byte only 8; declare it as int");
        refused(
                (p, regs) -> (int) file().kind().iIno(),
                "0: KernelDataRefusalTest.File.kind: the bit field f_kind is unsigned int, neither a structure nor a pointer to one");
        refused(
                (p, regs) -> (int) file().list().iIno(),
                "0: KernelDataRefusalTest.File.list: the field f_list is struct list_head, not a pointer; @UserMemory is for pointers to user memory");
    }

    @Test
    void objects() {
        refused(
                (p, regs) -> file().object() == null ? 1 : 0,
                "0: KernelDataRefusalTest.File.object: Object cannot hold a kernel value; use boolean, byte, short, char, int, long, an array of them, an enum or an interface");
    }

    @Test
    void structures_of_another_name() {
        refused(
                (p, regs) -> (int) file().asOwner().x(),
                "0: the kernel declares this as struct inode, and the interface KernelDataRefusalTest.Owner stands for struct owner; put @Name(\"owner\") on KernelDataRefusalTest.Owner to read it as that");
        refused(
                (p, regs) -> {
                    Kernel.printf(
                            "%d %d", file().asNamed().x(), file().asDeclared().iIno());
                    return (int) file().asDeclared().x();
                },
                "2: struct inode has no field x");
    }

    @Test
    void arrays() {
        refused(
                (p, regs) -> file().tail()[0],
                "0: KernelDataRefusalTest.File.tail: the field tail is int[0], which has no length; declare it as int tail(int index)");
        refused(
                (p, regs) -> (int) file().inodeTable()[0].iIno(),
                "0: KernelDataRefusalTest.File.inodeTable: the field table is struct inode **, a pointer, which has no length; declare it as Inode inodeTable(int index)");
        refused(
                (p, regs) -> file().allSlots(),
                "0: KernelDataRefusalTest.File.allSlots: the field slots is int[4]; declare it as an array, or as int allSlots(int index)");
        refused(
                (p, regs) -> file().positions()[0],
                "0: KernelDataRefusalTest.File.positions: the field f_pos is long long, not an array");
        refused(
                (p, regs) -> file().fFlags(1),
                "0: KernelDataRefusalTest.File.fFlags: the field f_flags is unsigned int, neither an array nor a pointer, so it takes no index");
        refused(
                (p, regs) -> file().fPos("x"),
                "0: KernelDataRefusalTest.File.fPos: an accessor takes no parameters, or one of type int or long: the index of an element");
        refused(
                (p, regs) -> (int) file().privateData(1),
                "0: KernelDataRefusalTest.File.privateData: the field private_data has elements of type void, whose size is not known; declare it as long and read with Kernel.readLong(address)");
        refused((p, regs) -> file().slots()[1] = 2, "0: kernel memory cannot be written");
    }

    @Test
    void enumerations() {
        refused(
                (p, regs) -> file().type() == PidType.PIDTYPE_PGRP ? 1 : 0,
                "0: enum pid_type has no constant PIDTYPE_PGRP; nearest: PIDTYPE_PGID, PIDTYPE_PID, PIDTYPE_TGID");
        refused(
                (p, regs) -> file().flags() == PidType.PIDTYPE_PID ? 1 : 0,
                "0: KernelDataRefusalTest.File.flags: the field f_flags is unsigned int, not an enumeration; declare it as int");
        refused(
                (p, regs) -> file().type().name().length(),
                "0: name() of a constant that only the kernel knows; compare with ==, use a switch, or print it with %s");
        refused(
                (p, regs) -> (int) Kernel.enumValue("pid_typ", "PIDTYPE_PID"),
                "0: this kernel has no enum pid_typ; nearest: pid_type");
        refused(
                (p, regs) -> (int) Kernel.enumValue("pid_type", "PIDTYPE_PIT"),
                "0: enum pid_type has no constant PIDTYPE_PIT; nearest: PIDTYPE_PID, PIDTYPE_PGID, PIDTYPE_TGID");
        refused(
                (p, regs) -> (int) Kernel.enumValue("pid_type", regs.ip() > 3 ? "PIDTYPE_PID" : "X"),
                "0: Kernel.enumValue needs names that are known when the handler is compiled");
    }

    @Test
    void container_of() {
        refused(
                (p, regs) -> Kernel.containerOf(file(), Inode.class, "i_inode").isNull() ? 1 : 0,
                "0: struct inode has no field i_inode; nearest: i_ino, i_mode");
        refused(
                (p, regs) ->
                        Kernel.containerOf(file(), File.class, "f_inode.i_ino").isNull() ? 1 : 0,
                "0: f_inode.i_ino: i_ino is behind a pointer or no structure; the path leads through members only");
        refused(
                (p, regs) -> Kernel.containerOf(file(), File.class, "f_kind").isNull() ? 1 : 0,
                "0: the bit field f_kind of struct file has no address");
    }

    @Test
    void damaged_types() {
        PreHandler handler = (p, regs) -> file().fWide();
        byte[] good = DataTypes.bytes();
        Refusals.refused(
                new Handlers().btf(() -> Optional.of(Btf.parse(ByteBuffer.wrap(Arrays.copyOf(good, 100))))),
                handler,
                "0: this kernel's BTF (/sys/kernel/btf) is damaged: the type section of %d bytes at 24 does not lie within the 100 bytes of the file; nothing can be found by name in it; registers, arg(n) and helpers still work"
                        .formatted(ByteBuffer.wrap(good)
                                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                                .getInt(12)));
        Refusals.refused(
                new Handlers()
                        .btf(() -> Optional.of(Btf.parse(ByteBuffer.wrap("no types at all, just some text"
                                .getBytes(java.nio.charset.StandardCharsets.US_ASCII))))),
                handler,
                "0: this kernel's BTF (/sys/kernel/btf) is damaged: not BTF: it starts with 0x6f6e; nothing can be found by name in it; registers, arg(n) and helpers still work");
        byte[] overwritten = DataTypes.bytes();
        Arrays.fill(overwritten, 24 + 60, 24 + 400, (byte) 0xff);
        Refusals.refused(
                new Handlers().btf(() -> Optional.of(Btf.parse(ByteBuffer.wrap(overwritten)))),
                handler,
                "0: this kernel's BTF (/sys/kernel/btf) is damaged: type 5 has the unknown kind 31; nothing can be found by name in it; registers, arg(n) and helpers still work");
        Refusals.refused(
                new Handlers().btf(() -> {
                    throw new IllegalArgumentException(
                            "struct pt_regs of this kernel has ip at byte 1, not 2; kprobe4j does not know this kernel");
                }),
                handler,
                "0: struct pt_regs of this kernel has ip at byte 1, not 2; kprobe4j does not know this kernel");
    }
}
