package org.kprobe4j.bpf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.kprobe4j.bpf.MapEntries.EntrySlot;
import org.kprobe4j.bpf.internal.BpfAttr;
import org.kprobe4j.bpf.internal.BpfAttr.MapElement;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Linux;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * One way through a map from key to key, two system calls for each entry.
 *
 * <p>Asked for the key after one that is gone, the kernel begins again at the first. So the keys that came are remembered, and passed
 * over until one comes that is new: no entry that stays is missed, none comes twice. A map whose entries vanish so fast that this
 * gets nowhere is given up, with an exception. Source: kernel/bpf/hashtab.c htab_map_get_next_key().
 */
final class MapWalk {
    /** A way that is never disturbed has one step for each entry. */
    private static final long STEPS_PER_ENTRY = 64;

    private static final long MIN_STEPS = 1 << 16;

    private final SystemCalls calls;
    private final Descriptor descriptor;
    private final MapSpec spec;
    private final int valueBytes;
    /** Keys of an array stay; those of a stack trace map are numbers, which the kernel counts up. */
    private final boolean ordered;

    private final Set<ByteBuffer> seen = new HashSet<>();

    MapWalk(SystemCalls calls, Descriptor descriptor, MapSpec spec, int valueBytes) {
        this.calls = calls;
        this.descriptor = descriptor;
        this.spec = spec;
        this.valueBytes = valueBytes;
        this.ordered = switch (spec.type()) {
            case ARRAY, PERCPU_ARRAY, PROG_ARRAY, PERF_EVENT_ARRAY, STACK_TRACE -> true;
            default -> false;
        };
    }

    int forEach(boolean take, EntryConsumer consumer) {
        try (Arena arena = Arena.ofConfined()) {
            Struct attr = Struct.over(arena.allocate(BpfAttr.SIZE, Long.BYTES));
            MemorySegment value = arena.allocate(valueBytes, Long.BYTES);
            MemorySegment key = arena.allocate(spec.keySizeBytes(), Long.BYTES);
            MemorySegment next = arena.allocate(spec.keySizeBytes(), Long.BYTES);
            EntrySlot slot = new EntrySlot(arena, spec.keySizeBytes(), valueBytes, consumer);
            long stepsLeft = MIN_STEPS + STEPS_PER_ENTRY * spec.maxEntries();
            boolean more = step(attr, 0, key);
            while (more) {
                if (--stepsLeft < 0) {
                    throw new IllegalStateException(
                            "read map %s: its entries vanish faster than one can go from key to key; read it while fewer programs write"
                                    .formatted(spec.name()));
                }
                // The next key first: taking the entry out would make the kernel begin again.
                more = step(attr, key.address(), next);
                if (isNew(key) && get(attr, key, value) && (!take || delete(attr, key))) {
                    slot.deliver(key, value, 1);
                }
                MemorySegment passed = key;
                key = next;
                next = passed;
            }
            return slot.delivered();
        }
    }

    private boolean isNew(MemorySegment key) {
        return ordered || seen.add(ByteBuffer.wrap(key.toArray(ValueLayout.JAVA_BYTE)));
    }

    private boolean step(Struct attr, long after, MemorySegment next) {
        return call("next key of", Linux.BPF_MAP_GET_NEXT_KEY, attr, after, next.address());
    }

    private boolean get(Struct attr, MemorySegment key, MemorySegment value) {
        return call("look up in", Linux.BPF_MAP_LOOKUP_ELEM, attr, key.address(), value.address());
    }

    private boolean delete(Struct attr, MemorySegment key) {
        return call("delete from", Linux.BPF_MAP_DELETE_ELEM, attr, key.address(), 0);
    }

    /** False for ENOENT. */
    private boolean call(String operation, int command, Struct attr, long key, long value) {
        attr.u64(MapElement.KEY, key).u64(MapElement.VALUE, value);
        long result = descriptor.use(fd -> calls.bpf(command, attr.u32(MapElement.MAP_FD, fd)));
        if (result < 0 && result != -Errno.ENOENT) {
            throw new SystemCallException(Failure.of(operation + " map", spec.name(), (int) -result));
        }
        return result >= 0;
    }
}
