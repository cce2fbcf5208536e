package org.kprobe4j.bpf.internal;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.Right;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.symbols.InjectableFunction;

/** The file of /sys/kernel/debug/error_injection, and why it cannot be read. */
public final class InjectionFolder {
    private static final String ROOT = "/sys/kernel/debug";
    private static final String LIST = ROOT + "/error_injection/list";

    /** {@code open_ctree [btrfs]  ERRNO}: name, module if any, a tab, kind. Source: ei_seq_show() in lib/error-inject.c. */
    private static final Pattern LINE =
            Pattern.compile("(?m)^([^\\s+]+)(?:\\+0x\\S+)?(?:\\s+\\[([^\\]]+)])?\\s+([A-Z_()?]+)$");

    private InjectionFolder() {}

    /**
     * The functions that may fail on purpose.
     *
     * @param calls the kernel
     * @return in the kernel's order
     */
    public static List<InjectableFunction> list(SystemCalls calls) {
        StringBuilder text = new StringBuilder();
        long result = new KernelFiles(calls).read(LIST, text);
        if (result < 0) {
            throw refused(calls, (int) -result);
        }
        return LINE.matcher(text).results().map(InjectionFolder::function).toList();
    }

    private static InjectableFunction function(MatchResult line) {
        return new InjectableFunction(line.group(1), line.group(2), line.group(3));
    }

    private static BpfException refused(SystemCalls calls, int errno) {
        if (errno == Errno.EPERM || errno == Errno.EACCES) {
            return PrivilegeFiles.read(calls).refusal(Right.ROOT_FILE, "read", LIST, errno);
        }
        Failure failure = Failure.of("read", LIST, errno);
        if (errno != Errno.ENOENT) {
            return new SystemCallException(failure);
        }
        return new KernelFiles(calls).exists(ROOT + "/clear_warn_once") || new KernelFiles(calls).exists(ROOT + "/bdi")
                ? new UnsupportedException(
                        failure.because("this kernel cannot inject errors (CONFIG_FUNCTION_ERROR_INJECTION)"))
                : new UnsupportedException(
                        failure.because("debugfs is not mounted").remedy("mount -t debugfs debugfs " + ROOT));
    }
}
