package org.kprobe4j.bpf.ringbuf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.kprobe4j.benchmarks.MemoryKernel;
import org.kprobe4j.bpf.BenchmarkMaps;
import org.kprobe4j.bpf.MapSpec;
import org.kprobe4j.bpf.internal.SystemCalls;

/** A ring buffer as a kernel fills it, which can be read again and again. */
public final class FilledRing {
    private static final int PAGE = 4096;
    /** Source: BPF_RINGBUF_HDR_SZ in include/uapi/linux/bpf.h. */
    private static final int HEADER_BYTES = 8;

    private final MemorySegment consumer = Arena.ofAuto().allocate(PAGE, PAGE);
    private final MemorySegment data;
    private final int sizeBytes;
    private final RingBuffer ring;
    private long written;

    /**
     * An empty ring.
     *
     * @param sizeBytes a power of two
     */
    public FilledRing(int sizeBytes) {
        this.sizeBytes = sizeBytes;
        this.data = Arena.ofAuto().allocate(PAGE + 2L * sizeBytes, PAGE);
        SystemCalls calls = MemoryKernel.of((command, attr) -> 1000, Map.of(0L, consumer, (long) PAGE, data));
        this.ring = RingBuffer.of(calls, BenchmarkMaps.map(calls, MapSpec.ringbuf("events", sizeBytes)));
    }

    /**
     * Whether there is room for so many bytes of records.
     *
     * @param records how many
     * @param bytes of all together
     * @return whether they fit
     */
    public boolean hasRoom(int records, int bytes) {
        return written + bytes + (long) records * HEADER_BYTES <= sizeBytes;
    }

    /**
     * Puts a record behind those that are there.
     *
     * @param record its bytes, a multiple of eight
     */
    public void add(byte[] record) {
        data.set(ValueLayout.JAVA_INT, PAGE + written, record.length);
        MemorySegment.copy(record, 0, data, ValueLayout.JAVA_BYTE, PAGE + written + HEADER_BYTES, record.length);
        written += HEADER_BYTES + record.length;
    }

    /** As if the kernel had filled it again. */
    public void rewind() {
        consumer.set(ValueLayout.JAVA_LONG, 0, 0);
        data.set(ValueLayout.JAVA_LONG, 0, written);
    }

    /**
     * The reader's side.
     *
     * @return the ring
     */
    public RingBuffer ring() {
        return ring;
    }
}
