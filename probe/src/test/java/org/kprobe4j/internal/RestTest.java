package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A ring that fills at a certain pace while its reader rests, and a reader that takes 10 MiB in a millisecond. */
class RestTest {
    private static final long SIZE = 1 << 20;

    private final Rest rest = new Rest(SIZE);
    private long available;
    private long lost;
    private long rested;

    private void pass(long millis, long bytesPerMilli) {
        available += millis * bytesPerMilli;
        lost += Math.max(0, available - SIZE);
        available = Math.min(available, SIZE);
    }

    /** Lets the reader rest; gives for how long. */
    private long rest(long bytesPerMilli) throws InterruptedException {
        rested = 0;
        rest.take(() -> available, millis -> {
            rested += millis;
            pass(millis, bytesPerMilli);
            return false;
        });
        return rested;
    }

    @Test
    void quietRingLetsItRestInFull() throws InterruptedException {
        assertThat(rest(0)).isEqualTo(Rest.MILLIS);
        assertThat(rest(1_000)).isEqualTo(Rest.MILLIS);
        assertThat(lost).isZero();
    }

    /** A million records of 48 bytes in a second. */
    @Test
    void stormLosesNothing() throws InterruptedException {
        rest(0);
        long busy = 0;
        for (int i = 0; i < 1000; i++) {
            busy += rest(48_000);
            available = 0;
            pass(1, 48_000);
        }
        assertThat(lost).isZero();
        assertThat(busy).isLessThanOrEqualTo(1000 + 5);
        assertThat(rest(0)).isEqualTo(Rest.MILLIS);
    }

    /** At every pace, and however full the ring is when the rest begins. */
    @Test
    void noPaceUpToAHundredMegabytesASecondFillsTheRing() throws InterruptedException {
        for (long pace = 0; pace <= 100_000; pace += 500) {
            long bytesPerMilli = pace;
            for (long start = 0; start <= SIZE / 4; start += SIZE / 16) {
                available = start;
                Rest fresh = new Rest(SIZE);
                fresh.take(() -> available, millis -> {
                    pass(millis, bytesPerMilli);
                    return false;
                });
                assertThat(lost).as("%d bytes/ms from %d", pace, start).isZero();
            }
        }
    }

    /** Hits that our own output made are there when the rest begins, and no more come. */
    @Test
    void whatOurOwnOutputMakesIsNoStorm() throws InterruptedException {
        available = SIZE - 100;
        assertThat(rest(0)).isEqualTo(Rest.MILLIS);
    }

    @Test
    void closeEndsTheRest() throws InterruptedException {
        rest.take(() -> 0, millis -> {
            rested += millis;
            return true;
        });
        assertThat(rested).isLessThan(Rest.MILLIS);
    }
}
