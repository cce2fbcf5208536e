package org.kprobe4j.internal;

import java.util.function.LongSupplier;

/**
 * How long the reader of a ring rests between batches.
 *
 * <p>Passing records on is work for the kernel too. Where the probed function is part of it (vfs_write, and whatever reads our output),
 * each batch brings forth new hits; so batches are kept apart. But a storm of hits fills the ring during a rest, and what finds it full
 * is lost. The two are told apart by what comes while we rest: our own work makes no hits then. Used by one thread.
 */
final class Rest {
    static final long MILLIS = 50;
    private static final long STEP_MILLIS = 5;
    private static final long STEP_IN_A_STORM_MILLIS = 1;

    private final long sizeBytes;
    private boolean storm;

    Rest(long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    /** Waits. */
    @FunctionalInterface
    interface Pause {
        /** Gives true if there is no more to wait for. */
        boolean await(long millis) throws InterruptedException;
    }

    /** Rests, for as long as the ring can bear it. */
    void take(LongSupplier availableBytes, Pause pause) throws InterruptedException {
        long step = storm ? STEP_IN_A_STORM_MILLIS : STEP_MILLIS;
        long before = availableBytes.getAsLong();
        long left = MILLIS;
        while (left > 0 && !pause.await(step)) {
            left -= step;
            long now = availableBytes.getAsLong();
            storm = wouldFill(now - before, left / step, now);
            if (storm) {
                return;
            }
            before = now;
        }
    }

    /** Whether, at the pace of the last step, the steps that are left would take more than half of the room that is left. */
    private boolean wouldFill(long grownBytes, long stepsLeft, long available) {
        return grownBytes * stepsLeft > (sizeBytes - available) / 2;
    }
}
