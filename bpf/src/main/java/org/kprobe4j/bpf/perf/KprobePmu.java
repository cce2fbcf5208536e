package org.kprobe4j.bpf.perf;

import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PerfEventAttr;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** The perf PMU {@code kprobe}. Since kernel: 4.17. Source: kernel/events/core.c, perf_kprobe_event_init(). */
final class KprobePmu {
    /** Source: arch_prepare_kprobe() in arch/arm64/kernel/probes/kprobes.c and arch/arm/probes/kprobes/core.c: EINVAL between two. */
    private static final int ARM_INSTRUCTION_BYTES = 4;

    private static final String FOLDER = "/sys/bus/event_source/devices/kprobe/";
    private static final int ANY_PROCESS = -1;
    private static final int FIRST_CPU = 0;

    private final SystemCalls calls;
    private final KernelFiles files;

    KprobePmu(SystemCalls calls) {
        this.calls = calls;
        this.files = new KernelFiles(calls);
    }

    /** Plants the probe and returns the event's descriptor. */
    long open(ProbeTarget target) {
        int type = type(target);
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(PerfEventAttr.PERF_ATTR_SIZE_VER5)
                    .u32(PerfEventAttr.TYPE, type)
                    .u32(PerfEventAttr.SIZE, PerfEventAttr.PERF_ATTR_SIZE_VER5)
                    .u64(PerfEventAttr.CONFIG, target.isReturn() ? 1L << returnBit() : 0)
                    .u64(PerfEventAttr.SAMPLE_PERIOD, 1)
                    .u32(PerfEventAttr.WAKEUP_EVENTS, 1)
                    .u64(PerfEventAttr.KPROBE_ADDR, target.offsetOrAddress());
            String symbol = target.symbol();
            if (symbol != null) {
                attr.u64(PerfEventAttr.KPROBE_FUNC, scratch.string(symbol).address());
            }
            // A probe hits on every CPU, whichever CPU its perf event is for: the program hangs on the probe.
            long fd = calls.perfEventOpen(attr, ANY_PROCESS, FIRST_CPU, Linux.PERF_FLAG_FD_CLOEXEC);
            if (fd < 0) {
                throw refused(target, (int) -fd);
            }
            return fd;
        }
    }

    private int type(ProbeTarget target) {
        StringBuilder type = new StringBuilder();
        int errno = (int) -files.read(FOLDER + "type", type);
        if (errno > 0 && errno != Errno.ENOENT) {
            throw new AttachException(Failure.of(target.operation(), target.toString(), errno));
        } else if (errno > 0) {
            Failure failure = new Failure(
                    target.operation(), target.toString(), 0, "this kernel has no perf PMU \"kprobe\"", null);
            throw new UnsupportedException(
                    failure.remedy("needs Linux 4.17 with CONFIG_KPROBE_EVENTS; older: a tracefs event"));
        }
        return Integer.parseInt(type.toString().strip());
    }

    /** The format file says {@code config:0}. */
    private int returnBit() {
        String format = files.readIfPresent(FOLDER + "format/retprobe").strip();
        String prefix = "config:";
        return format.startsWith(prefix) ? Integer.parseInt(format.substring(prefix.length())) : 0;
    }

    private BpfException refused(ProbeTarget target, int errno) {
        if (errno == Errno.EPERM || errno == Errno.EACCES) {
            return PrivilegeFiles.read(calls).refusal(Right.PERF_EVENT, target.operation(), target.toString(), errno);
        }
        Failure failure = Failure.of(target.operation(), target.toString(), errno);
        return new AttachException(failure.because(reason(target, errno)));
    }

    private static String reason(ProbeTarget target, int errno) {
        return switch (errno) {
            case Errno.ENOENT -> target.symbol() == null ? "no such place" : "no such symbol";
            case Errno.EILSEQ -> "not an instruction boundary";
            case Errno.EADDRNOTAVAIL -> "the symbol's name is not unique";
            case Errno.E2BIG, Errno.ENAMETOOLONG -> "the symbol is longer than the kernel takes";
            case Errno.EINVAL -> invalid(target);
            case Errno.EOPNOTSUPP ->
                target.isReturn()
                        ? "this kernel has no return probes"
                        : "the kernel cannot single-step this instruction";
            case Errno.ENOMEM -> "the kernel has no memory for a probe there";
            default -> Errno.phrase(errno);
        };
    }

    private static String invalid(ProbeTarget target) {
        String place = "blacklisted, notrace, patched at run time, or not kernel text";
        if (target.symbol() != null && target.symbol().isEmpty()) {
            return "the symbol is empty";
        }
        boolean inside = target.isReturn() && target.symbol() != null && target.offsetOrAddress() != 0;
        if (inside) {
            return "a return probe must be at a function's entry";
        }
        boolean arm = System.getProperty("os.arch", "").matches("aarch64|arm");
        return arm && target.offsetOrAddress() % ARM_INSTRUCTION_BYTES != 0 ? "not an instruction boundary" : place;
    }
}
