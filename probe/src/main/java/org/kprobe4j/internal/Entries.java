package org.kprobe4j.internal;

import org.jspecify.annotations.Nullable;

/** Entries of a hash map, as bytes: in the kernel, or on the heap for handlers in the JVM. */
public sealed interface Entries extends AutoCloseable permits KernelEntries, HeapEntries {
    /** What became of an update. */
    enum Update {
        DONE,
        /** There was one, and only a new one was wanted. */
        EXISTS,
        FULL
    }

    /** A copy of a value; null if there is none. */
    byte @Nullable [] lookup(byte[] key);

    /** Sets a value; with {@code isNew}, only if there is none. */
    Update update(byte[] key, byte[] value, boolean isNew);

    /** Whether there was one. */
    boolean delete(byte[] key);

    /** The key behind another one, null at the end; the first key behind null. */
    byte @Nullable [] nextKey(byte @Nullable [] key);

    /** Most entries. */
    int maxEntries();

    @Override
    void close();
}
