package org.kprobe4j;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A ring buffer's records on the heap, with the kernel's bounds. */
final class SimulatedRing {
    /** Source: BPF_RINGBUF_HDR_SZ in include/uapi/linux/bpf.h. */
    private static final int HEADER_BYTES = 8;

    private final int sizeBytes;
    private final Deque<byte[]> records = new ArrayDeque<>();
    private long used;
    private @Nullable Consumer<MemorySegment> consumer;

    SimulatedRing(int sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    /** False if it is full. Source: __bpf_ringbuf_reserve in kernel/bpf/ringbuf.c. */
    boolean emit(byte[] record) {
        int taken = record.length + HEADER_BYTES;
        if (used + taken > sizeBytes - 1) {
            return false;
        }
        used += taken;
        records.add(record);
        deliver();
        return true;
    }

    /** From now on each record is taken at once, those that wait first. */
    void forEach(Consumer<MemorySegment> action) {
        consumer = action;
        deliver();
    }

    private void deliver() {
        Consumer<MemorySegment> action = consumer;
        while (action != null && !records.isEmpty()) {
            action.accept(Objects.requireNonNull(poll()));
        }
    }

    /** The next one, if there is one. */
    @Nullable
    MemorySegment poll() {
        byte[] record = records.poll();
        if (record == null) {
            return null;
        }
        used -= record.length + HEADER_BYTES;
        return MemorySegment.ofArray(record);
    }

    /** Those that nobody took. */
    List<MemorySegment> waiting() {
        var waiting = new ArrayList<MemorySegment>();
        records.forEach(record -> waiting.add(MemorySegment.ofArray(record)));
        return waiting;
    }
}
