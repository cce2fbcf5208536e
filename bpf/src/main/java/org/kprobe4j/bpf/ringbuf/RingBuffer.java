package org.kprobe4j.bpf.ringbuf;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.MapType;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.internal.Machine;
import org.kprobe4j.bpf.internal.Mapping;
import org.kprobe4j.bpf.internal.SystemCalls;

/**
 * The consumer of a ring buffer map: records of all CPUs in the order in which they were reserved.
 *
 * <p>One thread consumes at a time; others wait. {@link #wakeup} and {@link #close} may come from any thread, also from the consumer's
 * own record handler. It owns its mappings, not the map. Since kernel: 5.8. Source: Documentation/bpf/ringbuf.rst.
 */
public final class RingBuffer implements AutoCloseable {
    private static final int MAX_UNSHOWN_BYTES = 1 << 14;

    private final String name;
    private final Mapping consumerPage;
    private final Mapping producerAndData;
    private final RingLayout layout;
    private final Waiter waiter;
    private final int showEveryBytes;
    /** Held by the consuming thread: while it is held nothing is unmapped. */
    private final ReentrantLock consuming = new ReentrantLock();

    private volatile boolean closing;
    private boolean released;

    private RingBuffer(String name, Mapping consumerPage, Mapping producerAndData, RingLayout layout, Waiter waiter) {
        this.name = name;
        this.consumerPage = consumerPage;
        this.producerAndData = producerAndData;
        this.layout = layout;
        this.waiter = waiter;
        this.showEveryBytes = Math.min(MAX_UNSHOWN_BYTES, layout.sizeBytes() / 32);
    }

    /**
     * Opens the consumer's side. A map has one consumer position: open it once.
     *
     * @param map of type RINGBUF; it may be closed afterwards
     * @return the consumer
     * @throws SystemCallException if the kernel refuses the mappings
     */
    public static RingBuffer of(BpfMap map) {
        return of(SystemCalls.linux(), map);
    }

    static RingBuffer of(SystemCalls calls, BpfMap map) {
        if (map.spec().type() != MapType.RINGBUF) {
            throw new IllegalArgumentException(map + " is not a ring buffer");
        }
        String name = "ring buffer " + map.spec().name();
        int page = Machine.pageBytes(calls);
        int size = map.spec().maxEntries();
        Mapping consumer = map(calls, map.fd(), new Mapping.Request("consumer page of " + name, page, 0, true));
        try {
            Mapping data = map(calls, map.fd(), new Mapping.Request("data of " + name, page + 2L * size, page, false));
            try {
                RingLayout layout = new RingLayout(
                        calls.abi().wordBytes(),
                        consumer.memory().asByteBuffer(),
                        data.memory().asByteBuffer(),
                        page,
                        size);
                return new RingBuffer(name, consumer, data, layout, Waiter.on(calls, map.fd(), name));
            } catch (RuntimeException e) {
                data.close();
                throw e;
            }
        } catch (RuntimeException e) {
            consumer.close();
            throw e;
        }
    }

    private static Mapping map(SystemCalls calls, int fd, Mapping.Request request) {
        long address = Mapping.map(calls, fd, request);
        if (address < 0) {
            throw new SystemCallException(Failure.of("mmap", request.what(), (int) -address));
        }
        return Mapping.own(calls, request, address);
    }

    /**
     * Adapts a consumer of whole segments: convenient, at the price of one small object per record.
     *
     * @param consumer gets each record as a read-only segment, valid only during the call
     * @return the record consumer
     */
    public static RecordConsumer slices(Consumer<MemorySegment> consumer) {
        return (data, offset, sizeBytes) -> consumer.accept(data.asSlice(offset, sizeBytes));
    }

    /**
     * Takes the records that are there, at most one buffer's worth, so that it returns although more keep coming; if there is none, waits
     * for some.
     *
     * @param timeout how long to wait at most; zero does not wait
     * @param consumer gets each record; what it throws ends the poll after that record
     * @return the number of records; 0 after the timeout or a {@link #wakeup}
     * @throws IllegalStateException if it is closed, also while waiting
     */
    public int poll(Duration timeout, RecordConsumer consumer) {
        return poll(timeout, Integer.MAX_VALUE, consumer);
    }

    /**
     * The same, of a number of records at most.
     *
     * @param timeout how long to wait at most; zero does not wait
     * @param atMost so many records, at least one
     * @param consumer gets each record; what it throws ends the poll after that record
     * @return the number of records; 0 after the timeout or a {@link #wakeup}
     * @throws IllegalStateException if it is closed, also while waiting
     */
    public int poll(Duration timeout, int atMost, RecordConsumer consumer) {
        long deadline = System.nanoTime() + saturated(timeout);
        enter();
        try {
            while (true) {
                int count = take(consumer, atMost);
                long left = deadline - System.nanoTime();
                if (count > 0 || left <= 0) {
                    return count;
                }
                waiter.await(roundedUpMillis(left));
                if (waiter.takeWakeup()) {
                    requireOpen();
                    return take(consumer, atMost);
                }
            }
        } finally {
            leave();
        }
    }

    private static long saturated(Duration timeout) {
        final long century = 36_525L * 24 * 3600;
        return timeout.toSeconds() >= century ? century * 1_000_000_000L : Math.max(0, timeout.toNanos());
    }

    /** A wait that is rounded down would spin during its last millisecond. */
    private static int roundedUpMillis(long nanos) {
        return (int) Math.min(Integer.MAX_VALUE, (nanos + 999_999) / 1_000_000);
    }

    /**
     * Takes the records that are there, without waiting, and at most one buffer's worth.
     *
     * @param consumer gets each record
     * @return the number of records
     * @throws IllegalStateException if it is closed
     */
    public int drain(RecordConsumer consumer) {
        enter();
        try {
            return take(consumer, Integer.MAX_VALUE);
        } finally {
            leave();
        }
    }

    /**
     * The position is shown to the kernel now and then only: each time costs the producers a cache miss, and lets them wake a consumer
     * that is awake. It is shown before this side looks for the last time, so that no wake-up is missed.
     */
    private int take(RecordConsumer consumer, int atMost) {
        MemorySegment data = producerAndData.memory();
        long start = layout.consumerPosition();
        long position = start;
        long shown = start;
        long produced = start;
        int count = 0;
        try {
            while (count < atMost && !closing && layout.distance(start, position) < layout.sizeBytes()) {
                if (position == produced || layout.distance(shown, position) >= showEveryBytes) {
                    layout.consumerPosition(position);
                    shown = position;
                }
                if (position == produced) {
                    produced = producedBehind(position);
                    if (position == produced) {
                        break;
                    }
                }
                int header = settledHeader(position);
                if (RingLayout.isBusy(header)) {
                    break;
                }
                long dataOffset = layout.dataOffset(position);
                position = layout.advance(position, header);
                if (!RingLayout.isDiscarded(header)) {
                    count++;
                    consumer.accept(data, dataOffset, RingLayout.length(header));
                }
            }
        } finally {
            layout.consumerPosition(position);
        }
        return count;
    }

    /** How far the kernel has come. */
    private long producedBehind(long position) {
        long produced = layout.producerPosition();
        if (position == produced) {
            // Our position must be visible before we look for the last time: otherwise the kernel, seeing an old one,
            // sends no
            // wake-up for a record that we do not see.
            VarHandle.fullFence();
            produced = layout.producerPosition();
        }
        return produced;
    }

    /** The same for a record that is still being written: its end sends a wake-up only to a position that waits for it. */
    private int settledHeader(long position) {
        int header = layout.header(position);
        if (RingLayout.isBusy(header)) {
            layout.consumerPosition(position);
            VarHandle.fullFence();
            header = layout.header(position);
        }
        return header;
    }

    /**
     * How much has been written and not yet taken, including records that are not committed yet. Never waits.
     *
     * @return size in bytes, with headers
     * @throws IllegalStateException if it is closed
     */
    public long availableBytes() {
        requireOpen(); // a close that comes now is caught by the mapping itself
        return layout.distance(layout.consumerPosition(), layout.producerPosition());
    }

    /** Lets the present, or the next, {@link #poll} return. Does nothing after {@link #close}. */
    public void wakeup() {
        try {
            waiter.wake();
        } catch (IllegalStateException _) {
            // closed meanwhile: nobody is waiting any more
        }
    }

    private void enter() {
        consuming.lock();
        if (closing) {
            leave();
            throw closed();
        }
    }

    private void requireOpen() {
        if (closing) {
            throw closed();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException(name + " is closed");
    }

    /** The last one out releases, if a close came meanwhile. */
    private void leave() {
        try {
            if (closing && consuming.getHoldCount() == 1) {
                release();
            }
        } finally {
            consuming.unlock();
        }
    }

    private void release() {
        if (!released) {
            released = true;
            waiter.close();
            producerAndData.close();
            consumerPage.close();
        }
    }

    /** Ends a waiting {@link #poll} and unmaps. Called by a record handler, it takes effect when the poll is left. */
    @Override
    public void close() {
        closing = true;
        wakeup();
        consuming.lock();
        leave();
    }

    @Override
    public String toString() {
        return name;
    }
}
