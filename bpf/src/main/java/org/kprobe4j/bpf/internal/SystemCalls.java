package org.kprobe4j.bpf.internal;

/**
 * Every system call of this product. Results are the kernel's own; negative is the negated errno.
 *
 * <p>The seam between Java and the kernel: unit tests replace it.
 */
public interface SystemCalls {
    /**
     * The running kernel.
     *
     * @return the implementation that really calls it
     */
    static SystemCalls linux() {
        return LinuxSystemCalls.running();
    }

    /**
     * The architecture's row.
     *
     * @return word size and layouts
     */
    Abi abi();

    /**
     * bpf(2).
     *
     * @param command a {@code BPF_*} command
     * @param attr {@code union bpf_attr}, all of it
     * @return the command's result
     */
    long bpf(int command, Struct attr);

    /**
     * perf_event_open(2).
     *
     * @param attr {@code struct perf_event_attr}
     * @param pid -1 for every task
     * @param cpu the CPU
     * @param flags {@code PERF_FLAG_*}
     * @return a descriptor
     */
    long perfEventOpen(Struct attr, int pid, int cpu, int flags);

    /**
     * ioctl(2).
     *
     * @param fd a descriptor
     * @param request the request
     * @param argument its argument
     * @return the request's result
     */
    long ioctl(int fd, int request, long argument);

    /**
     * mmap(2) at an address of the kernel's choice.
     *
     * @param lengthBytes how much
     * @param prot {@code PROT_*}
     * @param flags {@code MAP_*}
     * @param fd of what
     * @param offsetBytes from where, a multiple of the page size
     * @return the address
     */
    long mmap(long lengthBytes, int prot, int flags, int fd, long offsetBytes);

    /**
     * munmap(2).
     *
     * @param address as mmap gave it
     * @param lengthBytes as mmap got it
     * @return 0
     */
    long munmap(long address, long lengthBytes);

    /**
     * openat(2) of an absolute path.
     *
     * @param path the file
     * @param flags {@code O_*}
     * @return a descriptor
     */
    long open(String path, int flags);

    /**
     * read(2).
     *
     * @param fd a descriptor
     * @param target filled from its beginning
     * @return the number of bytes, 0 at the end
     */
    long read(int fd, Struct target);

    /**
     * write(2).
     *
     * @param fd a descriptor
     * @param source written from its beginning
     * @param lengthBytes how much of it
     * @return the number of bytes
     */
    long write(int fd, Struct source, int lengthBytes);

    /**
     * close(2).
     *
     * @param fd a descriptor
     * @return 0
     */
    long close(int fd);

    /**
     * epoll_create1(2), close-on-exec.
     *
     * @return a descriptor
     */
    long epollCreate();

    /**
     * epoll_ctl(2) with EPOLL_CTL_ADD and EPOLLIN.
     *
     * @param epollFd the epoll descriptor
     * @param fd the descriptor to watch; also the event's data
     * @return 0
     */
    long epollAdd(int epollFd, int fd);

    /**
     * epoll_wait(2).
     *
     * @param epollFd the epoll descriptor
     * @param events room for at least one {@code struct epoll_event}
     * @param timeoutMillis -1 waits for ever
     * @return the number of events
     */
    long epollWait(int epollFd, Struct events, int timeoutMillis);

    /**
     * eventfd2(2), non-blocking, close-on-exec.
     *
     * @return a descriptor
     */
    long eventfd();

    /**
     * socket(2) of the AF_UNIX family for datagrams, close-on-exec.
     *
     * @return a descriptor
     */
    long unixDatagramSocket();

    /**
     * connect(2).
     *
     * @param fd a socket
     * @param address {@code struct sockaddr_un}
     * @return 0
     */
    long connect(int fd, Struct address);

    /**
     * prlimit64(2) of this process: sets soft and hard limit.
     *
     * @param resource {@code RLIMIT_*}
     * @param limit the limit, -1 for none
     * @return 0
     */
    long setLimit(int resource, long limit);

    /**
     * membarrier(2) without flags.
     *
     * @param command {@code MEMBARRIER_CMD_*}
     * @return 0
     */
    long membarrier(int command);

    /**
     * getpid(2).
     *
     * @return the process id
     */
    int getpid();

    /**
     * getuid(2).
     *
     * @return the user id
     */
    int getuid();
}
