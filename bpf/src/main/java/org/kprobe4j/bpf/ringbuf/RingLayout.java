package org.kprobe4j.bpf.ringbuf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kprobe4j.bpf.internal.Linux;

/**
 * The memory that the consumer shares with the kernel, and the order in which it is touched.
 *
 * <pre>
 *   descriptor offset 0         page                2 pages       2 pages + size
 *                     | consumer | producer position | data        | the same data again |
 *                       rw         ro                  ro            ro
 *   record: u32 length and bits (31 busy, 30 discarded) | u32 page offset | data, padded to 8
 * </pre>
 *
 * <p>Positions are {@code unsigned long}: they count bytes for ever, and on 32 bits they wrap. Because the data are mapped twice a
 * record is always in one piece. Source: kernel/bpf/ringbuf.c.
 */
final class RingLayout {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final int BITS = Linux.BPF_RINGBUF_BUSY_BIT | Linux.BPF_RINGBUF_DISCARD_BIT;

    private final boolean wide;
    private final ByteBuffer consumer;
    private final ByteBuffer producer;
    private final int pageBytes;
    private final long mask;

    RingLayout(int wordBytes, ByteBuffer consumer, ByteBuffer producer, int pageBytes, int sizeBytes) {
        this.wide = wordBytes == Long.BYTES;
        this.consumer = consumer.order(ByteOrder.nativeOrder());
        this.producer = producer.order(ByteOrder.nativeOrder());
        this.pageBytes = pageBytes;
        this.mask = sizeBytes - 1L;
    }

    int sizeBytes() {
        return (int) mask + 1;
    }

    /** Only this side writes it, so no order is needed to read it back. */
    long consumerPosition() {
        return wide ? (long) LONG.getOpaque(consumer, 0) : Integer.toUnsignedLong((int) INT.getOpaque(consumer, 0));
    }

    /** Release: the record's bytes are read before the kernel may overwrite them. */
    void consumerPosition(long position) {
        if (wide) {
            LONG.setRelease(consumer, 0, position);
        } else {
            INT.setRelease(consumer, 0, (int) position);
        }
    }

    /** Acquire: headers below this position are seen as the kernel wrote them. */
    long producerPosition() {
        return wide ? (long) LONG.getAcquire(producer, 0) : Integer.toUnsignedLong((int) INT.getAcquire(producer, 0));
    }

    /** Acquire: once the busy bit is gone the record's bytes are there. */
    int header(long position) {
        return (int) INT.getAcquire(producer, (int) (pageBytes + (position & mask)));
    }

    /** Where the record's bytes begin in the mapping of the producer's side. */
    long dataOffset(long position) {
        return pageBytes + (position & mask) + Linux.BPF_RINGBUF_HDR_SZ;
    }

    long advance(long position, int header) {
        long next = position + ((length(header) + Linux.BPF_RINGBUF_HDR_SZ + 7L) & ~7L);
        return wide ? next : next & 0xFFFF_FFFFL;
    }

    long distance(long from, long to) {
        return wide ? to - from : (to - from) & 0xFFFF_FFFFL;
    }

    static boolean isBusy(int header) {
        return (header & Linux.BPF_RINGBUF_BUSY_BIT) != 0;
    }

    static boolean isDiscarded(int header) {
        return (header & Linux.BPF_RINGBUF_DISCARD_BIT) != 0;
    }

    static int length(int header) {
        return header & ~BITS;
    }
}
