package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.NoSuchElementException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Distribution.Bucket;

class DistributionTest {
    private static long[] times(int times, long value) {
        return LongStream.generate(() -> value).limit(times).toArray();
    }

    @Test
    void aTableHasALineForEachBucket() {
        Distribution steps = Distribution.linear(0, 4, 2, -7)
                .plus(Distribution.linear(0, 4, 2, times(12, 1)))
                .plus(Distribution.linear(0, 4, 2, times(60, 3)))
                .plus(Distribution.linear(0, 4, 2, times(30, Long.MAX_VALUE)));
        assertThat(steps).hasToString("""
                     value  count
                   below 0      1 |█                                       |
                     0 – 1     12 |████████                                |
                     2 – 3     60 |████████████████████████████████████████|
                4 and more     30 |████████████████████                    |\
                """);
        assertThat(Distribution.log2(1, 1, 4).toString("ns")).isEqualTo("""
                   ns  count
                    1      2 |████████████████████████████████████████|
                2 – 3      0 |                                        |
                4 – 7      1 |████████████████████                    |\
                """);
    }

    @Test
    void anEmptyOneSaysSo() {
        assertThat(Distribution.log2()).hasToString("nothing recorded");
        assertThat(Distribution.log2().isEmpty()).isTrue();
        assertThat(Distribution.log2().buckets()).isEmpty();
        assertThatThrownBy(() -> Distribution.log2().percentile(99))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessage("percentile(99.0): nothing was recorded; ask isEmpty() before");
    }

    @Test
    void bucketsComeInTheOrderOfTheirValues() {
        assertThat(Distribution.log2(-1, 2, 0).buckets())
                .containsExactly(
                        new Bucket(Long.MIN_VALUE, -1, 1),
                        new Bucket(0, 0, 1),
                        new Bucket(1, 1, 0),
                        new Bucket(2, 3, 1));
    }

    @Test
    void aPercentileIsTheUpperBoundOfItsBucket() {
        Distribution hundred =
                Distribution.linear(0, 100, 10, LongStream.range(0, 100).toArray());
        assertThat(hundred.count()).isEqualTo(100);
        assertThat(hundred.percentile(0)).isEqualTo(9);
        assertThat(hundred.percentile(7)).isEqualTo(9);
        assertThat(hundred.percentile(50)).isEqualTo(49);
        assertThat(hundred.percentile(50.1)).isEqualTo(59);
        assertThat(hundred.percentile(99)).isEqualTo(99);
        assertThat(hundred.percentile(100)).isEqualTo(99);
        assertThat(Distribution.log2(5, 5, 5, 1_000_000).percentile(75)).isEqualTo(7);
        assertThat(Distribution.log2(5, 5, 5, 1_000_000).percentile(76)).isEqualTo(1_048_575);
        assertThat(Distribution.log2(-3, 9).percentile(50)).isEqualTo(-1);
        assertThat(Distribution.linear(0, 10, 5, 11).percentile(50)).isEqualTo(Long.MAX_VALUE);
        assertThatThrownBy(() -> hundred.percentile(101))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("percentile(101.0): it must be from 0 to 100");
        assertThatThrownBy(() -> hundred.percentile(Double.NaN))
                .hasMessage("percentile(NaN): it must be from 0 to 100");
    }

    @Test
    void distributionsWithTheSameBucketsAreAdded() {
        assertThat(Distribution.log2(1, 2, -1).plus(Distribution.log2(3, 1L << 40)))
                .isEqualTo(Distribution.log2(-1, 1, 2, 3, 1L << 40))
                .hasSameHashCodeAs(Distribution.log2(1L << 40, 3, 2, 1, -1))
                .isNotEqualTo(Distribution.log2(1));
        assertThatThrownBy(() -> Distribution.log2(1).plus(Distribution.linear(0, 100, 10, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "a distribution by powers of two and one from 0 to 100 in steps of 10 cannot be added: record both with the same buckets");
        assertThatThrownBy(() -> Distribution.linear(5, 5, 1))
                .isInstanceOf(UsageException.class)
                .hasMessage("a linear histogram from 5 to 5 in steps of 1: min must be below max, and step above 0");
    }
}
