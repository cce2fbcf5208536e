package org.kprobe4j.bpf.internal;

import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.UnsupportedException;

/** A file of /sys/kernel/debug, and why it cannot be read. */
final class DebugFile {
    private static final String ROOT = "/sys/kernel/debug";

    private DebugFile() {}

    /**
     * Reads it.
     *
     * @param calls the kernel
     * @param file below debugfs
     * @param without what a kernel without the file lacks, in words
     * @return the text
     */
    static String read(SystemCalls calls, String file, String without) {
        String path = ROOT + "/" + file;
        StringBuilder text = new StringBuilder();
        long result = new KernelFiles(calls).read(path, text);
        if (result < 0) {
            throw refused(calls, path, without, (int) -result);
        }
        return text.toString();
    }

    private static BpfException refused(SystemCalls calls, String path, String without, int errno) {
        if (errno == Errno.EPERM || errno == Errno.EACCES) {
            return PrivilegeFiles.read(calls).refusal(Right.ROOT_FILE, "read", path, errno);
        }
        Failure failure = Failure.of("read", path, errno);
        if (errno != Errno.ENOENT) {
            return new SystemCallException(failure);
        }
        return new KernelFiles(calls).exists(ROOT + "/clear_warn_once") || new KernelFiles(calls).exists(ROOT + "/bdi")
                ? new UnsupportedException(failure.because(without))
                : new UnsupportedException(
                        failure.because("debugfs is not mounted").remedy("mount -t debugfs debugfs " + ROOT));
    }
}
