package org.kprobe4j.btf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.kprobe4j.btf.BtfType.*;

/** A small kernel: every kind of type once, and the shapes that give trouble. */
final class Samples {
    private Samples() {}

    static BtfWriter kernel() {
        var btf = new BtfWriter();
        int intId = btf.integer("int", 4, true);
        int ulong = btf.integer("long unsigned int", 8, false);
        int charId = btf.integer("char", 1, true);
        int bool = btf.bool("_Bool");
        int pid = btf.typedef("pid_t", btf.typedef("__kernel_pid_t", intId));
        int comm = btf.array(charId, ulong, 16);
        int mm = btf.pointer(btf.forward("mm_struct", false));
        int inner = btf.struct("", 16, List.of(new Member("low", intId, 0, 0), new Member("high", ulong, 64, 0)));
        int either = btf.union("", 16, List.of(new Member("word", ulong, 0, 0), new Member("", inner, 0, 0)));
        int task = btf.struct(
                "task_struct",
                72,
                List.of(
                        new Member("pid", pid, 0, 0),
                        new Member("in_execve", intId, 32, 1),
                        new Member("in_iowait", intId, 33, 2),
                        new Member("mm", mm, 64, 0),
                        new Member("comm", comm, 128, 0),
                        new Member("", either, 256, 0),
                        new Member("named", either, 384, 0),
                        new Member("frozen", bool, 512, 0)));
        int constChar = btf.modifier(BtfKind.CONST, charId);
        int name = btf.pointer(btf.typeTag("user", constChar));
        int callback = btf.pointer(btf.functionProto(0, List.of(new Param("", btf.pointer(0))), false));
        int proto = btf.functionProto(
                pid,
                List.of(
                        new Param("task", btf.pointer(task)),
                        new Param("name", name),
                        new Param("done", callback),
                        new Param(
                                "regs",
                                btf.modifier(BtfKind.RESTRICT, btf.modifier(BtfKind.CONST, btf.pointer(task))))),
                true);
        int clone = btf.function("kernel_clone", proto, Linkage.STATIC);
        btf.function("vfs_read", btf.functionProto(ulong, List.of(), false), Linkage.GLOBAL);
        btf.enumeration("pid_type", 4, List.of(new Enumerator("PIDTYPE_PID", 0), new Enumerator("PIDTYPE_BAD", -1)));
        btf.enumeration64("big", false, List.of(new Enumerator("BIG", 0x1_2345_6789L), new Enumerator("MAX", -1)));
        int jiffies = btf.variable("jiffies", btf.modifier(BtfKind.VOLATILE, ulong), Linkage.GLOBAL);
        btf.dataSection(".data..percpu", 64, List.of(new SectionVariable(jiffies, 8, 8)));
        btf.floatingPoint("double", 8);
        btf.declTag("bpf_kfunc", clone, -1);
        return btf;
    }

    static Btf parse(BtfWriter writer) {
        return Btf.parse(ByteBuffer.wrap(writer.toBytes(ByteOrder.LITTLE_ENDIAN)));
    }
}
