package org.kprobe4j.internal;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.EntryConsumer;

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

    /** Sets many, key after key and value after value; of those that found it full, none. */
    Update updateAll(byte[] keys, byte[] values);

    /** Whether there was one. */
    boolean delete(byte[] key);

    /** Removes one and gives its value; null if there was none. */
    byte @Nullable [] take(byte[] key);

    /** Shows each entry once, or takes all out; gives their number. */
    int forEach(boolean take, EntryConsumer consumer);

    /** Whether there is none. */
    boolean isEmpty();

    /** Most entries. */
    int maxEntries();

    /** Size of a value, in bytes; of a per-CPU map, of all CPUs together. */
    int valueBytes();

    @Override
    void close();
}
