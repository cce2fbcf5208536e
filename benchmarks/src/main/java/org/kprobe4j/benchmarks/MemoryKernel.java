package org.kprobe4j.benchmarks;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.kprobe4j.bpf.internal.Abi;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** System calls that cost nothing: what is measured is this side of them. */
public final class MemoryKernel {
    /** bpf(2). */
    @FunctionalInterface
    public interface Bpf {
        /**
         * A command.
         *
         * @param command its number
         * @param attr its arguments
         * @return its result
         */
        long handle(int command, Struct attr);
    }

    private static final int ENOENT = 2;

    private MemoryKernel() {}

    /**
     * A kernel.
     *
     * @param bpf its bpf(2)
     * @param mappings what mmap(2) gives, by offset
     * @return the kernel; a call that it has not got answers 1
     */
    public static SystemCalls of(Bpf bpf, Map<Long, MemorySegment> mappings) {
        return (SystemCalls) Proxy.newProxyInstance(
                MemoryKernel.class.getClassLoader(),
                new Class<?>[] {SystemCalls.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "abi" -> Abi.X86_64;
                    case "bpf" -> bpf.handle((int) arguments[0], (Struct) arguments[1]);
                    case "mmap" -> mappings.get((long) arguments[4]).address();
                    case "open" -> (long) -ENOENT;
                    case "getpid", "getuid" -> 1;
                    default -> 1L;
                });
    }
}
