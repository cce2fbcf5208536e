package org.kprobe4j.bpf;

import java.lang.foreign.MemorySegment;

/** Gets the entries of a map, one after the other. */
@FunctionalInterface
public interface EntryConsumer {
    /**
     * One entry. Nothing is allocated for it: both segments are used again for the next one, so what is to be kept must be copied.
     *
     * @param key the key, read-only
     * @param value the value, read-only, {@link BpfMap#valueBytes} long; of a per-CPU map the values of all possible CPUs, {@link
     *     BpfMap#strideBytes} apart
     */
    void accept(MemorySegment key, MemorySegment value);
}
