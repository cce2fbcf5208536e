package org.kprobe4j.bpf.internal;

/**
 * The system calls of this product and their numbers: one row per call, one column per architecture.
 *
 * <p>Source: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h, arch/arm/tools/syscall.tbl.
 */
enum Call {
    //            x86-64 arm64  arm
    READ(0, 63, 3),
    WRITE(1, 64, 4),
    CLOSE(3, 57, 6),
    /** On arm this is mmap2, whose offset counts units of 4096 bytes. */
    MMAP(9, 222, 192),
    MUNMAP(11, 215, 91),
    IOCTL(16, 29, 54),
    GETPID(39, 172, 20),
    SOCKET(41, 198, 281),
    CONNECT(42, 203, 283),
    /** On arm this is getuid32: the plain one cuts the id to 16 bits. */
    GETUID(102, 174, 199),
    /** On arm64 this is epoll_pwait: the older call does not exist there. */
    EPOLL_WAIT(232, 22, 252),
    EPOLL_CTL(233, 21, 251),
    OPENAT(257, 56, 322),
    EVENTFD2(290, 19, 356),
    EPOLL_CREATE1(291, 20, 357),
    PERF_EVENT_OPEN(298, 241, 364),
    PRLIMIT64(302, 261, 369),
    BPF(321, 280, 386),
    MEMBARRIER(324, 283, 389);

    private final int x86;
    private final int arm64;
    private final int arm;

    Call(int x86, int arm64, int arm) {
        this.x86 = x86;
        this.arm64 = arm64;
        this.arm = arm;
    }

    int number(Abi abi) {
        return switch (abi) {
            case X86_64 -> x86;
            case ARM64 -> arm64;
            case ARM -> arm;
        };
    }
}
