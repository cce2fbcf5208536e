package org.kprobe4j.bpf;

/**
 * Why the kernel refused a program on many functions at once. It does not say which function was wrong: halves of them tell.
 *
 * <p>Source: bpf_kprobe_multi_link_attach() in kernel/trace/bpf_trace.c, register_fprobe_ips() in kernel/trace/fprobe.c.
 */
final class MultiRefusal {
    private MultiRefusal() {}

    static BpfException of(int errno, long[] addresses) {
        Failure failure = Failure.of("attach kprobe.multi to", BpfLink.functions(addresses), errno);
        boolean several = addresses.length > 1;
        String untraceable = several
                ? "one of them is not where ftrace can trace a function"
                : "not where ftrace can trace a function";
        return switch (errno) {
            case Errno.EOPNOTSUPP, Errno.ENOTSUPP ->
                new UnsupportedException(failure.because("this kernel has no kprobe.multi")
                        .remedy("needs Linux 5.18 with CONFIG_FPROBE; else one perf event for each function"));
            case Errno.ESRCH, Errno.ENOENT, Errno.EILSEQ -> new AttachException(failure.because(untraceable));
            case Errno.EINVAL ->
                new AttachException(failure.because(untraceable + ", or the program is not one for kprobe.multi"));
            case Errno.E2BIG ->
                new AttachException(failure.because("more than one link holds").remedy("make a link for each part"));
            case Errno.ENOMEM ->
                new AttachException(failure.because("the kernel has no memory for so many at once")
                        .remedy("make a link for each half"));
            case Errno.EBUSY ->
                new AttachException(failure.because("ftrace is switched off, or another holds the function")
                        .remedy("sysctl kernel.ftrace_enabled=1"));
            default -> new AttachException(failure);
        };
    }
}
