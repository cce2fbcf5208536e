package org.kprobe4j.bpf.internal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The owner of one file descriptor.
 *
 * <p>A descriptor's number is used again as soon as it is closed. So a close while another thread is inside a call waits for
 * that call: the last one out closes. Otherwise the call could reach a stranger's file.
 */
public final class Descriptor implements AutoCloseable {
    private static final int CLOSED = 1 << 31;

    private final SystemCalls calls;
    private final int fd;
    private final String what;
    private final long ticket;
    /** Number of calls under way, and the bit {@link #CLOSED}. */
    private final AtomicInteger users = new AtomicInteger();

    /** A system call on a descriptor. */
    @FunctionalInterface
    public interface Use {
        /**
         * Makes the call.
         *
         * @param fd the descriptor, open until the call returns
         * @return its result, negative is the negated errno
         */
        long apply(int fd);
    }

    /**
     * Takes a descriptor over.
     *
     * @param calls the kernel
     * @param fd what a system call returned; must not be an error
     * @param what the object, for messages
     */
    public Descriptor(SystemCalls calls, long fd, String what) {
        this.calls = calls;
        this.fd = Math.toIntExact(fd);
        this.what = what;
        this.ticket = OpenObjects.opened(what);
    }

    /**
     * The number, for instructions and for other calls' arguments.
     *
     * @return the descriptor
     * @throws IllegalStateException if it is closed
     */
    public int fd() {
        if (users.get() < 0) {
            throw closedAlready();
        }
        return fd;
    }

    /**
     * Makes a system call during which the descriptor stays open.
     *
     * @param use the call
     * @return its result
     * @throws IllegalStateException if it is closed
     */
    public long use(Use use) {
        if (users.getAndIncrement() < 0) {
            leave();
            throw closedAlready();
        }
        try {
            return use.apply(fd);
        } finally {
            leave();
        }
    }

    private void leave() {
        if (users.decrementAndGet() == CLOSED) {
            release();
        }
    }

    private IllegalStateException closedAlready() {
        return new IllegalStateException(what + " is closed");
    }

    /** What it is. */
    @Override
    public String toString() {
        return what;
    }

    /**
     * Whether {@link #close} was called.
     *
     * @return true if so
     */
    public boolean isClosed() {
        return users.get() < 0;
    }

    @Override
    public void close() {
        int before = users.getAndUpdate(now -> now | CLOSED);
        if (before == 0) {
            release();
        }
    }

    /** Runs once: a late user that finds it closed goes through {@link #leave} too, hence the flag. */
    private void release() {
        if (released.compareAndSet(0, 1)) {
            OpenObjects.closed(ticket);
            calls.close(fd);
        }
    }

    private final AtomicInteger released = new AtomicInteger();
}
