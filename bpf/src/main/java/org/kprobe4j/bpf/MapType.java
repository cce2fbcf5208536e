package org.kprobe4j.bpf;

/**
 * The types of maps that probes use.
 *
 * <p>Source: include/uapi/linux/bpf.h, enum bpf_map_type.
 */
public enum MapType {
    /** Hash table. Since kernel: 3.19. */
    HASH(1),
    /** Array with 4-byte keys; can be mapped. Since kernel: 3.19, mapped 5.5. */
    ARRAY(2),
    /** Programs, for tail calls. Since kernel: 4.2. */
    PROG_ARRAY(3),
    /** Perf events, one per CPU. Since kernel: 4.3. */
    PERF_EVENT_ARRAY(4),
    /** Hash table with a value per CPU. Since kernel: 4.6. */
    PERCPU_HASH(5),
    /** Array with a value per CPU. Since kernel: 4.6. */
    PERCPU_ARRAY(6),
    /** Stacks by number. Since kernel: 4.6. */
    STACK_TRACE(7),
    /** Hash table that drops the least recently used. Since kernel: 4.10. */
    LRU_HASH(9),
    /** The same with a value per CPU. Since kernel: 4.10. */
    LRU_PERCPU_HASH(10),
    /** Longest prefix match. Since kernel: 4.11. */
    LPM_TRIE(11),
    /** First in, first out; without keys. Since kernel: 4.20. */
    QUEUE(22),
    /** Last in, first out; without keys. Since kernel: 4.20. */
    STACK(23),
    /** Ring buffer for all CPUs. Since kernel: 5.8. */
    RINGBUF(27),
    /** A value per task; needs BTF, NO_PREALLOC and max_entries 0. Since kernel: 5.11. */
    TASK_STORAGE(29),
    /** Set membership, approximately. Since kernel: 5.16. */
    BLOOM_FILTER(30),
    /** A value per control group; needs BTF. Since kernel: 6.2. */
    CGRP_STORAGE(32);

    private final int id;

    MapType(int id) {
        this.id = id;
    }

    /**
     * The kernel's number.
     *
     * @return the value of the kernel's enumeration
     */
    public int id() {
        return id;
    }

    /**
     * Whether the kernel keeps one value per CPU.
     *
     * @return true for the PERCPU types
     */
    public boolean perCpu() {
        return this == PERCPU_HASH || this == PERCPU_ARRAY || this == LRU_PERCPU_HASH;
    }
}
