package org.kprobe4j.bpf.internal;

/**
 * Constants of the kernel's user interface, in the kernel's own spelling.
 *
 * <p>Source: include/uapi/linux/bpf.h, perf_event.h, eventpoll.h, asm-generic/fcntl.h, asm-generic/mman-common.h.
 * They are the same on x86-64, arm64 and arm.
 */
@SuppressWarnings("MissingJavadoc")
public final class Linux {
    private Linux() {}

    // enum bpf_cmd
    public static final int BPF_MAP_CREATE = 0;
    public static final int BPF_MAP_LOOKUP_ELEM = 1;
    public static final int BPF_MAP_UPDATE_ELEM = 2;
    public static final int BPF_MAP_DELETE_ELEM = 3;
    public static final int BPF_MAP_GET_NEXT_KEY = 4;
    public static final int BPF_PROG_LOAD = 5;
    public static final int BPF_PROG_TEST_RUN = 10;
    public static final int BPF_OBJ_GET_INFO_BY_FD = 15;
    public static final int BPF_RAW_TRACEPOINT_OPEN = 17;
    public static final int BPF_BTF_LOAD = 18;
    public static final int BPF_TASK_FD_QUERY = 20;
    public static final int BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21;
    public static final int BPF_MAP_FREEZE = 22;
    public static final int BPF_MAP_LOOKUP_BATCH = 24;
    public static final int BPF_MAP_LOOKUP_AND_DELETE_BATCH = 25;
    public static final int BPF_MAP_UPDATE_BATCH = 26;
    public static final int BPF_MAP_DELETE_BATCH = 27;
    public static final int BPF_LINK_CREATE = 28;
    public static final int BPF_ENABLE_STATS = 32;

    /** Names of programs and maps: 15 characters and a NUL. */
    public static final int BPF_OBJ_NAME_LEN = 16;

    // include/uapi/linux/bpf.h, BPF_RINGBUF_*
    public static final int BPF_RINGBUF_BUSY_BIT = 1 << 31;
    public static final int BPF_RINGBUF_DISCARD_BIT = 1 << 30;
    public static final int BPF_RINGBUF_HDR_SZ = 8;

    // enum bpf_task_fd_type
    public static final int BPF_FD_TYPE_KPROBE = 2;
    public static final int BPF_FD_TYPE_KRETPROBE = 3;

    /** BPF_PROG_LOAD flag. Since kernel: 5.10. */
    public static final int BPF_F_SLEEPABLE = 1 << 4;

    /** {@code bpf_link_create.kprobe_multi.flags}: a return probe. */
    public static final int BPF_F_KPROBE_MULTI_RETURN = 1;

    // perf_event.h
    public static final int PERF_TYPE_TRACEPOINT = 2;
    public static final int PERF_FLAG_FD_CLOEXEC = 8;
    /** {@code _IO('$', 0)}. */
    public static final int PERF_EVENT_IOC_ENABLE = 0x2400;
    /** {@code _IOW('$', 8, __u32)}. */
    public static final int PERF_EVENT_IOC_SET_BPF = 0x40042408;

    // include/uapi/linux/membarrier.h
    public static final int MEMBARRIER_CMD_GLOBAL = 1;

    // files and memory
    public static final int AT_FDCWD = -100;
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_APPEND = 02000;
    public static final int O_CLOEXEC = 02000000;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int MAP_SHARED = 1;
    public static final int RLIMIT_NOFILE = 7;
    public static final int RLIMIT_MEMLOCK = 8;

    // epoll, eventfd, sockets
    public static final int EPOLLIN = 1;
    public static final int EPOLL_CTL_ADD = 1;
    public static final int EFD_NONBLOCK = 04000;
    public static final int AF_UNIX = 1;
    public static final int SOCK_DGRAM = 2;
}
