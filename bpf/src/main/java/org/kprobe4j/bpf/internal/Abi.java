package org.kprobe4j.bpf.internal;

import java.util.Locale;

/** What the kernel's binary interface leaves to the architecture: word size and the layout of {@code epoll_event}. */
public enum Abi {
    /** x86-64: {@code epoll_event} is packed, so that its data follow the events at once. */
    X86_64(8, 12, 4),
    /** 64-bit arm. */
    ARM64(8, 16, 8),
    /** 32-bit arm, EABI: {@code unsigned long} and pointers have 4 bytes. */
    ARM(4, 16, 8);

    private final int wordBytes;
    private final int epollEventBytes;
    private final int epollDataOffset;

    Abi(int wordBytes, int epollEventBytes, int epollDataOffset) {
        this.wordBytes = wordBytes;
        this.epollEventBytes = epollEventBytes;
        this.epollDataOffset = epollDataOffset;
    }

    /**
     * The row of this JVM.
     *
     * @return the architecture's row
     * @throws UnsupportedOperationException if there is no row for this architecture
     */
    public static Abi running() {
        return of(System.getProperty("os.arch", ""));
    }

    static Abi of(String osArch) {
        return switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64" -> ARM64;
            case "arm", "aarch32" -> ARM;
            default ->
                throw new UnsupportedOperationException("kprobe4j has no system-call table for os.arch " + osArch
                        + "; it knows amd64, aarch64 and arm");
        };
    }

    /**
     * Size of {@code unsigned long} and of a pointer.
     *
     * @return 4 or 8, in bytes
     */
    public int wordBytes() {
        return wordBytes;
    }

    /**
     * Size of {@code struct epoll_event}.
     *
     * @return size in bytes
     */
    public int epollEventBytes() {
        return epollEventBytes;
    }

    /**
     * Where {@code epoll_event.data} begins.
     *
     * @return offset in bytes
     */
    public int epollDataOffset() {
        return epollDataOffset;
    }
}
