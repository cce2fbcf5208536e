package org.kprobe4j.bpf;

/**
 * The types of maps that probes use.
 *
 * <p>Source: include/uapi/linux/bpf.h, enum bpf_map_type.
 */
public enum MapType {
    /** Hash table. Since kernel: 3.19. */
    HASH(1, "3.19"),
    /** Array with 4-byte keys; can be mapped. Since kernel: 3.19, mapped 5.5. */
    ARRAY(2, "3.19"),
    /** Programs, for tail calls. Since kernel: 4.2. */
    PROG_ARRAY(3, "4.2"),
    /** Perf events, one per CPU. Since kernel: 4.3. */
    PERF_EVENT_ARRAY(4, "4.3"),
    /** Hash table with a value per CPU. Since kernel: 4.6. */
    PERCPU_HASH(5, "4.6"),
    /** Array with a value per CPU. Since kernel: 4.6. */
    PERCPU_ARRAY(6, "4.6"),
    /** Stacks by number. Since kernel: 4.6. */
    STACK_TRACE(7, "4.6"),
    /** Hash table that drops the least recently used. Since kernel: 4.10. */
    LRU_HASH(9, "4.10"),
    /** The same with a value per CPU. Since kernel: 4.10. */
    LRU_PERCPU_HASH(10, "4.10"),
    /** Longest prefix match. Since kernel: 4.11. */
    LPM_TRIE(11, "4.11"),
    /** First in, first out; without keys. Since kernel: 4.20. */
    QUEUE(22, "4.20"),
    /** Last in, first out; without keys. Since kernel: 4.20. */
    STACK(23, "4.20"),
    /** Ring buffer for all CPUs. Since kernel: 5.8. */
    RINGBUF(27, "5.8"),
    /** A value per task; needs BTF, NO_PREALLOC and max_entries 0. Since kernel: 5.11. */
    TASK_STORAGE(29, "5.11"),
    /** Set membership, approximately. Since kernel: 5.16. */
    BLOOM_FILTER(30, "5.16"),
    /** A value per control group; needs BTF. Since kernel: 6.2. */
    CGRP_STORAGE(32, "6.2");

    private final int id;
    private final String since;

    MapType(int id, String since) {
        this.id = id;
        this.since = since;
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
     * The first kernel version that has the type; {@link org.kprobe4j.bpf.features.Features#mapType} tells what the running one has.
     *
     * @return such as {@code 4.10}
     */
    public String since() {
        return since;
    }

    /**
     * Whether the map is a row of values without keys, which are pushed and popped.
     *
     * @return true for QUEUE and STACK
     */
    public boolean withoutKeys() {
        return this == QUEUE || this == STACK;
    }

    /**
     * Whether user space can go through the entries.
     *
     * @return true for the hashes, the arrays of values, the trie and the stacks by number
     */
    public boolean iterable() {
        return switch (this) {
            case HASH, LRU_HASH, PERCPU_HASH, LRU_PERCPU_HASH, ARRAY, PERCPU_ARRAY, LPM_TRIE, STACK_TRACE -> true;
            default -> false;
        };
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
