package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;

/** One thread for all return probes that keep calls: it looks at their counters, and sweeps where many calls are left. */
final class CallSweeper {
    private static final long REST_MILLIS = 200;
    private static final long LONGEST_REST_MILLIS = 1000;
    private static final long REST = 10;
    private static final long NANOS_IN_MILLI = 1_000_000;

    private static final List<CallsInFlight> WATCHED = new ArrayList<>();
    private static @Nullable CallSweeper running;

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread =
            Thread.ofPlatform().daemon().name("kprobe4j-calls").unstarted(this::run);

    private CallSweeper() {}

    static synchronized void add(CallsInFlight calls) {
        WATCHED.add(calls);
        if (running == null) {
            running = new CallSweeper();
            running.thread.start();
        }
    }

    /** When this returns the calls are not looked at any more. */
    static void remove(CallsInFlight calls) {
        CallSweeper last = null;
        synchronized (CallSweeper.class) {
            WATCHED.remove(calls);
            if (WATCHED.isEmpty()) {
                last = running;
                running = null;
            }
        }
        if (last != null) {
            last.stop();
        }
    }

    private void stop() {
        stopped.countDown();
        Joins.untilItEnds(thread);
    }

    private void run() {
        try {
            long rest = REST_MILLIS;
            while (!stopped.await(rest, TimeUnit.MILLISECONDS)) {
                long start = System.nanoTime();
                watched().forEach(CallSweeper::look);
                rest = Math.clamp(
                        (System.nanoTime() - start) / NANOS_IN_MILLI * REST, REST_MILLIS, LONGEST_REST_MILLIS);
            }
        } catch (InterruptedException e) {
            // Nobody interrupts this thread.
        }
    }

    private static synchronized List<CallsInFlight> watched() {
        return List.copyOf(WATCHED);
    }

    private static void look(CallsInFlight calls) {
        try {
            if (calls.needsSweep()) {
                calls.sweep(System.nanoTime());
            }
        } catch (BpfException | IllegalStateException e) {
            // It is being closed, or it changes faster than it can be read: another look comes.
        }
    }
}
