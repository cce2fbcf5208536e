package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * Lets the kernel count runs and run time of all programs while this is open; it costs two clock reads per run.
 *
 * <p>Thread-safe. Since kernel: 5.8. Source: kernel/bpf/syscall.c, BPF_ENABLE_STATS.
 */
public final class BpfStats implements AutoCloseable {
    private final Descriptor descriptor;

    private BpfStats(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Switches statistics on.
     *
     * @return to be closed
     * @throws UnsupportedException before kernel 5.8
     * @throws PermissionException without CAP_SYS_ADMIN
     */
    public static BpfStats enable() {
        return enable(SystemCalls.linux());
    }

    static BpfStats enable(SystemCalls calls) {
        try (Scratch scratch = new Scratch()) {
            long fd = calls.bpf(Linux.BPF_ENABLE_STATS, scratch.struct(BpfAttr.SIZE));
            if (fd >= 0) {
                return new BpfStats(new Descriptor(calls, fd, "run statistics"));
            }
            String object = "of all programs";
            if (fd == -Errno.EPERM) {
                throw PrivilegeFiles.read(calls).refusal(Right.ADMIN, "enable run statistics", object, Errno.EPERM);
            }
            Failure failure = Failure.of("enable run statistics", object, (int) -fd);
            throw new UnsupportedException(failure.because("needs Linux 5.8"));
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
