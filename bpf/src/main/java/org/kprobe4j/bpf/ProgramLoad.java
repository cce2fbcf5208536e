package org.kprobe4j.bpf;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.ProgLoad;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.ObjectNames;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** BPF_PROG_LOAD: first without a log, which is the fast way; then, if it is refused, for the log. */
final class ProgramLoad {
    /** The verifier says EAGAIN when a signal is pending, and a JVM gets signals. */
    private static final int TRIES_ON_EAGAIN = 16;

    private static final int FIRST_LOG_BYTES = 1 << 16;
    private static final int LARGEST_LOG_BYTES = 1 << 26;

    private final SystemCalls calls;
    private final ProgramSpec spec;
    private final Scratch scratch;
    private final Struct attr;

    private ProgramLoad(SystemCalls calls, ProgramSpec spec, Scratch scratch) {
        this.calls = calls;
        this.spec = spec;
        this.scratch = scratch;
        this.attr = scratch.struct(BpfAttr.SIZE);
    }

    /** A descriptor and the log that was asked for. */
    record Loaded(long fd, String log) {}

    /** What one try with a log gave: a result of the system call and the log. */
    private record Logged(long result, String log) {}

    static Loaded load(SystemCalls calls, ProgramSpec spec) {
        try (Scratch scratch = new Scratch()) {
            return new ProgramLoad(calls, spec, scratch).load();
        }
    }

    private Loaded load() {
        fill();
        long fd = spec.logLevel() == 0 ? MemoryLock.retrying(calls, this::tryOnce) : -Errno.ENOSPC;
        if (fd >= 0) {
            return new Loaded(fd, "");
        }
        if (fd == -Errno.E2BIG) {
            // Its log would be a line for each of a million instructions, and none of them the reason.
            throw refused(Errno.E2BIG, "");
        }
        if (fd == -Errno.EMFILE || fd == -Errno.ENFILE) {
            throw refused((int) -fd, "");
        }
        Logged logged = withLog(Math.max(1, spec.logLevel()));
        if (logged.result() >= 0) {
            return new Loaded(logged.result(), logged.log());
        }
        throw refused((int) -logged.result(), logged.log());
    }

    private void fill() {
        attr.u32(ProgLoad.PROG_TYPE, spec.type().id())
                .u32(ProgLoad.INSN_CNT, spec.insns().length / ProgramSpec.INSN_BYTES)
                .u64(ProgLoad.INSNS, scratch.copy(spec.insns()).address())
                .u64(ProgLoad.LICENSE, scratch.string(spec.license()).address())
                .u32(ProgLoad.KERN_VERSION, spec.kernVersion())
                .u32(ProgLoad.PROG_FLAGS, spec.flags())
                .put(ProgLoad.PROG_NAME, ObjectNames.bytes(spec.name()))
                .u32(ProgLoad.EXPECTED_ATTACH_TYPE, spec.expectedAttachType().id())
                .u32(ProgLoad.ATTACH_BTF_ID, spec.attachBtfId())
                .u32(ProgLoad.ATTACH_BTF_OBJ_FD, spec.attachBtfObjectFd());
        fillBtf(spec.btf());
    }

    private void fillBtf(@Nullable BpfBtf btf) {
        if (btf == null) {
            return;
        }
        attr.u32(ProgLoad.PROG_BTF_FD, btf.fd());
        ProgramSpec.Records functions = spec.funcInfo();
        if (functions.count() > 0) {
            attr.u32(ProgLoad.FUNC_INFO_REC_SIZE, functions.recordSizeBytes())
                    .u64(ProgLoad.FUNC_INFO, scratch.copy(functions.bytes()).address())
                    .u32(ProgLoad.FUNC_INFO_CNT, functions.count());
        }
        ProgramSpec.Records lines = spec.lineInfo();
        if (lines.count() > 0) {
            attr.u32(ProgLoad.LINE_INFO_REC_SIZE, lines.recordSizeBytes())
                    .u64(ProgLoad.LINE_INFO, scratch.copy(lines.bytes()).address())
                    .u32(ProgLoad.LINE_INFO_CNT, lines.count());
        }
    }

    private long tryOnce() {
        long result = calls.bpf(Linux.BPF_PROG_LOAD, attr);
        for (int tries = 1; result == -Errno.EAGAIN && tries < TRIES_ON_EAGAIN; tries++) {
            result = calls.bpf(Linux.BPF_PROG_LOAD, attr);
        }
        return result;
    }

    /** A log that does not fit loses its end, which is the part that tells: so the buffer grows until ENOSPC is gone. */
    private Logged withLog(int level) {
        for (int size = FIRST_LOG_BYTES; ; size *= 4) {
            try (Scratch logMemory = new Scratch()) {
                Struct log = logMemory.struct(size);
                attr.u32(ProgLoad.LOG_LEVEL, level).u32(ProgLoad.LOG_SIZE, size).u64(ProgLoad.LOG_BUF, log.address());
                long result = MemoryLock.retrying(calls, this::tryOnce);
                if (result != -Errno.ENOSPC || size >= LARGEST_LOG_BYTES) {
                    return new Logged(result, text(log));
                }
            }
        }
    }

    private static String text(Struct log) {
        byte[] bytes = new byte[log.sizeBytes()];
        log.get(0, bytes);
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    private BpfException refused(int errno, String log) {
        String operation = "load " + spec.type() + " program";
        if (errno == Errno.EPERM && log.isBlank()) {
            return PrivilegeFiles.read(calls).refusal(Right.BPF, operation, spec.name(), errno);
        }
        Failure failure = Failure.of(operation, spec.name(), errno);
        if (log.isBlank()) {
            return new LoadException(failure.because(withoutLog(errno)), log);
        }
        int insn = VerifierLog.faultInstruction(log);
        String verdict = VerifierLog.lastLines(log, 1).stream().findFirst().orElse("refused without a verdict");
        String place = insn < 0 ? "" : " at insn " + insn;
        String more = "%d log lines, see log()".formatted(log.lines().count());
        return new LoadException(failure.because(verdict + place).remedy(more), log);
    }

    private String withoutLog(int errno) {
        return switch (errno) {
            case Errno.EINVAL ->
                "the kernel does not know this program type, attach type or flag, or finds the infos broken";
            case Errno.E2BIG ->
                "the verifier gave up after following a million instructions of this program of %d: a loop has no bound that it can see, or too many ways through it"
                        .formatted(spec.insns().length / ProgramSpec.INSN_BYTES);
            default -> Errno.phrase(errno);
        };
    }
}
