package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.Distribution.Bucket;
import org.kprobe4j.cli.KprobeException;

/** Percentiles to the slot, histograms to the bucket. */
class MeasuredTest {
    @Test
    void small_numbers_are_exact() {
        var one = Measured.of(LongStream.rangeClosed(1, 20).toArray());
        assertThat(List.of(one.percentile(50), one.percentile(90), one.percentile(99), one.percentile(99.9)))
                .containsExactly(10L, 18L, 20L, 20L);
        assertThat(one.count()).isEqualTo(20);
        assertThat(one.exact().getSum()).isEqualTo(210);
    }

    /** Beside the whole list, sorted: the slot of the number at that rank. */
    @Test
    void percentiles_are_those_of_the_list_to_the_slot() {
        var random = new Random(11);
        for (int round = 0; round < 50; round++) {
            var numbers = new ArrayList<Long>();
            for (int i = random.nextInt(2000); i >= 0; i--) {
                numbers.add(random.nextLong() >>> (20 + random.nextInt(40)));
            }
            Collections.sort(numbers);
            var one = Measured.of(numbers.stream().mapToLong(Long::longValue).toArray());
            for (double percent : new double[] {50, 90, 99, 99.9, 100}) {
                long exact = numbers.get((int) Math.ceil(numbers.size() * percent / 100) - 1);
                assertThat(one.percentile(percent))
                        .isEqualTo(Math.min(LogLinear.to(LogLinear.slotOf(exact)), numbers.getLast()));
            }
        }
    }

    @Test
    void powers_of_two_are_sums_of_slots() {
        assertThat(Measured.of(0, 1, 2, 3, 3, 1000, 1023, 1024, 5000).buckets())
                .containsExactly(
                        new Bucket(0, 0, 1),
                        new Bucket(1, 1, 1),
                        new Bucket(2, 3, 3),
                        new Bucket(4, 7, 0),
                        new Bucket(8, 15, 0),
                        new Bucket(16, 31, 0),
                        new Bucket(32, 63, 0),
                        new Bucket(64, 127, 0),
                        new Bucket(128, 255, 0),
                        new Bucket(256, 511, 0),
                        new Bucket(512, 1023, 2),
                        new Bucket(1024, 2047, 1),
                        new Bucket(2048, 4095, 0),
                        new Bucket(4096, 8191, 1));
        assertThat(Measured.of(Long.MAX_VALUE).buckets()).containsExactly(new Bucket(1L << 62, Long.MAX_VALUE, 1));
    }

    @Test
    void two_together() {
        Measured both = Measured.of(1, 2, 300).plus(Measured.of(2, 7000));
        assertThat(both.slots()).isEqualTo(Measured.of(1, 2, 2, 300, 7000).slots());
        assertThat(both.exact().getMax()).isEqualTo(7000);
        assertThat(both.exact().getCount()).isEqualTo(5);
    }

    @Test
    void steps_as_they_are_written() {
        assertThat(LatencyCommand.steps(null)).isNull();
        assertThat(LatencyCommand.steps("0:10ms:500us")).isEqualTo(new TimeStore.Steps(0, 10_000_000, 500_000));
        assertThat(LatencyCommand.steps("100:2s:1ms")).isEqualTo(new TimeStore.Steps(100, 2_000_000_000, 1_000_000));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5 | --linear 5: write MIN:MAX:STEP, for example 0:10ms:500us",
                "0:1h:5 | --linear 0:1h:5: 1h is no time; write for example 500us",
                "9:5:1 | --linear 9:5:1: MIN must be below MAX, and STEP above 0",
                "0:5:0 | --linear 0:5:0: MIN must be below MAX, and STEP above 0",
                "0:1ms:1 | --linear 0:1ms:1: that is 1000000 steps; there may be 4094, make them wider",
            })
    void steps_that_are_none(String text, String message) {
        assertThatThrownBy(() -> LatencyCommand.steps(text))
                .isInstanceOf(KprobeException.class)
                .hasMessage(message);
    }
}
