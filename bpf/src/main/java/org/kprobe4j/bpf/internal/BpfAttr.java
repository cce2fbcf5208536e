package org.kprobe4j.bpf.internal;

/**
 * {@code union bpf_attr}: byte offsets of the fields, one nested class per group of commands. Every pointer has 64 bits,
 * also on 32-bit machines.
 *
 * <p>Source: include/uapi/linux/bpf.h.
 */
@SuppressWarnings("MissingJavadoc")
public final class BpfAttr {
    /** Size in bytes: the fields named here. A kernel that knows fewer accepts the rest as long as it is zero. */
    public static final int SIZE = 152;

    private BpfAttr() {}

    /** BPF_MAP_CREATE. */
    public static final class MapCreate {
        public static final int MAP_TYPE = 0;
        public static final int KEY_SIZE = 4;
        public static final int VALUE_SIZE = 8;
        public static final int MAX_ENTRIES = 12;
        public static final int MAP_FLAGS = 16;
        public static final int INNER_MAP_FD = 20;
        public static final int MAP_NAME = 28;
        public static final int BTF_FD = 48;
        public static final int BTF_KEY_TYPE_ID = 52;
        public static final int BTF_VALUE_TYPE_ID = 56;

        private MapCreate() {}
    }

    /** BPF_MAP_*_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_MAP_FREEZE. */
    public static final class MapElement {
        public static final int MAP_FD = 0;
        public static final int KEY = 8;
        /** Value, or the place for the next key. */
        public static final int VALUE = 16;

        public static final int FLAGS = 24;

        private MapElement() {}
    }

    /** BPF_MAP_*_BATCH. */
    public static final class MapBatch {
        /** Where the batch before ended; 0 for the first. */
        public static final int IN_BATCH = 0;

        public static final int OUT_BATCH = 8;
        public static final int KEYS = 16;
        public static final int VALUES = 24;
        /** In: room for how many entries; out: how many it was. */
        public static final int COUNT = 32;

        public static final int MAP_FD = 36;
        public static final int ELEM_FLAGS = 40;

        private MapBatch() {}
    }

    /** BPF_PROG_LOAD. */
    public static final class ProgLoad {
        public static final int PROG_TYPE = 0;
        public static final int INSN_CNT = 4;
        public static final int INSNS = 8;
        public static final int LICENSE = 16;
        public static final int LOG_LEVEL = 24;
        public static final int LOG_SIZE = 28;
        public static final int LOG_BUF = 32;
        public static final int KERN_VERSION = 40;
        public static final int PROG_FLAGS = 44;
        public static final int PROG_NAME = 48;
        public static final int EXPECTED_ATTACH_TYPE = 68;
        public static final int PROG_BTF_FD = 72;
        public static final int FUNC_INFO_REC_SIZE = 76;
        public static final int FUNC_INFO = 80;
        public static final int FUNC_INFO_CNT = 88;
        public static final int LINE_INFO_REC_SIZE = 92;
        public static final int LINE_INFO = 96;
        public static final int LINE_INFO_CNT = 104;
        public static final int ATTACH_BTF_ID = 108;
        public static final int ATTACH_BTF_OBJ_FD = 112;

        private ProgLoad() {}
    }

    /** BPF_PROG_TEST_RUN. */
    public static final class TestRun {
        public static final int PROG_FD = 0;
        public static final int RETVAL = 4;
        public static final int DATA_SIZE_IN = 8;
        public static final int DATA_SIZE_OUT = 12;
        public static final int DATA_IN = 16;
        public static final int DATA_OUT = 24;
        public static final int REPEAT = 32;
        public static final int DURATION = 36;
        public static final int CTX_SIZE_IN = 40;
        public static final int CTX_IN = 48;

        private TestRun() {}
    }

    /** BPF_OBJ_GET_INFO_BY_FD. */
    public static final class ObjectInfo {
        public static final int BPF_FD = 0;
        public static final int INFO_LEN = 4;
        public static final int INFO = 8;

        private ObjectInfo() {}
    }

    /** BPF_BTF_LOAD. */
    public static final class BtfLoad {
        public static final int BTF = 0;
        public static final int BTF_LOG_BUF = 8;
        public static final int BTF_SIZE = 16;
        public static final int BTF_LOG_SIZE = 20;
        public static final int BTF_LOG_LEVEL = 24;

        private BtfLoad() {}
    }

    /** BPF_TASK_FD_QUERY. */
    public static final class TaskFdQuery {
        public static final int PID = 0;
        public static final int FD = 4;
        public static final int BUF_LEN = 12;
        public static final int BUF = 16;
        public static final int PROBE_OFFSET = 32;
        public static final int PROBE_ADDR = 40;

        private TaskFdQuery() {}
    }

    /** BPF_LINK_CREATE. */
    public static final class LinkCreate {
        public static final int PROG_FD = 0;
        public static final int TARGET_FD = 4;
        public static final int ATTACH_TYPE = 8;
        public static final int PERF_EVENT_COOKIE = 16;
        public static final int MULTI_FLAGS = 16;
        public static final int MULTI_CNT = 20;
        public static final int MULTI_SYMS = 24;
        public static final int MULTI_ADDRS = 32;
        public static final int MULTI_COOKIES = 40;

        private LinkCreate() {}
    }

    /** BPF_RAW_TRACEPOINT_OPEN. */
    public static final class RawTracepoint {
        public static final int NAME = 0;
        public static final int PROG_FD = 8;

        private RawTracepoint() {}
    }
}
