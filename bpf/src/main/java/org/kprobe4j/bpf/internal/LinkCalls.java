package org.kprobe4j.bpf.internal;

import org.kprobe4j.bpf.internal.BpfAttr.LinkCreate;

/** BPF_LINK_CREATE and its relatives: each returns a descriptor or the negated errno. */
public final class LinkCalls {
    private LinkCalls() {}

    /**
     * A link on a perf event. Since kernel: 5.15.
     *
     * @param calls the kernel
     * @param programFd the program
     * @param perfFd the perf event
     * @param cookie what bpf_get_attach_cookie returns
     * @return a descriptor
     */
    public static long perfEvent(SystemCalls calls, int programFd, int perfFd, long cookie) {
        final int bpfPerfEvent = 41;
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(LinkCreate.PROG_FD, programFd)
                    .u32(LinkCreate.TARGET_FD, perfFd)
                    .u32(LinkCreate.ATTACH_TYPE, bpfPerfEvent)
                    .u64(LinkCreate.PERF_EVENT_COOKIE, cookie);
            return calls.bpf(Linux.BPF_LINK_CREATE, attr);
        }
    }

    /**
     * A program on a raw tracepoint; without a name, a tracing program on the function that it was loaded for.
     *
     * @param calls the kernel
     * @param programFd the program
     * @param name the tracepoint, or empty
     * @return a descriptor
     */
    public static long rawTracepoint(SystemCalls calls, int programFd, String name) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE).u32(BpfAttr.RawTracepoint.PROG_FD, programFd);
            if (!name.isEmpty()) {
                attr.u64(BpfAttr.RawTracepoint.NAME, scratch.string(name).address());
            }
            return calls.bpf(Linux.BPF_RAW_TRACEPOINT_OPEN, attr);
        }
    }

    /**
     * A program on the entries or returns of many functions. Since kernel: 5.18.
     *
     * @param calls the kernel
     * @param programFd the program
     * @param attachType kprobe.multi or session
     * @param isReturn on returns
     * @param addresses of the functions
     * @param cookies one each, or empty
     * @return a descriptor
     */
    public static long kprobeMulti(
            SystemCalls calls, int programFd, int attachType, boolean isReturn, long[] addresses, long[] cookies) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(LinkCreate.PROG_FD, programFd)
                    .u32(LinkCreate.ATTACH_TYPE, attachType)
                    .u32(LinkCreate.MULTI_FLAGS, isReturn ? Linux.BPF_F_KPROBE_MULTI_RETURN : 0)
                    .u32(LinkCreate.MULTI_CNT, addresses.length)
                    .u64(LinkCreate.MULTI_ADDRS, array(scratch, addresses).address());
            if (cookies.length > 0) {
                attr.u64(LinkCreate.MULTI_COOKIES, array(scratch, cookies).address());
            }
            return calls.bpf(Linux.BPF_LINK_CREATE, attr);
        }
    }

    /**
     * A program on the entry of one function by name, by the call for many. Since kernel: 5.18.
     *
     * @param calls the kernel
     * @param programFd the program
     * @param attachType kprobe.multi or session
     * @param function its name
     * @return a descriptor
     */
    public static long kprobeMulti(SystemCalls calls, int programFd, int attachType, String function) {
        try (Scratch scratch = new Scratch()) {
            // An array of char *, which have the machine's width, unlike the pointer to the array.
            Struct names = scratch.struct(Long.BYTES);
            long name = scratch.string(function).address();
            if (calls.abi().wordBytes() == Long.BYTES) {
                names.u64(0, name);
            } else {
                names.u32(0, (int) name);
            }
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(LinkCreate.PROG_FD, programFd)
                    .u32(LinkCreate.ATTACH_TYPE, attachType)
                    .u32(LinkCreate.MULTI_CNT, 1)
                    .u64(LinkCreate.MULTI_SYMS, names.address());
            return calls.bpf(Linux.BPF_LINK_CREATE, attr);
        }
    }

    private static Struct array(Scratch scratch, long[] values) {
        Struct array = scratch.struct(values.length * Long.BYTES);
        array.bytes().asLongBuffer().put(values);
        return array;
    }

    /**
     * {@code struct bpf_link_info} of a link. Since kernel: 5.8.
     *
     * @param calls the kernel
     * @param link its descriptor
     * @param info filled
     * @return how many bytes the kernel filled, or the negated errno
     */
    public static long info(SystemCalls calls, Descriptor link, Struct info) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(BpfAttr.ObjectInfo.INFO_LEN, info.sizeBytes())
                    .u64(BpfAttr.ObjectInfo.INFO, info.address());
            long result =
                    link.use(fd -> calls.bpf(Linux.BPF_OBJ_GET_INFO_BY_FD, attr.u32(BpfAttr.ObjectInfo.BPF_FD, fd)));
            return result < 0 ? result : attr.u32(BpfAttr.ObjectInfo.INFO_LEN);
        }
    }
}
