package org.kprobe4j.bpf.internal;

import static org.kprobe4j.bpf.internal.Linux.AF_UNIX;
import static org.kprobe4j.bpf.internal.Linux.AT_FDCWD;
import static org.kprobe4j.bpf.internal.Linux.EFD_NONBLOCK;
import static org.kprobe4j.bpf.internal.Linux.EPOLLIN;
import static org.kprobe4j.bpf.internal.Linux.EPOLL_CTL_ADD;
import static org.kprobe4j.bpf.internal.Linux.O_CLOEXEC;
import static org.kprobe4j.bpf.internal.Linux.SOCK_DGRAM;

/** The system calls of {@link SystemCalls} as numbers and registers of one architecture. */
final class LinuxSystemCalls implements SystemCalls {
    private static final int MMAP2_UNIT_BYTES = 4096;
    private static final int SIGSET_BYTES = 8;

    private final Abi abi;
    private final Trap trap;

    LinuxSystemCalls(Abi abi, Trap trap) {
        this.abi = abi;
        this.trap = trap;
    }

    /** The handle is linked when the kernel is first needed, not when a class is loaded. */
    private static final class Running {
        static final LinuxSystemCalls INSTANCE = new LinuxSystemCalls(Abi.running(), NativeTrap.orLibc());
    }

    static LinuxSystemCalls running() {
        return Running.INSTANCE;
    }

    private long call(Call call, long a1, long a2, long a3, long a4, long a5, long a6) {
        return trap.call(call.number(abi), a1, a2, a3, a4, a5, a6);
    }

    private long call(Call call, long a1, long a2, long a3) {
        return call(call, a1, a2, a3, 0, 0, 0);
    }

    @Override
    public Abi abi() {
        return abi;
    }

    @Override
    public long bpf(int command, Struct attr) {
        return call(Call.BPF, command, attr.address(), attr.sizeBytes());
    }

    @Override
    public long perfEventOpen(Struct attr, int pid, int cpu, int flags) {
        return call(Call.PERF_EVENT_OPEN, attr.address(), pid, cpu, -1, flags, 0);
    }

    @Override
    public long ioctl(int fd, int request, long argument) {
        return call(Call.IOCTL, fd, Integer.toUnsignedLong(request), argument);
    }

    @Override
    public long mmap(long lengthBytes, int prot, int flags, int fd, long offsetBytes) {
        long offset = abi == Abi.ARM ? offsetBytes / MMAP2_UNIT_BYTES : offsetBytes;
        return call(Call.MMAP, 0, lengthBytes, prot, flags, fd, offset);
    }

    @Override
    public long munmap(long address, long lengthBytes) {
        return call(Call.MUNMAP, address, lengthBytes, 0);
    }

    @Override
    public long open(String path, int flags) {
        try (Scratch scratch = new Scratch()) {
            return call(Call.OPENAT, AT_FDCWD, scratch.string(path).address(), flags | O_CLOEXEC);
        }
    }

    @Override
    public long read(int fd, Struct target) {
        return call(Call.READ, fd, target.address(), target.sizeBytes());
    }

    @Override
    public long write(int fd, Struct source, int lengthBytes) {
        return call(Call.WRITE, fd, source.address(), lengthBytes);
    }

    @Override
    public long close(int fd) {
        return call(Call.CLOSE, fd, 0, 0);
    }

    @Override
    public long epollCreate() {
        return call(Call.EPOLL_CREATE1, O_CLOEXEC, 0, 0);
    }

    @Override
    public long epollAdd(int epollFd, int fd) {
        try (Scratch scratch = new Scratch()) {
            Struct event = scratch.struct(abi.epollEventBytes()).u32(0, EPOLLIN).u64(abi.epollDataOffset(), fd);
            return call(Call.EPOLL_CTL, epollFd, EPOLL_CTL_ADD, fd, event.address(), 0, 0);
        }
    }

    @Override
    public long epollWait(int epollFd, Struct events, int timeoutMillis) {
        int room = events.sizeBytes() / abi.epollEventBytes();
        return call(Call.EPOLL_WAIT, epollFd, events.address(), room, timeoutMillis, 0, SIGSET_BYTES);
    }

    @Override
    public long eventfd() {
        return call(Call.EVENTFD2, 0, EFD_NONBLOCK | O_CLOEXEC, 0);
    }

    @Override
    public long unixDatagramSocket() {
        return call(Call.SOCKET, AF_UNIX, SOCK_DGRAM | O_CLOEXEC, 0);
    }

    @Override
    public long connect(int fd, Struct address) {
        return call(Call.CONNECT, fd, address.address(), address.sizeBytes());
    }

    @Override
    public long setLimit(int resource, long limit) {
        try (Scratch scratch = new Scratch()) {
            Struct both = scratch.struct(2 * Long.BYTES).u64(0, limit).u64(Long.BYTES, limit);
            return call(Call.PRLIMIT64, 0, resource, both.address());
        }
    }

    @Override
    public long membarrier(int command) {
        return call(Call.MEMBARRIER, command, 0, 0);
    }

    @Override
    public int getpid() {
        return (int) call(Call.GETPID, 0, 0, 0);
    }

    @Override
    public int getuid() {
        return (int) call(Call.GETUID, 0, 0, 0);
    }
}
