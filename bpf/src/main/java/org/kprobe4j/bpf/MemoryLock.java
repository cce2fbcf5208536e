package org.kprobe4j.bpf;

import java.util.function.LongSupplier;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.SystemCalls;

/** Kernels before 5.11 charge maps and programs to RLIMIT_MEMLOCK and say EPERM when it is exceeded. */
final class MemoryLock {
    private MemoryLock() {}

    /** Makes a call; on EPERM raises the limit and, if that is allowed, makes it once more. */
    static long retrying(SystemCalls calls, LongSupplier call) {
        long result = call.getAsLong();
        if (result == -Errno.EPERM && calls.setLimit(Linux.RLIMIT_MEMLOCK, -1) == 0) {
            return call.getAsLong();
        }
        return result;
    }
}
