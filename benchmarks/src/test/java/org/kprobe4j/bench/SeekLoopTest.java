package org.kprobe4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The loop that is measured, on this machine. */
final class SeekLoopTest {
    private static final int CALLS = 1_000;
    private static final int ROUNDS = 5;

    @Test
    void callsTakeTime() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "its instructions are those of x86-64");
        try (SeekLoop loop = SeekLoop.prepare(CALLS, ROUNDS)) {
            assertThat(loop.hits()).isEqualTo(CALLS * ROUNDS);
            assertThat(loop.pid()).isPositive();

            SeekLoop.Cost cost = loop.run();

            // No system call takes less than a nanosecond.
            assertThat(cost.all()).isGreaterThan(1);
            assertThat(cost.task()).isGreaterThan(1);
        }
    }

    @Test
    void costsAreComparedByBothClocks() {
        var cost = new SeekLoop.Cost(500, 400);
        var baseline = new SeekLoop.Cost(300, 290).middle(new SeekLoop.Cost(310, 300));

        assertThat(cost.minus(baseline)).isEqualTo(new SeekLoop.Cost(195, 105));
    }
}
