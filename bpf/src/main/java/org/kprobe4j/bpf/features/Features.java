package org.kprobe4j.bpf.features;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.ProgramType;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.LinkCalls;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * What a kernel can do, found by trying it. YES and NO are remembered; an inconclusive answer is not, since rights may change.
 *
 * <p>Thread-safe.
 */
public final class Features {
    private static final int UNKNOWN_HELPER_LOG_BYTES = 1 << 12;

    private final SystemCalls calls;
    private final Map<String, Answer> known = new ConcurrentHashMap<>();

    private Features(SystemCalls calls) {
        this.calls = calls;
    }

    /** The running kernel's, made when it is first asked for. */
    private static final class Running {
        static final Features INSTANCE = of(SystemCalls.linux());
    }

    /**
     * Of the running kernel.
     *
     * @return the features
     */
    public static Features running() {
        return Running.INSTANCE;
    }

    static Features of(SystemCalls calls) {
        return new Features(calls);
    }

    private Answer remember(String key, Supplier<Answer> probe) {
        Answer before = known.get(key);
        if (before != null) {
            return before;
        }
        Answer now = probe.get();
        if (now.verdict() != Answer.Verdict.INCONCLUSIVE) {
            known.put(key, now);
        }
        return now;
    }

    private Answer file(String path, String absent) {
        return remember(path, () -> {
            long fd = calls.open(path, Linux.O_RDONLY);
            if (fd >= 0) {
                calls.close((int) fd);
                return Answer.yes(path);
            }
            return fd == -Errno.ENOENT ? Answer.no(absent) : Answer.unknown(path + ": " + Errno.name((int) -fd));
        });
    }

    /**
     * Whether kprobes can be planted as perf events. Since kernel: 4.17.
     *
     * @return the answer
     */
    public Answer kprobePmu() {
        return file("/sys/bus/event_source/devices/kprobe/type", "no perf PMU \"kprobe\"");
    }

    /**
     * Whether the kernel has kprobes at all: by the PMU, or by tracefs.
     *
     * @return the answer; inconclusive if there is no PMU and tracefs is not mounted
     */
    public Answer kprobes() {
        Answer pmu = kprobePmu();
        if (pmu.isYes()) {
            return pmu;
        }
        return remember("kprobes", this::kprobeEvents);
    }

    private Answer kprobeEvents() {
        KernelFiles files = new KernelFiles(calls);
        boolean mounted = false;
        for (String folder : new String[] {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
            if (files.exists(folder + "/kprobe_events")) {
                return Answer.yes(folder + "/kprobe_events");
            }
            mounted |= files.exists(folder + "/README");
        }
        if (mounted || !files.exists("/sys/kernel/tracing")) {
            return Answer.no("neither a perf PMU \"kprobe\" nor tracefs kprobe_events (CONFIG_KPROBE_EVENTS)");
        }
        return Answer.unknown("no perf PMU \"kprobe\", and tracefs is not mounted");
    }

    /**
     * Whether the kernel has types of its own. Since kernel: 5.4.
     *
     * @return the answer
     */
    public Answer vmlinuxBtf() {
        return file("/sys/kernel/btf/vmlinux", "no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)");
    }

    /**
     * Whether a program type can be loaded; not for TRACING and LSM, which need a target.
     *
     * @param type the type
     * @return the answer
     */
    public Answer programType(ProgramType type) {
        return remember("type " + type, () -> loads(type, TinyProgram.nothing(), "program type " + type));
    }

    /**
     * Whether loops that the verifier can bound are allowed. Since kernel: 5.3.
     *
     * @return the answer
     */
    public Answer boundedLoops() {
        return remember("loops", () -> loads(ProgramType.SOCKET_FILTER, TinyProgram.loop(), "bounded loops"));
    }

    /**
     * Whether the kernel knows the instructions of cpu v4, such as sign extension. Since kernel: 6.6.
     *
     * @return the answer
     */
    public Answer cpuV4() {
        return remember("v4", () -> loads(ProgramType.SOCKET_FILTER, TinyProgram.signExtension(), "cpu v4"));
    }

    /**
     * Whether programs can compare and exchange. Since kernel: 5.12 on x86-64, 5.13 on arm64.
     *
     * @return the answer
     */
    public Answer compareAndExchange() {
        return remember(
                "cmpxchg",
                () -> loads(ProgramType.SOCKET_FILTER, TinyProgram.compareAndExchange(), "compare and exchange"));
    }

    private Answer loads(ProgramType type, byte[] insns, String what) {
        long fd = load(type, AttachType.NONE, insns, null);
        if (fd >= 0) {
            calls.close((int) fd);
            return Answer.yes(what + ": loaded");
        }
        int errno = (int) -fd;
        return errno == Errno.EINVAL || errno == Errno.EACCES
                ? Answer.no(what + ": " + Errno.name(errno))
                : Answer.unknown(what + ": " + Errno.name(errno));
    }

    private long load(ProgramType type, AttachType attachType, byte[] insns, @Nullable Struct log) {
        return load(type, attachType, 0, insns, log);
    }

    private long load(ProgramType type, AttachType attachType, int btfId, byte[] insns, @Nullable Struct log) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(BpfAttr.ProgLoad.PROG_TYPE, type.id())
                    .u32(BpfAttr.ProgLoad.INSN_CNT, insns.length / 8)
                    .u64(BpfAttr.ProgLoad.INSNS, scratch.copy(insns).address())
                    .u32(BpfAttr.ProgLoad.EXPECTED_ATTACH_TYPE, attachType.id())
                    .u32(BpfAttr.ProgLoad.ATTACH_BTF_ID, btfId)
                    .u64(BpfAttr.ProgLoad.LICENSE, scratch.string("GPL").address())
                    // Programs that only user space runs must be allowed to sleep.
                    .u32(BpfAttr.ProgLoad.PROG_FLAGS, type == ProgramType.SYSCALL ? Linux.BPF_F_SLEEPABLE : 0)
                    .u32(
                            BpfAttr.ProgLoad.KERN_VERSION,
                            KernelVersion.running(calls).code());
            if (log != null) {
                attr.u32(BpfAttr.ProgLoad.LOG_LEVEL, 1)
                        .u32(BpfAttr.ProgLoad.LOG_SIZE, log.sizeBytes())
                        .u64(BpfAttr.ProgLoad.LOG_BUF, log.address());
            }
            return calls.bpf(Linux.BPF_PROG_LOAD, attr);
        }
    }

    /**
     * Whether a type of program may call a helper.
     *
     * @param type the program's type; not TRACING or LSM, which need a target
     * @param helper the number, as in enum bpf_func_id
     * @return the answer
     */
    public Answer helper(ProgramType type, int helper) {
        return remember("helper " + helper + " in " + type, () -> probeHelper(type, helper));
    }

    private Answer probeHelper(ProgramType type, int helper) {
        String what = "helper %d in %s".formatted(helper, type);
        try (Scratch scratch = new Scratch()) {
            Struct log = scratch.struct(UNKNOWN_HELPER_LOG_BYTES);
            long fd = load(type, AttachType.NONE, TinyProgram.calling(helper), log);
            if (fd >= 0) {
                calls.close((int) fd);
                return Answer.yes(what + ": loaded");
            }
            byte[] text = new byte[log.sizeBytes()];
            log.get(0, text);
            String said = new String(text, StandardCharsets.UTF_8);
            said = said.substring(0, Math.max(0, said.indexOf('\0')));
            return judge(what, said, (int) -fd);
        }
    }

    /** A verifier that complains about an argument has accepted the helper; one without a log has not come so far. */
    private static Answer judge(String what, String log, int errno) {
        boolean refused = log.contains("unknown func")
                || log.contains("invalid func")
                || log.contains("program of this type cannot use helper");
        if (refused) {
            return Answer.no(what + ": "
                    + log.lines()
                            .filter(line -> line.contains("func") || line.contains("helper"))
                            .findFirst()
                            .orElse("refused"));
        }
        return log.isBlank()
                ? Answer.unknown(what + ": " + Errno.name(errno))
                : Answer.yes(what + ": only arguments wrong");
    }

    /**
     * Whether one program can be attached to many functions at once. Since kernel: 5.18, with CONFIG_FPROBE, which distributions leave
     * out now and then.
     *
     * @return the answer
     */
    public Answer kprobeMulti() {
        return remember("multi", () -> attaches(AttachType.TRACE_KPROBE_MULTI, "kprobe.multi"));
    }

    /**
     * Whether one program can serve entry and return of many functions. Since kernel: 6.10, with CONFIG_FPROBE.
     *
     * @return the answer
     */
    public Answer kprobeSession() {
        return remember("session", () -> attaches(AttachType.TRACE_KPROBE_SESSION, "kprobe.session"));
    }

    /**
     * Whether one program can serve entry and return of a function by its trampoline. Since kernel: 7.0.
     *
     * @param function number of a function in the kernel's BTF that programs may be attached to
     * @return the answer
     */
    public Answer fsession(int function) {
        return remember("fsession", () -> {
            long program = load(ProgramType.TRACING, AttachType.TRACE_FSESSION, function, TinyProgram.nothing(), null);
            if (program >= 0) {
                calls.close((int) program);
                return Answer.yes("fsession: loaded");
            }
            int errno = (int) -program;
            return errno == Errno.EINVAL || errno == Errno.EOPNOTSUPP || errno == Errno.ENOTSUPP
                    ? Answer.no("fsession: %s at load".formatted(Errno.name(errno)))
                    : Answer.unknown("fsession: " + Errno.name(errno));
        });
    }

    /** There is no way to ask but to attach, for a moment, to a function that is everywhere and seldom called. */
    private Answer attaches(AttachType type, String what) {
        long program = load(ProgramType.KPROBE, type, TinyProgram.nothing(), null);
        if (program < 0) {
            int errno = (int) -program;
            return errno == Errno.EINVAL
                    ? Answer.no(what + ": EINVAL at load")
                    : Answer.unknown(what + ": " + Errno.name(errno));
        }
        long link = LinkCalls.kprobeMulti(calls, (int) program, type.id(), "vprintk");
        calls.close((int) program);
        if (link >= 0) {
            calls.close((int) link);
            return Answer.yes(what + ": attached");
        }
        int errno = (int) -link;
        return errno == Errno.EINVAL || errno == Errno.EOPNOTSUPP
                ? Answer.no(what + ": " + Errno.name(errno))
                : Answer.unknown(what + ": " + Errno.name(errno));
    }

    /**
     * Whether the kernel has the BPF ring buffer. Since kernel: 5.8.
     *
     * @return the answer
     */
    public Answer ringbuf() {
        return mapType(MapType.RINGBUF);
    }

    /**
     * Whether maps of a type can be made: it makes a small one.
     *
     * @param type the type
     * @return the answer
     */
    public Answer mapType(MapType type) {
        return remember("map " + type, () -> TinyMap.probe(calls, type));
    }

    /**
     * Whether many entries of a map of a type can be read with one system call. Since kernel: 5.6 for hashes and ARRAY, 5.13 for
     * PERCPU_ARRAY.
     *
     * @param type the type
     * @return the answer
     */
    public Answer mapBatches(MapType type) {
        return remember("batches of " + type, () -> TinyMap.probeBatch(calls, type));
    }

    /**
     * Whether the kernel takes BTF of programs. Since kernel: 4.18.
     *
     * @return the answer
     */
    public Answer btfLoad() {
        return remember("btf load", () -> TinyMap.created(calls, TinyMap.loadBtf(calls), "BTF load"));
    }

    /**
     * Whether bpf(2) can be used by this process at all.
     *
     * @return the answer; NO without the system call, inconclusive without the right
     */
    public Answer bpf() {
        return remember("bpf", () -> {
            long fd = load(ProgramType.SOCKET_FILTER, AttachType.NONE, TinyProgram.nothing(), null);
            if (fd >= 0) {
                calls.close((int) fd);
                return Answer.yes("bpf(2): loaded a program");
            }
            int errno = (int) -fd;
            return errno == Errno.ENOSYS
                    ? Answer.no("bpf(2): ENOSYS (CONFIG_BPF_SYSCALL)")
                    : Answer.unknown("bpf(2): " + Errno.name(errno));
        });
    }
}
