package org.kprobe4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfType.Param;
import org.kprobe4j.btf.BtfWriter;
import org.kprobe4j.btf.Linkage;

/** Types as many and as large as those of a distribution's kernel, the ones that the sample handler reads among them. */
final class SyntheticKernel {
    private static final int STRUCTS = 9_000;
    private static final int FUNCTIONS = 30_000;
    private static final int TASK_MEMBERS = 240;

    private SyntheticKernel() {}

    static byte[] btf() {
        var out = new BtfWriter();
        int s32 = out.integer("int", 4, true);
        int u32 = out.integer("unsigned int", 4, false);
        int u64 = out.integer("unsigned long", 8, false);
        var pointers = new ArrayList<Integer>();
        for (int i = 0; i < STRUCTS; i++) {
            var members = new ArrayList<Member>();
            for (int m = 0; m < 4 + i % 16; m++) {
                members.add(member("field_%d_of_%d".formatted(m, i % 700), m % 2 == 0 ? u64 : s32, m * 8));
            }
            pointers.add(out.pointer(out.struct("some_struct_" + i, members.size() * 8, members)));
        }
        for (int i = 0; i < FUNCTIONS; i++) {
            int pointer = pointers.get(i % pointers.size());
            var params = List.of(new Param("this", pointer), new Param("flags", u64));
            out.function("some_function_" + i, out.functionProto(s32, params, false), Linkage.STATIC);
        }
        // The kernel's well-known structures stand in no special place.
        int superBlock = out.struct("super_block", 64, List.of(member("s_dev", u32, 16)));
        int inode = out.struct(
                "inode",
                64,
                List.of(
                        member("i_ino", u64, 0),
                        member("i_sb", out.pointer(superBlock), 40),
                        member("i_uid", u32, 48)));
        int dentry = out.struct("dentry", 64, List.of(member("d_inode", out.pointer(inode), 48)));
        int path = out.struct("path", 16, List.of(member("dentry", out.pointer(dentry), 8)));
        out.struct("file", 128, List.of(member("f_flags", u32, 8), member("f_path", path, 64)));
        int mm = out.struct("mm_struct", 16, List.of(member("mm_users", s32, 0), member("total_vm", u64, 8)));
        var members = new ArrayList<Member>();
        for (int m = 0; m < TASK_MEMBERS; m++) {
            members.add(member("task_field_" + m, u64, m * 8));
        }
        members.add(member("mm", out.pointer(mm), TASK_MEMBERS * 8));
        members.add(member("pid", s32, TASK_MEMBERS * 8 + 8));
        members.add(member("tgid", s32, TASK_MEMBERS * 8 + 12));
        members.add(member("start_time", u64, TASK_MEMBERS * 8 + 16));
        out.struct("task_struct", TASK_MEMBERS * 8 + 24, members);
        return out.toBytes();
    }

    private static Member member(String name, int type, int offset) {
        return new Member(name, type, offset * Byte.SIZE, 0);
    }
}
