package org.kprobe4j.handlers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType.Enumerator;
import org.kprobe4j.btf.BtfType.Member;
import org.kprobe4j.btf.BtfWriter;

/**
 * A small kernel's types.
 *
 * <pre>{@code
 * struct mm_struct { int mm_users; unsigned long total_vm; };
 * enum exit_state { RUNNING, ZOMBIE };
 * struct sched_entity { unsigned long load; u64 vruntime; };
 * struct task_struct {
 *     int pid;                    // 0
 *     int tgid;                   // 4
 *     struct mm_struct *mm;       // 8
 *     unsigned long flags;        // 16
 *     struct task_struct *parent; // 24
 *     char comm[16];              // 32
 *     unsigned sched_reset:1;     // 48
 *     enum exit_state exit_state; // 52
 *     u64 start_time;             // 56
 *     short prio;                 // 64
 *     u8 policy;                  // 66
 *     s8 nice;                    // 67
 *     struct sched_entity se;     // 72
 *     void (*sched_task)(void);   // 88
 * };
 * }</pre>
 */
final class Types {
    static final int TASK_BYTES = 96;

    interface TaskStruct extends KernelStruct {
        int pid();

        int tgid();

        MmStruct mm();

        long flags();

        TaskStruct parent();

        long startTime();

        short prio();

        byte policy();

        byte nice();

        int exitState();

        SchedEntity se();

        @Name("tgid")
        long group();

        @Name("prio")
        int wholePrio();

        @Name("policy")
        long wholePolicy();

        default boolean isLeader() {
            return pid() == tgid();
        }
    }

    interface MmStruct extends KernelStruct {
        int mmUsers();

        long totalVm();
    }

    interface SchedEntity extends KernelStruct {
        long load();

        long vruntime();
    }

    private Types() {}

    static Optional<Btf> btf() {
        var out = new BtfWriter();
        int s8 = out.integer("signed char", 1, true);
        int u8 = out.integer("unsigned char", 1, false);
        int s16 = out.integer("short", 2, true);
        int s32 = out.integer("int", 4, true);
        int u32 = out.integer("unsigned int", 4, false);
        int u64 = out.integer("unsigned long", 8, false);
        int mm = out.struct("mm_struct", 16, List.of(member("mm_users", s32, 0), member("total_vm", u64, 8)));
        int se = out.struct("sched_entity", 16, List.of(member("load", u64, 0), member("vruntime", u64, 8)));
        int state =
                out.enumeration("exit_state", 4, List.of(new Enumerator("RUNNING", 0), new Enumerator("ZOMBIE", 1)));
        int mmPointer = out.pointer(mm);
        // The task's pointer to its own type comes after its own struct, whose id is known.
        int comm = out.array(s8, s32, 16);
        int function = out.pointer(out.functionProto(0, List.of(), false));
        int taskPointer = function + 1;
        int pointer = out.pointer(taskPointer + 1);
        if (pointer != taskPointer) {
            throw new AssertionError("type ids do not count up");
        }
        out.struct(
                "task_struct",
                TASK_BYTES,
                List.of(
                        member("pid", s32, 0),
                        member("tgid", s32, 4),
                        member("mm", mmPointer, 8),
                        member("flags", u64, 16),
                        member("parent", taskPointer, 24),
                        member("comm", comm, 32),
                        new Member("sched_reset", u32, 48 * 8, 1),
                        member("exit_state", state, 52),
                        member("start_time", u64, 56),
                        member("prio", s16, 64),
                        member("policy", u8, 66),
                        member("nice", s8, 67),
                        member("se", se, 72),
                        member("sched_task", function, 88)));
        return Optional.of(Btf.parse(ByteBuffer.wrap(out.toBytes(ByteOrder.LITTLE_ENDIAN))));
    }

    private static Member member(String name, int type, int offset) {
        return new Member(name, type, offset * 8, 0);
    }

    /** A task of made-up memory. */
    static byte[] task(int pid, int tgid, long mm, long parent) {
        return ByteBuffer.allocate(TASK_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, pid)
                .putInt(4, tgid)
                .putLong(8, mm)
                .putLong(16, 0x8000_0000_4000_0001L)
                .putLong(24, parent)
                .putInt(52, 1)
                .putLong(56, 123_456_789_012L)
                .putShort(64, (short) -20)
                .put(66, (byte) 200)
                .put(67, (byte) -5)
                .putLong(72, 1024)
                .putLong(80, -1)
                .array();
    }
}
