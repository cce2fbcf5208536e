package org.kprobe4j.cli.output;

import java.time.Instant;

/**
 * From the clock of the kernel's events to the time of day. Both run at the same pace; what sets the time of day meanwhile does not move
 * what was measured.
 *
 * @param epochNanos nanoseconds since 1970
 * @param monotonicNanos of the monotonic clock at that moment
 */
public record Clock(long epochNanos, long monotonicNanos) {
    private static final int TRIES = 5;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** Both clocks now, read one right after the other. */
    public static Clock now() {
        Clock best = new Clock(0, 0);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < TRIES; i++) {
            // System.nanoTime() is CLOCK_MONOTONIC on Linux. Source: os::javaTimeNanos() in os_linux.cpp.
            long before = System.nanoTime();
            Instant now = Instant.now();
            long after = System.nanoTime();
            if (after - before < least) {
                least = after - before;
                best = new Clock(
                        now.getEpochSecond() * NANOS_PER_SECOND + now.getNano(), before + (after - before) / 2);
            }
        }
        return best;
    }

    /** Nanoseconds since 1970. */
    long epoch(long monotonic) {
        return monotonic - monotonicNanos + epochNanos;
    }
}
