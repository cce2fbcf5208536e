package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.EntryConsumer;

/** Entries on the heap, with the bounds of the kernel's hash map. Thread-safe. */
public final class HeapEntries implements Entries {
    /** A value, and when it was used last. */
    private static final class Slot {
        final byte[] value;
        long used;

        Slot(byte[] value, long used) {
            this.value = value;
            this.used = used;
        }
    }

    private final TreeMap<ByteBuffer, Slot> entries = new TreeMap<>();
    private final String name;
    private final int maxEntries;
    private final int valueBytes;
    private final boolean lru;
    private long uses;
    private boolean closed;

    /**
     * Makes an empty one.
     *
     * @param lru whether a full one drops the entry that was used longest ago
     */
    public HeapEntries(String name, int valueBytes, int maxEntries, boolean lru) {
        this.name = name;
        this.valueBytes = valueBytes;
        this.maxEntries = maxEntries;
        this.lru = lru;
    }

    @Override
    public synchronized byte @Nullable [] lookup(byte[] key) {
        requireOpen();
        Slot found = entries.get(ByteBuffer.wrap(key));
        if (found == null) {
            return null;
        }
        found.used = ++uses;
        return found.value.clone();
    }

    @Override
    public synchronized Update update(byte[] key, byte[] value, boolean isNew) {
        requireOpen();
        var place = ByteBuffer.wrap(key.clone());
        boolean exists = entries.containsKey(place);
        if (exists && isNew) {
            return Update.EXISTS;
        } else if (!exists && entries.size() == maxEntries) {
            if (!lru) {
                return Update.FULL;
            }
            entries.entrySet().stream()
                    .min(Comparator.comparingLong(entry -> entry.getValue().used))
                    .map(Map.Entry::getKey)
                    .ifPresent(entries::remove);
        }
        entries.put(place, new Slot(value.clone(), ++uses));
        return Update.DONE;
    }

    @Override
    public synchronized Update updateAll(byte[] keys, byte[] values) {
        int count = values.length / valueBytes;
        int keyBytes = count == 0 ? 0 : keys.length / count;
        for (int i = 0; i < count; i++) {
            var key = new byte[keyBytes];
            var value = new byte[valueBytes];
            System.arraycopy(keys, i * keyBytes, key, 0, keyBytes);
            System.arraycopy(values, i * valueBytes, value, 0, valueBytes);
            if (update(key, value, false) == Update.FULL) {
                return Update.FULL;
            }
        }
        return Update.DONE;
    }

    @Override
    public synchronized boolean delete(byte[] key) {
        requireOpen();
        return entries.remove(ByteBuffer.wrap(key)) != null;
    }

    @Override
    public synchronized byte @Nullable [] take(byte[] key) {
        requireOpen();
        Slot removed = entries.remove(ByteBuffer.wrap(key));
        return removed == null ? null : removed.value;
    }

    @Override
    public int forEach(boolean take, EntryConsumer consumer) {
        Map<ByteBuffer, Slot> shown;
        synchronized (this) {
            requireOpen();
            shown = new TreeMap<>(entries);
            if (take) {
                entries.clear();
            }
        }
        shown.forEach(
                (key, slot) -> consumer.accept(MemorySegment.ofBuffer(key), MemorySegment.ofArray(slot.value.clone())));
        return shown.size();
    }

    @Override
    public synchronized boolean isEmpty() {
        requireOpen();
        return entries.isEmpty();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("map %s is closed".formatted(name));
        }
    }

    @Override
    public int maxEntries() {
        return maxEntries;
    }

    @Override
    public int valueBytes() {
        return valueBytes;
    }

    @Override
    public synchronized void close() {
        closed = true;
    }
}
