package org.kprobe4j.internal;

import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.MappedArray;

/**
 * 64-bit numbers that handlers add to and Java reads: the one value of an array map, in this process's memory. Programs reach
 * them by their address, without a call; the kernel gives them pages of their own, so no two objects share a cache line.
 *
 * <p>Thread-safe. Since kernel: 5.5.
 */
public final class Cells implements AutoCloseable {
    private final String name;
    private final BpfMap map;
    private final MappedArray memory;

    /**
     * Makes them, all zero.
     *
     * @param name for bpftool and messages
     */
    public Cells(String name, int count) {
        this.name = name;
        this.map = BpfMap.create(MapType.ARRAY, name, Integer.BYTES, count * Long.BYTES, 1, BpfMap.MMAPABLE);
        try {
            this.memory = map.mmap();
        } catch (RuntimeException e) {
            map.close();
            throw e;
        }
    }

    /** One of them. */
    public long get(int index) {
        try {
            return memory.getLong(0, index * Long.BYTES);
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    /** Sets one to zero; what is added at that moment counts before or after. */
    public void clear(int index) {
        try {
            memory.putLong(0, index * Long.BYTES, 0);
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    private IllegalStateException closed(IllegalStateException cause) {
        return new IllegalStateException("map %s is closed".formatted(name), cause);
    }

    /** The map's descriptor. */
    public int fd() {
        return map.fd();
    }

    @Override
    public void close() {
        memory.close();
        map.close();
    }
}
