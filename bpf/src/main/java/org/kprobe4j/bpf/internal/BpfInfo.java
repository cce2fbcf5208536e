package org.kprobe4j.bpf.internal;

/**
 * {@code struct bpf_prog_info} and {@code struct bpf_link_info}: byte offsets of the fields that are read.
 *
 * <p>Source: include/uapi/linux/bpf.h.
 */
@SuppressWarnings("MissingJavadoc")
public final class BpfInfo {
    private BpfInfo() {}

    /** {@code struct bpf_prog_info}. */
    public static final class Prog {
        /** Size in bytes, as of 5.16; older kernels fill less. */
        public static final int SIZE = 232;

        public static final int TYPE = 0;
        public static final int ID = 4;
        public static final int JITED_PROG_LEN = 16;
        public static final int XLATED_PROG_LEN = 20;
        public static final int LOAD_TIME = 40;
        public static final int RUN_TIME_NS = 192;
        public static final int RUN_CNT = 200;
        public static final int RECURSION_MISSES = 208;
        public static final int VERIFIED_INSNS = 216;

        private Prog() {}
    }

    /** {@code struct bpf_link_info}. */
    public static final class Link {
        /** Size in bytes, as of 6.9; older kernels fill less. */
        public static final int SIZE = 72;

        public static final int TYPE = 0;
        public static final int ID = 4;
        public static final int MULTI_MISSED = 32;
        public static final int PERF_TYPE = 16;
        public static final int PERF_FUNC_NAME = 24;
        public static final int PERF_NAME_LEN = 32;
        public static final int PERF_OFFSET = 36;
        public static final int PERF_ADDR = 40;
        public static final int PERF_MISSED = 48;

        public static final int BPF_LINK_TYPE_PERF_EVENT = 7;
        public static final int BPF_LINK_TYPE_KPROBE_MULTI = 8;
        public static final int BPF_PERF_EVENT_KPROBE = 3;
        public static final int BPF_PERF_EVENT_KRETPROBE = 4;

        private Link() {}
    }
}
