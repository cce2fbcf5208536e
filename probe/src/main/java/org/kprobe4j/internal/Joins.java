package org.kprobe4j.internal;

/** Waits for threads that will end soon. */
final class Joins {
    private Joins() {}

    /** Returns when a thread has ended, or is the caller's own; an interrupt that comes meanwhile is kept for the caller. */
    static void untilItEnds(Thread thread) {
        boolean interrupted = false;
        while (thread != Thread.currentThread() && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
