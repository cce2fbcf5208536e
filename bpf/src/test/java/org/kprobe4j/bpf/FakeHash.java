package org.kprobe4j.bpf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.kprobe4j.bpf.internal.BpfAttr.MapBatch;
import org.kprobe4j.bpf.internal.BpfAttr.MapElement;
import org.kprobe4j.bpf.internal.FakeKernel;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Struct;

/** A hash map as the kernel keeps it, with 4-byte keys and 8-byte values: buckets, new entries first, in each. */
@SuppressWarnings("restricted")
final class FakeHash implements FakeKernel.BpfHandler {
    private static final int EINVAL = 22;
    private static final int ENOSPC = 28;

    record Entry(int key, long value) {}

    private final List<List<Entry>> buckets = new ArrayList<>();
    private final int maxEntries;
    private int size;
    /** The errno that batches get; 0 if the kernel has them. */
    int batchErrno;
    /** Called before each command. */
    IntConsumer before = command -> {};

    final List<Integer> commands = new ArrayList<>();

    FakeHash(int bucketCount, int maxEntries) {
        for (int i = 0; i < bucketCount; i++) {
            buckets.add(new ArrayList<>());
        }
        this.maxEntries = maxEntries;
    }

    private List<Entry> bucket(int key) {
        return buckets.get(Math.floorMod(key * 31, buckets.size()));
    }

    int size() {
        return size;
    }

    long put(int key, long value, long flags) {
        boolean there = bucket(key).stream().anyMatch(entry -> entry.key() == key);
        if (there && flags == BpfMap.NOEXIST) {
            return -Errno.EEXIST;
        }
        if (there) {
            remove(key);
        } else if (size == maxEntries) {
            return -Errno.E2BIG;
        }
        bucket(key).addFirst(new Entry(key, value));
        size++;
        return 0;
    }

    long remove(int key) {
        if (bucket(key).removeIf(entry -> entry.key() == key)) {
            size--;
            return 0;
        }
        return -Errno.ENOENT;
    }

    @Override
    public long handle(int command, Struct attr) {
        if (command == Linux.BPF_MAP_CREATE) {
            return 1000;
        }
        commands.add(command);
        before.accept(command);
        return switch (command) {
            case Linux.BPF_MAP_LOOKUP_ELEM -> lookup(attr);
            case Linux.BPF_MAP_UPDATE_ELEM ->
                put(
                        key(attr),
                        at(attr.u64(MapElement.VALUE)).get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
                        attr.u64(MapElement.FLAGS));
            case Linux.BPF_MAP_DELETE_ELEM -> remove(key(attr));
            case Linux.BPF_MAP_GET_NEXT_KEY -> nextKey(attr);
            case Linux.BPF_MAP_LOOKUP_BATCH, Linux.BPF_MAP_LOOKUP_AND_DELETE_BATCH ->
                batchErrno != 0 ? -batchErrno : read(attr, command == Linux.BPF_MAP_LOOKUP_AND_DELETE_BATCH);
            case Linux.BPF_MAP_UPDATE_BATCH, Linux.BPF_MAP_DELETE_BATCH ->
                batchErrno != 0 ? -batchErrno : write(attr, command == Linux.BPF_MAP_UPDATE_BATCH);
            default -> -EINVAL;
        };
    }

    private static MemorySegment at(long address) {
        return MemorySegment.ofAddress(address).reinterpret(1 << 20);
    }

    private static int key(Struct attr) {
        return at(attr.u64(MapElement.KEY)).get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }

    private long lookup(Struct attr) {
        int key = key(attr);
        for (Entry entry : bucket(key)) {
            if (entry.key() == key) {
                at(attr.u64(MapElement.VALUE)).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, entry.value());
                return 0;
            }
        }
        return -Errno.ENOENT;
    }

    private long nextKey(Struct attr) {
        List<Integer> order =
                buckets.stream().flatMap(List::stream).map(Entry::key).toList();
        int index = attr.u64(MapElement.KEY) == 0 ? -1 : order.indexOf(key(attr));
        if (index + 1 == order.size()) {
            return -Errno.ENOENT;
        }
        at(attr.u64(MapElement.VALUE)).set(ValueLayout.JAVA_INT_UNALIGNED, 0, order.get(index + 1));
        return 0;
    }

    private long read(Struct attr, boolean take) {
        int room = attr.u32(MapBatch.COUNT);
        attr.u32(MapBatch.COUNT, 0);
        int from = attr.u64(MapBatch.IN_BATCH) == 0
                ? 0
                : at(attr.u64(MapBatch.IN_BATCH)).get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        int total = 0;
        int bucket = from;
        for (; bucket < buckets.size(); bucket++) {
            List<Entry> entries = buckets.get(bucket);
            if (entries.size() > room - total) {
                break;
            }
            for (Entry entry : entries) {
                at(attr.u64(MapBatch.KEYS)).set(ValueLayout.JAVA_INT_UNALIGNED, 4L * total, entry.key());
                at(attr.u64(MapBatch.VALUES)).set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * total, entry.value());
                total++;
            }
            if (take) {
                size -= entries.size();
                entries.clear();
            }
        }
        attr.u32(MapBatch.COUNT, total);
        at(attr.u64(MapBatch.OUT_BATCH)).set(ValueLayout.JAVA_INT_UNALIGNED, 0, bucket);
        if (bucket == buckets.size()) {
            return -Errno.ENOENT;
        }
        return total == 0 ? -ENOSPC : 0;
    }

    private long write(Struct attr, boolean update) {
        int count = attr.u32(MapBatch.COUNT);
        for (int i = 0; i < count; i++) {
            int key = at(attr.u64(MapBatch.KEYS)).get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            long result = update
                    ? put(
                            key,
                            at(attr.u64(MapBatch.VALUES)).get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i),
                            attr.u64(MapBatch.ELEM_FLAGS))
                    : remove(key);
            if (result < 0) {
                attr.u32(MapBatch.COUNT, i);
                return result;
            }
        }
        return 0;
    }
}
