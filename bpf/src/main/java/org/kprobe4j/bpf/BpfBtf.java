package org.kprobe4j.bpf;

import java.nio.charset.StandardCharsets;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.BtfLoad;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * Type information in the kernel, for a program's functions and lines and for a map's values. Owns its descriptor.
 *
 * <p>Thread-safe. Since kernel: 4.18. Source: kernel/bpf/btf.c, Documentation/bpf/btf.rst.
 */
public final class BpfBtf implements AutoCloseable {
    private static final int LOG_BYTES = 1 << 16;

    private final Descriptor descriptor;

    private BpfBtf(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Loads BTF.
     *
     * @param btf header, types and strings
     * @return the loaded BTF
     * @throws LoadException if the kernel refuses it, with its log
     * @throws PermissionException if the process lacks the right
     */
    public static BpfBtf load(byte[] btf) {
        return load(SystemCalls.linux(), btf);
    }

    static BpfBtf load(SystemCalls calls, byte[] btf) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u64(BtfLoad.BTF, scratch.copy(btf).address())
                    .u32(BtfLoad.BTF_SIZE, btf.length);
            long fd = MemoryLock.retrying(calls, () -> calls.bpf(Linux.BPF_BTF_LOAD, attr));
            if (fd >= 0) {
                return new BpfBtf(new Descriptor(calls, fd, "BTF of " + btf.length + " bytes"));
            }
            String object = "of " + btf.length + " bytes";
            if (fd == -Errno.EPERM) {
                throw PrivilegeFiles.read(calls).refusal(Right.BPF, "load BTF", object, Errno.EPERM);
            }
            throw refused(object, (int) -fd, log(calls, scratch, attr));
        }
    }

    private static LoadException refused(String object, int errno, String log) {
        Failure failure = Failure.of("load BTF", object, errno);
        String verdict = log.lines().filter(line -> !line.isBlank()).reduce("", (first, last) -> last);
        return new LoadException(verdict.isEmpty() ? failure : failure.because(verdict.strip()), log);
    }

    private static String log(SystemCalls calls, Scratch scratch, Struct attr) {
        Struct log = scratch.struct(LOG_BYTES);
        attr.u64(BtfLoad.BTF_LOG_BUF, log.address())
                .u32(BtfLoad.BTF_LOG_SIZE, LOG_BYTES)
                .u32(BtfLoad.BTF_LOG_LEVEL, 1);
        long fd = calls.bpf(Linux.BPF_BTF_LOAD, attr);
        if (fd >= 0) {
            calls.close((int) fd);
        }
        byte[] bytes = new byte[LOG_BYTES];
        log.get(0, bytes);
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /**
     * The descriptor.
     *
     * @return the descriptor
     * @throws IllegalStateException if it is closed
     */
    public int fd() {
        return descriptor.fd();
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
