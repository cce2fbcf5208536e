package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.SystemCallException;

/** Entries in a hash map of the kernel. Thread-safe. */
public final class KernelEntries implements Entries {
    private final BpfMap map;

    /** Makes the map. */
    public KernelEntries(String name, int keyBytes, int valueBytes, int maxEntries) {
        map = BpfMap.create(MapType.HASH, name, keyBytes, valueBytes, maxEntries, 0);
    }

    /** The map's descriptor. */
    public int fd() {
        return map.fd();
    }

    @Override
    public byte @Nullable [] lookup(byte[] key) {
        return map.lookup(key);
    }

    @Override
    public Update update(byte[] key, byte[] value, boolean isNew) {
        try {
            map.update(MemorySegment.ofArray(key), MemorySegment.ofArray(value), isNew ? BpfMap.NOEXIST : BpfMap.ANY);
            return Update.DONE;
        } catch (SystemCallException e) {
            if (e.errno() == Errno.EEXIST) {
                return Update.EXISTS;
            } else if (e.errno() == Errno.E2BIG) {
                return Update.FULL;
            }
            throw e;
        }
    }

    @Override
    public boolean delete(byte[] key) {
        return map.delete(key);
    }

    @Override
    public byte @Nullable [] nextKey(byte @Nullable [] key) {
        return map.nextKey(key);
    }

    @Override
    public int maxEntries() {
        return map.spec().maxEntries();
    }

    @Override
    public void close() {
        map.close();
    }
}
