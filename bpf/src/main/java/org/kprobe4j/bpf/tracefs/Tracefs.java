package org.kprobe4j.bpf.tracefs;

import java.util.List;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.internal.KernelFiles;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.PrivilegeFiles;
import org.kprobe4j.bpf.internal.SystemCalls;

/** The mounted tracefs. Thread-safe. Source: Documentation/trace/ftrace.rst. */
public final class Tracefs {
    private static final List<String> USUAL = List.of("/sys/kernel/tracing", "/sys/kernel/debug/tracing");

    private final SystemCalls calls;
    private final KernelFiles files;
    private final String path;

    private Tracefs(SystemCalls calls, String path) {
        this.calls = calls;
        this.files = new KernelFiles(calls);
        this.path = path;
    }

    /**
     * Finds it.
     *
     * @return tracefs
     * @throws UnsupportedException if it is not mounted; the message says how to mount it
     * @throws org.kprobe4j.bpf.PermissionException if the process may not read it
     */
    public static Tracefs find() {
        return find(SystemCalls.linux());
    }

    static Tracefs find(SystemCalls calls) {
        for (String usual : USUAL) {
            if (isTracefs(calls, usual)) {
                return new Tracefs(calls, usual);
            }
        }
        String mounts = new KernelFiles(calls).readIfPresent("/proc/self/mounts");
        for (String line : mounts.split("\n", -1)) {
            String[] fields = line.split(" ", 4);
            if (fields.length == 4 && fields[2].equals("tracefs") && isTracefs(calls, fields[1])) {
                return new Tracefs(calls, fields[1]);
            }
        }
        throw missing(calls);
    }

    private static boolean isTracefs(SystemCalls calls, String folder) {
        return new KernelFiles(calls).exists(folder + "/README");
    }

    private static BpfException missing(SystemCalls calls) {
        String folder = USUAL.getFirst();
        long result = calls.open(folder + "/README", Linux.O_RDONLY);
        if (result == -Errno.EACCES || result == -Errno.EPERM) {
            return PrivilegeFiles.read(calls).refusal(Right.ROOT_FILE, "read", folder, (int) -result);
        }
        boolean folderThere = new KernelFiles(calls).exists(folder);
        Failure failure = new Failure("find", "tracefs", 0, "not mounted", "mount -t tracefs nodev " + folder);
        return new UnsupportedException(
                folderThere
                        ? failure
                        : failure.because("this kernel has none (CONFIG_TRACING)")
                                .remedy("boot another kernel"));
    }

    /**
     * Where it is mounted.
     *
     * @return the folder
     */
    public String path() {
        return path;
    }

    /** The whole of a file; empty if it cannot be read. */
    String readIfPresent(String file) {
        return files.readIfPresent(path + "/" + file);
    }

    /** Writes in one piece; returns 0 or the negated errno. */
    long write(String file, int flags, String text) {
        return files.write(path + "/" + file, Linux.O_WRONLY | flags, text);
    }

    boolean has(String file) {
        return files.exists(path + "/" + file);
    }

    SystemCalls calls() {
        return calls;
    }
}
