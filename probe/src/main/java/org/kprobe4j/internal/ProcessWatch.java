package org.kprobe4j.internal;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Looks at a map's keys all the time, so that processes whose stacks are among them are seen while they live. It rests ten times as
 * long as it looked, within bounds.
 */
final class ProcessWatch implements AutoCloseable {
    private static final long SHORTEST_MILLIS = 20;
    private static final long LONGEST_MILLIS = 200;
    private static final long REST = 10;
    private static final long NANOS_IN_MILLI = 1_000_000;

    private final Thread thread;
    /** No interrupt: it would cut short a reading of a process's files. */
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * Begins.
     *
     * @param prepare what is slow when it is done for the first time
     * @param look throws an IllegalStateException when the map is closed
     */
    ProcessWatch(String map, Runnable prepare, Runnable look) {
        thread = Thread.ofPlatform().daemon().name("stacks of " + map).start(() -> watch(prepare, look));
    }

    private void watch(Runnable prepare, Runnable look) {
        try {
            prepare.run();
            long took;
            do {
                long start = System.nanoTime();
                look.run();
                took = (System.nanoTime() - start) / NANOS_IN_MILLI;
            } while (!closed.await(Math.clamp(took * REST, SHORTEST_MILLIS, LONGEST_MILLIS), TimeUnit.MILLISECONDS));
        } catch (InterruptedException | IllegalStateException e) {
            // The map is being closed.
        }
    }

    /** Waits until it no longer looks. */
    @Override
    public void close() {
        closed.countDown();
        Joins.untilItEnds(thread);
    }
}
