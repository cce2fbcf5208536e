package org.kprobe4j.bpf.log;

import java.nio.charset.StandardCharsets;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * Writes lines to the kernel log, where a module's printk would be.
 *
 * <p>Unless {@code kernel.printk_devkmsg} is {@code on}, the kernel drops more than 10 lines in 5 seconds from one opened file and
 * still reports success. So that nothing is lost silently the file is then opened anew every 10 lines. Thread-safe. Source:
 * Documentation/ABI/testing/dev-kmsg, kernel/printk/printk.c.
 */
public final class KernelLog implements AutoCloseable {
    private static final String PATH = "/dev/kmsg";
    /** Below LOG_LINE_MAX of every supported kernel, with room for the prefix. */
    private static final int LONGEST_BYTES = 900;

    private static final int RATE_BURST_LINES = 10;

    private final SystemCalls calls;
    private final String prefix;
    private final boolean rateLimited;
    private Descriptor file;
    private int linesSinceOpened;

    private KernelLog(SystemCalls calls, String prefix, Descriptor file) {
        this.calls = calls;
        this.prefix = prefix;
        this.file = file;
        this.rateLimited = !new KernelFiles(calls)
                .readIfPresent("/proc/sys/kernel/printk_devkmsg")
                .startsWith("on");
    }

    /**
     * Opens it.
     *
     * @param prefix of every line, with its level, such as {@code <6>kprobe4j: }
     * @return the log
     * @throws org.kprobe4j.bpf.PermissionException if the process may not write it
     * @throws SystemCallException if there is none
     */
    public static KernelLog open(String prefix) {
        return open(SystemCalls.linux(), prefix);
    }

    static KernelLog open(SystemCalls calls, String prefix) {
        return new KernelLog(calls, prefix, openFile(calls));
    }

    private static Descriptor openFile(SystemCalls calls) {
        long fd = calls.open(PATH, Linux.O_WRONLY);
        if (fd < 0) {
            throw refused(calls, "open", (int) -fd);
        }
        return new Descriptor(calls, fd, PATH);
    }

    private static BpfException refused(SystemCalls calls, String operation, int errno) {
        return errno == Errno.EPERM || errno == Errno.EACCES
                ? PrivilegeFiles.read(calls).refusal(Right.ROOT_FILE, operation, PATH, errno)
                : new SystemCallException(Failure.of(operation, PATH, errno));
    }

    /**
     * Writes text, each of its lines as a line of its own; a line that is longer than the kernel takes is continued in another.
     *
     * @param text without a trailing newline
     * @throws SystemCallException if the kernel refuses
     */
    public void line(String text) {
        synchronized (this) {
            for (String line : text.split("\n", -1)) {
                byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
                int from = 0;
                do {
                    int to = pieceEnd(bytes, from);
                    write(prefix + new String(bytes, from, to - from, StandardCharsets.UTF_8) + "\n");
                    from = to;
                } while (from < bytes.length);
            }
        }
    }

    /** Does not cut inside of a character. */
    private static int pieceEnd(byte[] bytes, int from) {
        int to = Math.min(bytes.length, from + LONGEST_BYTES);
        while (to < bytes.length && to > from && (bytes[to] & 0xC0) == 0x80) {
            to--;
        }
        return to;
    }

    private void write(String line) {
        if (rateLimited && linesSinceOpened == RATE_BURST_LINES) {
            Descriptor fresh = openFile(calls);
            file.close();
            file = fresh;
            linesSinceOpened = 0;
        }
        linesSinceOpened++;
        try (Scratch scratch = new Scratch()) {
            Struct bytes = scratch.copy(line.getBytes(StandardCharsets.UTF_8));
            long result = file.use(fd -> calls.write(fd, bytes, bytes.sizeBytes()));
            if (result < 0) {
                throw refused(calls, "write", (int) -result);
            }
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            file.close();
        }
    }
}
