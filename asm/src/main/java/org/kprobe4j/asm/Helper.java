package org.kprobe4j.asm;

import java.util.Locale;
import java.util.Optional;

/**
 * The helper functions of the kernel that tracing programs may call, with the release that brought each. Since 6.2 no helpers are
 * added; newer functions are kfuncs.
 *
 * <p>Source: include/uapi/linux/bpf.h; kernel/trace/bpf_trace.c.
 */
public enum Helper {
    /** The address of a map's value, or null. */
    MAP_LOOKUP_ELEM(1, 3, 19),
    /** Sets a map's value. */
    MAP_UPDATE_ELEM(2, 3, 19),
    /** Removes a map's entry. */
    MAP_DELETE_ELEM(3, 3, 19),
    /** Reads memory that may fault; superseded by the kernel and user variants. */
    PROBE_READ(4, 4, 1),
    /** Nanoseconds since boot, not counting suspend. */
    KTIME_GET_NS(5, 4, 1),
    /** Prints to the trace pipe. */
    TRACE_PRINTK(6, 4, 1),
    /** A pseudo-random number. */
    GET_PRANDOM_U32(7, 4, 1),
    /** The CPU that runs the program. */
    GET_SMP_PROCESSOR_ID(8, 4, 1),
    /** Jumps to another program. */
    TAIL_CALL(12, 4, 2),
    /** The current task's tgid in the high half, its pid in the low half. */
    GET_CURRENT_PID_TGID(14, 4, 2),
    /** The current task's gid in the high half, its uid in the low half. */
    GET_CURRENT_UID_GID(15, 4, 2),
    /** Copies the current task's comm. */
    GET_CURRENT_COMM(16, 4, 2),
    /** Reads a hardware counter. */
    PERF_EVENT_READ(22, 4, 3),
    /** Writes a record to a perf ring buffer. */
    PERF_EVENT_OUTPUT(25, 4, 4),
    /** Stores a stack in a stack trace map and gives its id. */
    GET_STACKID(27, 4, 6),
    /** The address of the current task_struct, as a number. */
    GET_CURRENT_TASK(35, 4, 8),
    /** Writes user memory. */
    PROBE_WRITE_USER(36, 4, 8),
    /** Whether the current task is in a cgroup of a cgroup array. */
    CURRENT_TASK_UNDER_CGROUP(37, 4, 9),
    /** The NUMA node that runs the program. */
    GET_NUMA_NODE_ID(42, 4, 10),
    /** Reads a string that may fault; superseded by the kernel and user variants. */
    PROBE_READ_STR(45, 4, 11),
    /** Reads a hardware counter with its enabled and running times. */
    PERF_EVENT_READ_VALUE(55, 4, 15),
    /** Reads the counter of the perf event that runs the program. */
    PERF_PROG_READ_VALUE(56, 4, 15),
    /** Makes the probed function return at once, where error injection is allowed. */
    OVERRIDE_RETURN(58, 4, 16),
    /** Copies a stack's addresses. */
    GET_STACK(67, 4, 18),
    /** The id of the current task's cgroup v2. */
    GET_CURRENT_CGROUP_ID(80, 4, 18),
    /** Appends to a queue or stack map. */
    MAP_PUSH_ELEM(87, 4, 20),
    /** Takes from a queue or stack map. */
    MAP_POP_ELEM(88, 4, 20),
    /** Reads the head of a queue or stack map. */
    MAP_PEEK_ELEM(89, 4, 20),
    /** Sends a signal to the current process. */
    SEND_SIGNAL(109, 5, 3),
    /** Reads user memory that may fault. */
    PROBE_READ_USER(112, 5, 5),
    /** Reads kernel memory that may fault. */
    PROBE_READ_KERNEL(113, 5, 5),
    /** Reads a string in user memory that may fault. */
    PROBE_READ_USER_STR(114, 5, 5),
    /** Reads a string in kernel memory that may fault. */
    PROBE_READ_KERNEL_STR(115, 5, 5),
    /** Sends a signal to the current thread. */
    SEND_SIGNAL_THREAD(117, 5, 6),
    /** The 64-bit jiffies. */
    JIFFIES64(118, 5, 6),
    /** Copies the branch records of a perf event. */
    READ_BRANCH_RECORDS(119, 5, 7),
    /** The current task's pid and tgid as a pid namespace sees them. */
    GET_NS_CURRENT_PID_TGID(120, 5, 7),
    /** The id of an ancestor of the current task's cgroup v2. */
    GET_CURRENT_ANCESTOR_CGROUP_ID(123, 5, 7),
    /** Nanoseconds since boot, counting suspend. */
    KTIME_GET_BOOT_NS(125, 5, 8),
    /** Prints to the seq_file of an iterator. */
    SEQ_PRINTF(126, 5, 8),
    /** Writes to the seq_file of an iterator. */
    SEQ_WRITE(127, 5, 8),
    /** Copies a record into a ring buffer. */
    RINGBUF_OUTPUT(130, 5, 8),
    /** Reserves room for a record in a ring buffer, or null. */
    RINGBUF_RESERVE(131, 5, 8),
    /** Hands a reserved record to the consumer. */
    RINGBUF_SUBMIT(132, 5, 8),
    /** Gives a reserved record back. */
    RINGBUF_DISCARD(133, 5, 8),
    /** A ring buffer's size or positions. */
    RINGBUF_QUERY(134, 5, 8),
    /** Copies the addresses of a task's stack. */
    GET_TASK_STACK(141, 5, 9),
    /** The full name of a path, in the functions that allow it. */
    D_PATH(147, 5, 10),
    /** Reads user memory, sleeping for it if need be. */
    COPY_FROM_USER(148, 5, 10),
    /** Prints a value according to its BTF type. */
    SNPRINTF_BTF(149, 5, 10),
    /** Prints a value according to its BTF type to an iterator's seq_file. */
    SEQ_PRINTF_BTF(150, 5, 10),
    /** The address of a per-CPU variable on a CPU, or null. */
    PER_CPU_PTR(153, 5, 10),
    /** The address of a per-CPU variable on this CPU. */
    THIS_CPU_PTR(154, 5, 10),
    /** The value that belongs to a task, made if wanted; for kprobes since 5.18. */
    TASK_STORAGE_GET(156, 5, 11),
    /** Drops the value that belongs to a task; for kprobes since 5.18. */
    TASK_STORAGE_DELETE(157, 5, 11),
    /** The current task_struct as a typed pointer; for kprobes since 5.18. */
    GET_CURRENT_TASK_BTF(158, 5, 11),
    /** Nanoseconds since boot at the last tick. */
    KTIME_GET_COARSE_NS(160, 5, 11),
    /** Calls a function of the program for every entry of a map. */
    FOR_EACH_MAP_ELEM(164, 5, 13),
    /** Prints to memory. */
    SNPRINTF(165, 5, 13),
    /** The address of the traced function. */
    GET_FUNC_IP(173, 5, 15),
    /** The number given when the program was attached. */
    GET_ATTACH_COOKIE(174, 5, 15),
    /** The user registers of a task. */
    TASK_PT_REGS(175, 5, 15),
    /** Copies the last branches from the hardware. */
    GET_BRANCH_SNAPSHOT(176, 5, 16),
    /** Prints any number of values to the trace pipe. */
    TRACE_VPRINTK(177, 5, 16),
    /** Calls a function of the program with the memory area of an address. */
    FIND_VMA(180, 5, 17),
    /** Calls a function of the program up to a number of times. */
    LOOP(181, 5, 17),
    /** Compares memory with a constant string. */
    STRNCMP(182, 5, 17),
    /** An argument of the traced function, in fentry and fexit programs. */
    GET_FUNC_ARG(183, 5, 17),
    /** The return value of the traced function, in fexit programs. */
    GET_FUNC_RET(184, 5, 17),
    /** The number of the traced function's arguments, in fentry and fexit programs. */
    GET_FUNC_ARG_CNT(185, 5, 17),
    /** Reads a task's user memory, sleeping for it if need be. */
    COPY_FROM_USER_TASK(191, 5, 18),
    /** Exchanges the kernel pointer kept in a map's value. */
    KPTR_XCHG(194, 5, 19),
    /** The address of a per-CPU map's value on a CPU, or null. */
    MAP_LOOKUP_PERCPU_ELEM(195, 5, 19),
    /** A dynamic pointer to memory of the program. */
    DYNPTR_FROM_MEM(197, 5, 19),
    /** Reserves room of any size in a ring buffer. */
    RINGBUF_RESERVE_DYNPTR(198, 5, 19),
    /** Hands a record of any size to the consumer. */
    RINGBUF_SUBMIT_DYNPTR(199, 5, 19),
    /** Gives a record of any size back. */
    RINGBUF_DISCARD_DYNPTR(200, 5, 19),
    /** Reads from a dynamic pointer. */
    DYNPTR_READ(201, 5, 19),
    /** Writes to a dynamic pointer. */
    DYNPTR_WRITE(202, 5, 19),
    /** The address of a part of a dynamic pointer's memory, or null. */
    DYNPTR_DATA(203, 5, 19),
    /** Nanoseconds of the international atomic time. */
    KTIME_GET_TAI_NS(208, 6, 1),
    /** Calls a function of the program for every record of a user ring buffer. */
    USER_RINGBUF_DRAIN(209, 6, 1),
    /** The value that belongs to a cgroup, made if wanted. */
    CGRP_STORAGE_GET(210, 6, 2),
    /** Drops the value that belongs to a cgroup. */
    CGRP_STORAGE_DELETE(211, 6, 2);

    private static final Helper[] BY_ID = byId();

    private final int id;
    private final int major;
    private final int minor;

    Helper(int id, int major, int minor) {
        this.id = id;
        this.major = major;
        this.minor = minor;
    }

    /**
     * The helper's number in a call.
     *
     * @return from 1
     */
    public int id() {
        return id;
    }

    /**
     * The first release that has the helper.
     *
     * @return a version
     */
    public KernelVersion since() {
        return new KernelVersion(major, minor);
    }

    /**
     * The name that the verifier's log and bpftool use, such as {@code bpf_ktime_get_ns}.
     *
     * @return the name
     */
    public String kernelName() {
        return "bpf_" + name().toLowerCase(Locale.ROOT);
    }

    /**
     * The tracing helper of a number.
     *
     * @param id the number in a call
     * @return empty if there is none or only programs other than tracing ones may call it
     */
    public static Optional<Helper> of(int id) {
        return id < 0 || id >= BY_ID.length ? Optional.empty() : Optional.ofNullable(BY_ID[id]);
    }

    /**
     * The name of any helper, of tracing or other programs.
     *
     * @param id the number in a call
     * @return the name with its {@code bpf_}, empty if there is no such helper
     */
    public static Optional<String> nameOf(int id) {
        return HelperNames.of(id);
    }

    @SuppressWarnings("NullAway") // the gaps are helpers of other programs
    private static Helper[] byId() {
        var table = new Helper[CGRP_STORAGE_DELETE.id + 1];
        for (var helper : values()) {
            table[helper.id] = helper;
        }
        return table;
    }
}
