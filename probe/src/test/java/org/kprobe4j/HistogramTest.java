package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Histogram.Bucket;

class HistogramTest {
    @Test
    void aTableHasALineForEachBucket() {
        assertThat(Histogram.table(List.of(
                        new Bucket(Long.MIN_VALUE, -1, 1),
                        new Bucket(0, 0, 0),
                        new Bucket(1, 1, 12),
                        new Bucket(2, 3, 60),
                        new Bucket(4, Long.MAX_VALUE, 30))))
                .isEqualTo("""
                     value  count
                   below 0      1 |█                                       |
                         0      0 |                                        |
                         1     12 |████████                                |
                     2 – 3     60 |████████████████████████████████████████|
                4 and more     30 |████████████████████                    |\
                """);
    }

    @Test
    void anEmptyOneSaysSo() {
        assertThat(Histogram.table(List.of())).isEqualTo("nothing recorded");
    }
}
