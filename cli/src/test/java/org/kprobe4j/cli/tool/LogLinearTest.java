package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sixteen slots for each power of two, without a gap and in order. */
class LogLinearTest {
    @Test
    void slots_follow_each_other() {
        for (int slot = 0; slot < LogLinear.SLOTS; slot++) {
            assertThat(LogLinear.slotOf(LogLinear.from(slot))).isEqualTo(slot);
            assertThat(LogLinear.slotOf(LogLinear.to(slot))).isEqualTo(slot);
            if (slot > 0) {
                assertThat(LogLinear.from(slot)).isEqualTo(LogLinear.to(slot - 1) + 1);
            }
        }
        assertThat(LogLinear.from(0)).isZero();
        assertThat(LogLinear.to(LogLinear.SLOTS - 1)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void a_slot_is_no_wider_than_a_sixteenth() {
        var random = new Random(3);
        for (int i = 0; i < 10_000; i++) {
            long number = random.nextLong() >>> (1 + random.nextInt(63));
            int slot = LogLinear.slotOf(number);
            assertThat(number).isBetween(LogLinear.from(slot), LogLinear.to(slot));
            assertThat(LogLinear.to(slot) - LogLinear.from(slot)).isLessThanOrEqualTo(number / 16);
        }
    }

    @Test
    void what_is_below_zero_counts_as_zero() {
        assertThat(LogLinear.slotOf(-1)).isZero();
        assertThat(LogLinear.slotOf(Long.MIN_VALUE)).isZero();
    }
}
