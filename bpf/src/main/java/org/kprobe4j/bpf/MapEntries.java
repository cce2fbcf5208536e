package org.kprobe4j.bpf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.MapBatch;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * Many entries of a map with few system calls.
 *
 * <p>A hash is read bucket by bucket, each under its lock: the reading ends, and an entry that stays comes just once, whatever else
 * comes and goes. Where the kernel has no batches, {@link MapWalk} goes from key to key. Source: kernel/bpf/hashtab.c
 * __htab_map_lookup_and_delete_batch(), kernel/bpf/syscall.c generic_map_*_batch().
 */
final class MapEntries {
    /** Large enough that the calls do not matter, small enough to stay in a cache. */
    private static final int BUFFER_BYTES = 1 << 18;

    private static final int MIN_ROOM = 64;
    /** Answer of {@link #inBatches} if there are no batches. */
    private static final int NO_BATCHES = -1;

    private final SystemCalls calls;
    private final Descriptor descriptor;
    private final MapSpec spec;
    private final int valueBytes;

    /** What the kernel said to the first batch of each command. */
    private volatile boolean readsOneByOne;

    private volatile boolean writesOneByOne;

    MapEntries(SystemCalls calls, Descriptor descriptor, MapSpec spec, int valueBytes) {
        this.calls = calls;
        this.descriptor = descriptor;
        this.spec = spec;
        this.valueBytes = valueBytes;
        // The kernel makes a trie's batches from key to key, without a memory of the keys that came before a vanished
        // one.
        this.readsOneByOne = spec.type() == MapType.LPM_TRIE;
    }

    /** Shows all entries, or takes them out; gives their number. */
    int forEach(boolean take, EntryConsumer consumer) {
        if (!readsOneByOne) {
            int count = inBatches(take, consumer);
            if (count != NO_BATCHES) {
                return count;
            }
            readsOneByOne = true;
        }
        return new MapWalk(calls, descriptor, spec, valueBytes).forEach(take, consumer);
    }

    /** Where a batch lies. */
    private final class Room implements AutoCloseable {
        final Arena arena = Arena.ofConfined();
        final int entries;
        final MemorySegment keys;
        final MemorySegment values;

        Room(int entries) {
            this.entries = entries;
            this.keys = arena.allocate((long) entries * spec.keySizeBytes(), Long.BYTES);
            this.values = arena.allocate((long) entries * valueBytes, Long.BYTES);
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    private int firstRoom() {
        int fitting = BUFFER_BYTES / (spec.keySizeBytes() + valueBytes);
        return Math.max(MIN_ROOM, Math.min(fitting, spec.maxEntries()));
    }

    private int inBatches(boolean take, EntryConsumer consumer) {
        int command = take ? Linux.BPF_MAP_LOOKUP_AND_DELETE_BATCH : Linux.BPF_MAP_LOOKUP_BATCH;
        Room room = new Room(firstRoom());
        try (Arena arena = Arena.ofConfined()) {
            // A hash's position is a 32-bit bucket number, an array's is a key.
            MemorySegment position = arena.allocate(Math.max(Integer.BYTES, spec.keySizeBytes()), Long.BYTES);
            Struct attr =
                    Struct.over(arena.allocate(BpfAttr.SIZE, Long.BYTES)).u64(MapBatch.OUT_BATCH, position.address());
            EntrySlot slot = new EntrySlot(arena, spec.keySizeBytes(), valueBytes, consumer);
            boolean first = true;
            while (true) {
                long result = call(command, attr, room.keys.address(), room.values.address(), room.entries);
                if (result == -Errno.ENOSPC) {
                    // One bucket has more entries than there is room for; nothing was given or taken.
                    room = larger(room);
                    continue;
                }
                if (first && isUnknown(result)) {
                    return NO_BATCHES;
                }
                if (result != 0 && result != -Errno.ENOENT) {
                    throw failed(take ? "take from" : "read", "", result);
                }
                slot.deliver(room.keys, room.values, attr.u32(MapBatch.COUNT));
                if (result == -Errno.ENOENT) {
                    return slot.delivered();
                }
                first = false;
                attr.u64(MapBatch.IN_BATCH, position.address());
            }
        } finally {
            room.close();
        }
    }

    private Room larger(Room full) {
        // Twice the entries: while they are replaced a bucket may show old and new ones.
        if (full.entries >= 2L * Math.max(MIN_ROOM, spec.maxEntries())) {
            throw failed("read", "", -Errno.ENOSPC);
        }
        full.close();
        return new Room(2 * full.entries);
    }

    /** What a kernel says that does not know the command, or not for this type of map. */
    private static boolean isUnknown(long result) {
        return result == -Errno.EINVAL || result == -Errno.ENOTSUPP || result == -Errno.EOPNOTSUPP;
    }

    private long call(int command, Struct attr, long keys, long values, int count) {
        attr.u64(MapBatch.KEYS, keys).u64(MapBatch.VALUES, values).u32(MapBatch.COUNT, count);
        return descriptor.use(fd -> calls.bpf(command, attr.u32(MapBatch.MAP_FD, fd)));
    }

    /** Sets one entry. */
    @FunctionalInterface
    interface Single {
        /** Gives 0, or the negated errno. */
        long apply(long index);
    }

    /**
     * Sets entries.
     *
     * @param one what to do where there are no batches
     */
    void update(MemorySegment keys, MemorySegment values, int count, long flags, Single one) {
        int done = 0;
        long result = 0;
        if (!writesOneByOne) {
            try (Arena arena = Arena.ofConfined()) {
                Struct attr =
                        Struct.over(arena.allocate(BpfAttr.SIZE, Long.BYTES)).u64(MapBatch.ELEM_FLAGS, flags);
                long from = inNativeMemory(keys, arena).address();
                result = call(
                        Linux.BPF_MAP_UPDATE_BATCH,
                        attr,
                        from,
                        inNativeMemory(values, arena).address(),
                        count);
                done = result == 0 ? count : progress(attr, count);
            }
            if (done > 0 || !isUnknown(result)) {
                checkEntry("update", done, count, result);
                return;
            }
            writesOneByOne = true;
        }
        for (int i = 0; i < count; i++) {
            checkEntry("update", i, count, one.apply(i));
        }
    }

    /**
     * Removes entries, those that there are.
     *
     * @param one what to do where there are no batches
     * @return how many there were
     */
    int delete(MemorySegment keys, int count, Single one) {
        int deleted = 0;
        int next = 0;
        if (!writesOneByOne) {
            try (Arena arena = Arena.ofConfined()) {
                Struct attr = Struct.over(arena.allocate(BpfAttr.SIZE, Long.BYTES));
                long from = inNativeMemory(keys, arena).address();
                while (next < count && !writesOneByOne) {
                    int rest = count - next;
                    long result =
                            call(Linux.BPF_MAP_DELETE_BATCH, attr, from + (long) next * spec.keySizeBytes(), 0, rest);
                    int done = result == 0 ? rest : progress(attr, rest);
                    deleted += done;
                    next += done;
                    if (result == -Errno.ENOENT) {
                        next++; // the batch ends at a key that there is not
                    } else if (next == 0 && isUnknown(result)) {
                        writesOneByOne = true;
                    } else {
                        checkEntry("delete from", next, count, result);
                    }
                }
            }
        }
        for (; next < count; next++) {
            long result = one.apply(next);
            if (result != -Errno.ENOENT) {
                checkEntry("delete from", next, count, result);
                deleted++;
            }
        }
        return deleted;
    }

    /** How far a batch came that failed: a kernel that failed before it began leaves the number as it was. */
    private static int progress(Struct attr, int asked) {
        int done = attr.u32(MapBatch.COUNT);
        return Integer.compareUnsigned(done, asked) < 0 ? done : 0;
    }

    private static MemorySegment inNativeMemory(MemorySegment segment, Arena arena) {
        if (segment.isNative()) {
            return segment;
        }
        return arena.allocate(segment.byteSize(), Long.BYTES).copyFrom(segment);
    }

    private void checkEntry(String operation, int index, int count, long result) {
        if (result < 0) {
            throw failed(operation, " entry %d of %d".formatted(index + 1, count), result);
        }
    }

    private SystemCallException failed(String operation, String entry, long result) {
        return new SystemCallException(Failure.of(operation + " map", spec.name() + entry, (int) -result));
    }

    /** The one key and value that a consumer sees, whatever the batch. */
    static final class EntrySlot {
        private final MemorySegment key;
        private final MemorySegment value;
        private final MemorySegment shownKey;
        private final MemorySegment shownValue;
        private final EntryConsumer consumer;
        private int delivered;

        EntrySlot(Arena arena, int keyBytes, int valueBytes, EntryConsumer consumer) {
            this.key = arena.allocate(keyBytes, Long.BYTES);
            this.value = arena.allocate(valueBytes, Long.BYTES);
            this.shownKey = key.asReadOnly();
            this.shownValue = value.asReadOnly();
            this.consumer = consumer;
        }

        void deliver(MemorySegment keys, MemorySegment values, int count) {
            long keyBytes = key.byteSize();
            long valueBytes = value.byteSize();
            for (long i = 0; i < count; i++) {
                MemorySegment.copy(keys, i * keyBytes, key, 0, keyBytes);
                MemorySegment.copy(values, i * valueBytes, value, 0, valueBytes);
                consumer.accept(shownKey, shownValue);
            }
            delivered += count;
        }

        int delivered() {
            return delivered;
        }
    }
}
