package org.kprobe4j.internal;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Entries on the heap, with the bounds of the kernel's hash map. Thread-safe. */
public final class HeapEntries implements Entries {
    private final TreeMap<ByteBuffer, byte[]> entries = new TreeMap<>();
    private final int maxEntries;

    /** Makes an empty one. */
    public HeapEntries(int maxEntries) {
        this.maxEntries = maxEntries;
    }

    @Override
    public synchronized byte @Nullable [] lookup(byte[] key) {
        byte[] found = entries.get(ByteBuffer.wrap(key));
        return found == null ? null : found.clone();
    }

    @Override
    public synchronized Update update(byte[] key, byte[] value, boolean isNew) {
        var place = ByteBuffer.wrap(key.clone());
        boolean exists = entries.containsKey(place);
        if (exists && isNew) {
            return Update.EXISTS;
        } else if (!exists && entries.size() == maxEntries) {
            return Update.FULL;
        }
        entries.put(place, value.clone());
        return Update.DONE;
    }

    @Override
    public synchronized boolean delete(byte[] key) {
        return entries.remove(ByteBuffer.wrap(key)) != null;
    }

    @Override
    public synchronized byte @Nullable [] nextKey(byte @Nullable [] key) {
        Map.Entry<ByteBuffer, byte[]> next =
                key == null ? entries.firstEntry() : entries.higherEntry(ByteBuffer.wrap(key));
        return next == null ? null : next.getKey().array().clone();
    }

    @Override
    public int maxEntries() {
        return maxEntries;
    }

    @Override
    public void close() {
        // The heap's memory needs no closing.
    }
}
