package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType.Enumerator;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfType.Param;
import org.kprobe4j.btf.BtfType.SectionVariable;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;

/**
 * Types of every kind that a handler can read.
 *
 * <pre>{@code
 * struct inode { u64 i_ino; u32 i_mode; u32 i_uid; };
 * struct list_head { struct list_head *next, *prev; };
 * enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID = 7 };
 * enum mood { GLOOMY = -1, GAY = 1 } __packed;
 * struct file {
 *     u32 f_flags;                     // 0
 *     int f_mode:3; u32 f_kind:5; u32 f_wide:20; bool f_ok:1;   // 4
 *     struct inode *f_inode;           // 8
 *     s64 f_pos;                       // 16
 *     int slots[4];                    // 24
 *     u16 grid[2][3];                  // 40
 *     enum pid_type type;              // 52
 *     struct { struct { u32 deep; }; union { u64 whole; u32 half; }; };   // 56: deep 56, whole 64
 *     union { u64 raw; struct { u32 lo, hi; } parts; } u;   // 72
 *     struct inode embedded[2];        // 80
 *     struct inode *inodes[2];         // 112
 *     struct inode **table;            // 128
 *     char *buf;                       // 136
 *     enum mood mood;                  // 144
 *     s8 small;                        // 145
 *     u8 flag;                         // 146
 *     void *private_data;              // 152
 *     struct list_head f_list;         // 160
 *     struct inode *user;              // 176
 *     int tail[];                      // 184
 * };
 * struct owner { u64 x; struct { u64 pad; struct file inner; } box; };
 * struct old { u8 first; int low:3; unsigned high:5; };        // in the encoding before kind_flag
 * typedef struct { int counter; } atomic_t;
 * ssize_t vfs_read(struct file *file, char *buf, u32 count, s64 *pos, bool sync, short nr, int seventh);
 * void by_value(int first, struct inode node, int last);
 * void wide(int first, u64 second, int third);
 * }</pre>
 */
final class DataTypes {
    static final int FILE_BYTES = 184;

    private DataTypes() {}

    static Optional<Btf> btf() {
        return Optional.of(Btf.parse(ByteBuffer.wrap(bytes())));
    }

    static byte[] bytes() {
        var out = new BtfWriter();
        int s8 = out.integer("signed char", 1, true);
        int u8 = out.integer("unsigned char", 1, false);
        int s16 = out.integer("short", 2, true);
        int u16 = out.integer("unsigned short", 2, false);
        int s32 = out.integer("int", 4, true);
        int u32 = out.integer("unsigned int", 4, false);
        int u64 = out.integer("unsigned long", 8, false);
        int s64 = out.integer("long long", 8, true);
        int bool = out.bool("_Bool");
        int low = out.integer("low3", 4, true);
        int high = out.integer("high5", 4, false);
        int inode = out.struct(
                "inode", 16, List.of(member("i_ino", u64, 0), member("i_mode", u32, 8), member("i_uid", u32, 12)));
        int inodePointer = out.pointer(inode);
        int listPointer = out.pointer(inodePointer + 2);
        int list = out.struct("list_head", 16, List.of(member("next", listPointer, 0), member("prev", listPointer, 8)));
        int pidType = out.enumeration(
                "pid_type",
                4,
                List.of(
                        new Enumerator("PIDTYPE_PID", 0),
                        new Enumerator("PIDTYPE_TGID", 1),
                        new Enumerator("PIDTYPE_PGID", 7)));
        int mood = out.enumeration("mood", 1, List.of(new Enumerator("GLOOMY", -1), new Enumerator("GAY", 1)));
        int inner = out.struct("", 4, List.of(member("deep", u32, 0)));
        int alternatives = out.union("", 8, List.of(member("whole", u64, 0), member("half", u32, 0)));
        int anonymous = out.struct("", 16, List.of(member("", inner, 0), member("", alternatives, 8)));
        int parts = out.struct("", 8, List.of(member("lo", u32, 0), member("hi", u32, 4)));
        int named = out.union("", 8, List.of(member("raw", u64, 0), member("parts", parts, 0)));
        int charPointer = out.pointer(s8);
        var members = new ArrayList<>(List.of(
                member("f_flags", u32, 0),
                new Member("f_mode", s32, 32, 3),
                new Member("f_kind", u32, 35, 5),
                new Member("f_wide", u32, 40, 20),
                new Member("f_ok", bool, 60, 1),
                member("f_inode", inodePointer, 8),
                member("f_pos", s64, 16),
                member("slots", out.array(s32, s32, 4), 24),
                member("grid", out.array(out.array(u16, s32, 3), s32, 2), 40),
                member("type", pidType, 52),
                member("", anonymous, 56),
                member("u", named, 72),
                member("embedded", out.array(inode, s32, 2), 80),
                member("inodes", out.array(inodePointer, s32, 2), 112),
                member("table", out.pointer(inodePointer), 128),
                member("buf", charPointer, 136),
                member("mood", mood, 144),
                member("small", s8, 145),
                member("flag", u8, 146),
                member("private_data", out.pointer(0), 152),
                member("f_list", list, 160),
                member("user", inodePointer, 176),
                member("tail", out.array(s32, s32, 0), 184)));
        int file = out.struct("file", FILE_BYTES, members);
        int box = out.struct("", 8 + FILE_BYTES, List.of(member("pad", u64, 0), member("inner", file, 8)));
        out.struct("owner", 16 + FILE_BYTES, List.of(member("x", u64, 0), member("box", box, 8)));
        out.struct("old", 8, List.of(member("first", u8, 0), member("low", low, 4), member("high", high, 4)));
        out.typedef("atomic_t", out.struct("", 4, List.of(member("counter", s32, 0))));
        function(
                out,
                "vfs_read",
                new Param("file", out.pointer(file)),
                new Param("buf", charPointer),
                new Param("count", u32),
                new Param("pos", out.pointer(s64)),
                new Param("sync", bool),
                new Param("nr", s16),
                new Param("seventh", s32));
        function(out, "by_value", new Param("first", s32), new Param("node", inode), new Param("last", s32));
        function(out, "wide", new Param("first", s32), new Param("second", u64), new Param("third", s32));
        int own = out.variable("per_cpu_inode", inode, Linkage.GLOBAL);
        out.variable("common_inode", inode, Linkage.GLOBAL);
        out.dataSection(".data..percpu", 16, List.of(new SectionVariable(own, 0, 16)));
        byte[] bytes = out.toBytes(ByteOrder.LITTLE_ENDIAN);
        // Bits 0 to 2 of the int, then bits 3 to 7: the width and place stood in the type.
        encode(bytes, out.string("low3"), 1 << 24 | 3);
        encode(bytes, out.string("high5"), 3 << 16 | 5);
        return bytes;
    }

    /** Gives an integer type the encoding of a bit field from before the kind flag. */
    private static void encode(byte[] btf, int name, int encoding) {
        var words = ByteBuffer.wrap(btf).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 24; at < btf.length - 12; at += 4) {
            if (words.getInt(at) == name && words.getInt(at + 4) == 1 << 24 && words.getInt(at + 8) == 4) {
                words.putInt(at + 12, encoding);
                return;
            }
        }
        throw new AssertionError("no integer type of that name");
    }

    private static void function(BtfWriter out, String name, Param... params) {
        out.function(name, out.functionProto(0, List.of(params), false), Linkage.GLOBAL);
    }

    private static Member member(String name, int type, int offset) {
        return new Member(name, type, offset * 8, 0);
    }

    /** A file of made-up memory; what is not set is 0. */
    static ByteBuffer file() {
        ByteBuffer file = ByteBuffer.allocate(FILE_BYTES + 16).order(ByteOrder.LITTLE_ENDIAN);
        long word = 0b101 | 0b10110L << 3 | 0xabcdeL << 8 | 1L << 28;
        file.putInt(0, 0x8000_0001).putInt(4, (int) word).putLong(16, -5);
        for (int i = 0; i < 4; i++) {
            file.putInt(24 + 4 * i, (i + 1) * -10);
            file.putInt(FILE_BYTES + 4 * i, 1000 + i);
        }
        for (int i = 0; i < 6; i++) {
            file.putShort(40 + 2 * i, (short) (0xfff0 + i));
        }
        file.putInt(52, 7).putInt(56, 56).putLong(64, 0x1_0000_0002L).putLong(72, 0x3_0000_0004L);
        file.put(144, (byte) -1).put(145, (byte) -3).put(146, (byte) 4);
        return file;
    }

    static byte[] inode(long ino, int mode) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, ino)
                .putInt(8, mode)
                .array();
    }
}
