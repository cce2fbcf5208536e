package org.kprobe4j.bpf;

import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.MapCreate;
import org.kprobe4j.bpf.internal.BpfAttr.MapElement;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * A grace period of RCU: every program of a probe that runs when it begins has ended when it is over, and its stores can be seen.
 *
 * <p>Programs of probes run within an RCU read-side section that cannot sleep. Takes some milliseconds, up to some tens of them
 * on an idle machine. Thread-safe. Source: kernel/sched/membarrier.c, maybe_wait_bpf_programs() in kernel/bpf/syscall.c.
 */
public final class GracePeriod {
    private static final int ARRAY = 2;
    private static final int ARRAY_OF_MAPS = 12;

    private GracePeriod() {}

    /**
     * Waits for one. By membarrier(2), since kernel 4.3; where that is refused, as on a kernel booted with {@code nohz_full}, by
     * replacing a map within a map, which waits until no program uses the old one, since kernel 4.20.
     *
     * @throws SystemCallException if the kernel refuses both
     */
    public static void await() {
        await(SystemCalls.linux());
    }

    static void await(SystemCalls calls) {
        if (calls.membarrier(Linux.MEMBARRIER_CMD_GLOBAL) < 0) {
            awaitByMap(calls);
        }
    }

    static void awaitByMap(SystemCalls calls) {
        try (Descriptor inner = create(calls, ARRAY, 0);
                Descriptor outer = create(calls, ARRAY_OF_MAPS, inner.fd());
                Scratch scratch = new Scratch()) {
            Struct key = scratch.struct(Integer.BYTES);
            Struct value = scratch.struct(Integer.BYTES).u32(0, inner.fd());
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(MapElement.MAP_FD, outer.fd())
                    .u64(MapElement.KEY, key.address())
                    .u64(MapElement.VALUE, value.address());
            require(calls.bpf(Linux.BPF_MAP_UPDATE_ELEM, attr));
        }
    }

    private static Descriptor create(SystemCalls calls, int type, int innerFd) {
        try (Scratch scratch = new Scratch()) {
            Struct attr = scratch.struct(BpfAttr.SIZE)
                    .u32(MapCreate.MAP_TYPE, type)
                    .u32(MapCreate.KEY_SIZE, Integer.BYTES)
                    .u32(MapCreate.VALUE_SIZE, Integer.BYTES)
                    .u32(MapCreate.MAX_ENTRIES, 1)
                    .u32(MapCreate.INNER_MAP_FD, innerFd);
            long fd = MemoryLock.retrying(calls, () -> calls.bpf(Linux.BPF_MAP_CREATE, attr));
            require(fd);
            return new Descriptor(calls, fd, "map of a grace period");
        }
    }

    private static void require(long result) {
        if (result < 0) {
            throw new SystemCallException(Failure.of("wait for", "an RCU grace period", (int) -result)
                    .because("membarrier(2) is refused too")
                    .remedy("allow membarrier in the seccomp filter of this process"));
        }
    }
}
