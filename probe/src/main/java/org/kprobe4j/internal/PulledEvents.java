package org.kprobe4j.internal;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.ringbuf.RingBuffer;

/**
 * Events that the program takes itself, one by one: they are fetched from the ring in batches, so that its room is given back to the
 * kernel seldom but soon. Thread-safe; each event goes to one thread.
 *
 * @param <T> the event
 */
public final class PulledEvents<T> {
    /** As long as one can wait. */
    public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    private static final int BATCH = 256;

    /** A batch of less is a sign that the records come as fast as they are taken: then each one would wake us. */
    private static final int SMALL_BATCH = 64;

    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long OFTEN_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    /** Stands in its place among the events: thrown when it is its turn. */
    private record Failed(RuntimeException reason) {}

    private final RingBuffer ring;
    private final EventBytes<T> events;
    /** Held while the ring is touched, also while waiting for it. */
    private final ReentrantLock taking = new ReentrantLock();

    private final Deque<Object> taken = new ArrayDeque<>();
    private volatile boolean ending;
    private boolean ended;
    private long wokenNanos = System.nanoTime() - OFTEN_NANOS;
    private int lastBatch;

    /** Of a reader that is never started. */
    public PulledEvents(RingReader reader, EventBytes<T> events) {
        this(reader.ring(), events);
    }

    /** Of a ring that nobody else reads. */
    public PulledEvents(RingBuffer ring, EventBytes<T> events) {
        this.ring = ring;
        this.events = events;
    }

    /**
     * The next event; null if none came in time, or if this has ended.
     *
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public @Nullable T next(Duration timeout) throws InterruptedException {
        long begin = System.nanoTime();
        long nanos = nanos(timeout);
        boolean mine = nanos > 0 ? taking.tryLock(nanos, TimeUnit.NANOSECONDS) : taking.tryLock();
        if (!mine) {
            return null;
        }
        try {
            while (taken.isEmpty() && !ended) {
                long left = nanos - (System.nanoTime() - begin);
                if (fetch(BATCH) == 0 && !ended) {
                    if (left <= 0) {
                        return null;
                    }
                    await(left);
                }
            }
            return open(taken.poll());
        } finally {
            taking.unlock();
        }
    }

    private static long nanos(Duration timeout) {
        boolean beyond = timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0;
        return beyond ? Long.MAX_VALUE : timeout.isNegative() ? 0 : timeout.toNanos();
    }

    /** Moves what is there into a collection. */
    public int drainTo(Collection<? super T> to) {
        taking.lock();
        try {
            if (!ended) {
                fetch(Integer.MAX_VALUE);
            }
            int count = 0;
            for (T event = open(taken.poll()); event != null; event = open(taken.poll())) {
                to.add(event);
                count++;
            }
            return count;
        } finally {
            taking.unlock();
        }
    }

    /** Nobody waits any more; what is in the ring now can still be taken, what comes later cannot. */
    public void stop() {
        ending = true;
        ring.wakeup();
    }

    /** The same, and from now on the ring is not touched. */
    public void end() {
        stop();
        taking.lock();
        try {
            if (!ended) {
                fetch(Integer.MAX_VALUE);
            }
        } finally {
            taking.unlock();
        }
    }

    private int fetch(int atMost) {
        boolean last = ending;
        int count = ring.poll(Duration.ZERO, last ? Integer.MAX_VALUE : atMost, this::take);
        ended = last;
        lastBatch = count > 0 ? count : lastBatch;
        return count;
    }

    private void take(MemorySegment data, long offset, int sizeBytes) {
        try {
            taken.add(events.read(data, offset));
        } catch (RuntimeException e) {
            taken.add(new Failed(e));
        }
    }

    @SuppressWarnings("unchecked") // all but failures was read as T
    private @Nullable T open(@Nullable Object next) {
        if (next instanceof Failed(RuntimeException reason)) {
            throw reason;
        }
        return (T) next;
    }

    // ---- waiting ----

    /**
     * Until the kernel says that a record came. It says so only to a reader that has taken all there was: one that is as fast as the
     * records come would be woken by each. So a reader that was woken a moment ago for a few records sleeps a little first, without
     * being woken, and takes together what has come by then.
     */
    private void await(long nanos) throws InterruptedException {
        boolean often = System.nanoTime() - wokenNanos < OFTEN_NANOS && lastBatch > 0 && lastBatch < SMALL_BATCH;
        lastBatch = 0;
        if (often) {
            LockSupport.parkNanos(Math.min(nanos, NAP_NANOS));
        } else {
            new Wait().poll(Duration.ofNanos(nanos));
            wokenNanos = System.nanoTime();
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** A wait in the kernel that ends when its thread is interrupted. */
    private final class Wait extends AbstractInterruptibleChannel {
        void poll(Duration timeout) {
            try {
                begin();
                try {
                    lastBatch = ring.poll(timeout, BATCH, PulledEvents.this::take);
                } finally {
                    end(true);
                }
            } catch (IOException e) {
                // The thread's interrupt is still set, and what was taken is kept.
                lastBatch = 0;
            }
        }

        @Override
        protected void implCloseChannel() {
            ring.wakeup();
        }
    }
}
