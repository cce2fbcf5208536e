package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.EntryConsumer;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.SystemCallException;

/** Entries in a hash map of the kernel. Thread-safe. */
public final class KernelEntries implements Entries {
    private final BpfMap map;

    /** Makes the map, of a type that has keys. */
    public KernelEntries(MapType type, String name, int keyBytes, int valueBytes, int maxEntries) {
        map = BpfMap.create(type, name, keyBytes, valueBytes, maxEntries, 0);
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
        return made(() -> map.update(
                MemorySegment.ofArray(key), MemorySegment.ofArray(value), isNew ? BpfMap.NOEXIST : BpfMap.ANY));
    }

    @Override
    public Update updateAll(byte[] keys, byte[] values) {
        return made(() -> map.updateAll(MemorySegment.ofArray(keys), MemorySegment.ofArray(values), BpfMap.ANY));
    }

    private static Update made(Runnable update) {
        try {
            update.run();
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
    public byte @Nullable [] take(byte[] key) {
        return map.take(key);
    }

    @Override
    public int forEach(boolean take, EntryConsumer consumer) {
        return take ? map.takeEach(consumer) : map.forEach(consumer);
    }

    @Override
    public boolean isEmpty() {
        return map.nextKey(null) == null;
    }

    @Override
    public int maxEntries() {
        return map.spec().maxEntries();
    }

    @Override
    public int valueBytes() {
        return map.valueBytes();
    }

    @Override
    public void close() {
        map.close();
    }
}
