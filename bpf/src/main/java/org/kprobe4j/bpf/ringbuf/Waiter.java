package org.kprobe4j.bpf.ringbuf;

import java.lang.foreign.Arena;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.SystemCallException;
import org.kprobe4j.bpf.internal.Descriptor;
import org.kprobe4j.bpf.internal.Scratch;
import org.kprobe4j.bpf.internal.Struct;
import org.kprobe4j.bpf.internal.SystemCalls;

/** Sleeps until the ring has data or another thread wakes it: an epoll over the ring's map and an eventfd. */
final class Waiter implements AutoCloseable {
    private static final int SOURCES = 2;

    private final SystemCalls calls;
    private final String what;
    private final Descriptor epoll;
    private final Descriptor wakeup;
    /** Used by one waiting thread at a time; lives as long as this object. */
    private final Struct events;

    private Waiter(SystemCalls calls, String what, Descriptor epoll, Descriptor wakeup) {
        this.calls = calls;
        this.what = what;
        this.epoll = epoll;
        this.wakeup = wakeup;
        this.events =
                Struct.over(Arena.ofAuto().allocate((long) SOURCES * calls.abi().epollEventBytes(), Long.BYTES));
    }

    static Waiter on(SystemCalls calls, int mapFd, String what) {
        Descriptor epoll =
                new Descriptor(calls, checked(calls.epollCreate(), "epoll_create1", what), "epoll of " + what);
        try {
            Descriptor wakeup = new Descriptor(calls, checked(calls.eventfd(), "eventfd2", what), "eventfd of " + what);
            Waiter waiter = new Waiter(calls, what, epoll, wakeup);
            try {
                waiter.watch(mapFd);
                waiter.watch(wakeup.fd());
                return waiter;
            } catch (RuntimeException e) {
                wakeup.close();
                throw e;
            }
        } catch (RuntimeException e) {
            epoll.close();
            throw e;
        }
    }

    private void watch(int fd) {
        checked(epoll.use(open -> calls.epollAdd(open, fd)), "epoll_ctl", what);
    }

    private static long checked(long result, String operation, String what) {
        if (result < 0) {
            throw new SystemCallException(Failure.of(operation, what, (int) -result));
        }
        return result;
    }

    /** Returns early if a signal comes; the caller looks at the clock. */
    void await(int timeoutMillis) {
        long result = epoll.use(open -> calls.epollWait(open, events, timeoutMillis));
        if (result != -Errno.EINTR) {
            checked(result, "epoll_wait", what);
        }
    }

    /** Makes the present or the next {@link #await} return at once. */
    void wake() {
        try (Scratch scratch = new Scratch()) {
            Struct one = scratch.struct(Long.BYTES).u64(0, 1);
            wakeup.use(fd -> calls.write(fd, one, Long.BYTES));
        }
    }

    /** Takes back what {@link #wake} did. */
    boolean takeWakeup() {
        try (Scratch scratch = new Scratch()) {
            Struct count = scratch.struct(Long.BYTES);
            return wakeup.use(fd -> calls.read(fd, count)) > 0;
        }
    }

    @Override
    public void close() {
        epoll.close();
        wakeup.close();
    }
}
