package org.kprobe4j.bpf.internal;

/** Facts of the running machine that layouts depend on. */
public final class Machine {
    private static final int AT_PAGESZ = 6;
    private static final int DEFAULT_PAGE_BYTES = 4096;
    private static final int AUXV_BYTES = 4096;

    private Machine() {}

    /**
     * The page size; on arm64 it may be 4, 16 or 64 KiB.
     *
     * @param calls the kernel
     * @return size in bytes
     */
    public static int pageBytes(SystemCalls calls) {
        long fd = calls.open("/proc/self/auxv", Linux.O_RDONLY);
        if (fd < 0) {
            return DEFAULT_PAGE_BYTES;
        }
        try (Descriptor auxv = new Descriptor(calls, fd, "/proc/self/auxv");
                Scratch scratch = new Scratch()) {
            Struct vector = scratch.struct(AUXV_BYTES);
            long length = auxv.use(open -> calls.read(open, vector));
            return pageBytes(calls.abi(), vector, (int) Math.max(0, length));
        }
    }

    /** The auxiliary vector: pairs of {@code unsigned long}, type and value. */
    private static int pageBytes(Abi abi, Struct vector, int lengthBytes) {
        int pair = 2 * abi.wordBytes();
        for (int at = 0; at + pair <= lengthBytes; at += pair) {
            if (word(abi, vector, at) == AT_PAGESZ) {
                return (int) word(abi, vector, at + abi.wordBytes());
            }
        }
        return DEFAULT_PAGE_BYTES;
    }

    private static long word(Abi abi, Struct vector, int offset) {
        return abi.wordBytes() == Long.BYTES ? vector.u64(offset) : Integer.toUnsignedLong(vector.u32(offset));
    }
}
