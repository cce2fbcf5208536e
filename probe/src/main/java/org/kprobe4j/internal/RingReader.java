package org.kprobe4j.internal;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.kprobe4j.bpf.BpfMap;
import org.kprobe4j.bpf.MapSpec;
import org.kprobe4j.bpf.ringbuf.RecordConsumer;
import org.kprobe4j.bpf.ringbuf.RingBuffer;

/** A ring buffer and the thread that empties it. */
public final class RingReader implements AutoCloseable {
    /** Until a program waits, its own first lines come before those of its probes, but no longer than this. */
    private static final long HOLD_MILLIS = 250;

    /** The kernel wakes the thread when something comes, {@link #close()} when it is to end: so an idle one sleeps. */
    private static final Duration PAUSE = Duration.ofMinutes(1);

    private static final Duration JOIN = Duration.ofSeconds(5);

    private final BpfMap map;
    private final RingBuffer ring;
    private final Rest rest;
    private final RecordConsumer consumer;
    private final Runnable afterBatch;
    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean started;
    /** Used by the thread. */
    private boolean closedByConsumer;

    private volatile boolean closing;

    /**
     * Makes the buffer; nothing takes its records before {@link #start()}.
     *
     * @param name for bpftool
     * @param sizeBytes a power of two, at least a page
     * @param consumer takes each record, at the price of one small object each
     * @param afterBatch called when the buffer is empty again
     */
    public RingReader(String name, int sizeBytes, Consumer<MemorySegment> consumer, Runnable afterBatch) {
        this(name, sizeBytes, RingBuffer.slices(consumer), afterBatch);
    }

    /**
     * Makes the buffer; nothing takes its records before {@link #start()}.
     *
     * @param name for bpftool
     * @param sizeBytes a power of two, at least a page
     * @param consumer takes each record where it lies
     * @param afterBatch called when the buffer is empty again
     */
    public RingReader(String name, int sizeBytes, RecordConsumer consumer, Runnable afterBatch) {
        this.map = BpfMap.create(MapSpec.ringbuf(name, sizeBytes));
        this.ring = RingBuffer.of(map);
        this.rest = new Rest(sizeBytes);
        this.consumer = consumer;
        this.afterBatch = afterBatch;
        this.thread = new Thread(this::run, "kprobe4j-" + name);
        thread.setDaemon(true);
    }

    /** Starts the thread. */
    public synchronized void start() {
        if (!started && !closing) {
            started = true;
            thread.start();
        }
    }

    /** The buffer, to be read otherwise than by the thread, as long as that is not started. */
    RingBuffer ring() {
        return ring;
    }

    /** The map's descriptor. */
    public int fd() {
        return map.fd();
    }

    private void run() {
        try {
            var _ = Runs.whenWaiting().await(HOLD_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        while (!closing) {
            if (ring.poll(PAUSE, consumer) > 0) {
                afterBatch.run();
                rest();
            }
        }
        ring.drain(consumer);
        afterBatch.run();
        if (closedByConsumer) {
            free();
        }
    }

    private void rest() {
        try {
            rest.take(ring::availableBytes, millis -> closed.await(millis, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes what is still in the buffer, then frees it; called by the consumer itself, it does so when that is left. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
        }
        closed.countDown();
        if (Thread.currentThread() == thread) {
            closedByConsumer = true;
            return;
        }
        if (started) {
            ring.wakeup();
            join();
        }
        free();
    }

    private void free() {
        ring.close();
        map.close();
    }

    private void join() {
        try {
            thread.join(JOIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
