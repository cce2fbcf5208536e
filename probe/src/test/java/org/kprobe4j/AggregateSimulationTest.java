package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Histograms for each key and summaries of handlers in the JVM. */
class AggregateSimulationTest {
    private final SimulatedKernel kernel = SimulatedKernel.open();
    private final HistogramMap<Long> sizes = HistogramMap.linear(Long.class, 0, 100, 10, 2);
    private final SummaryMap<Long> sums = SummaryMap.of(Long.class, 2);
    private final Summary all = Summary.of();

    @AfterEach
    void close() {
        kernel.close();
    }

    private void record(long key, long value) {
        kernel.runPre(
                (p, regs) -> {
                    sizes.record(regs.arg(0), regs.arg(1));
                    sums.record(regs.arg(0), regs.arg(1));
                    all.record(regs.arg(1));
                    return 0;
                },
                kernel.kprobe("f"),
                kernel.regs().arg(0, key).arg(1, value).make());
    }

    @Test
    void theyHoldWhatHandlersRecord() {
        assertThat(all.average()).isZero();
        assertThat(all.min()).isEqualTo(Long.MAX_VALUE);
        assertThat(all.max()).isEqualTo(Long.MIN_VALUE);
        assertThat(all).hasToString("nothing recorded");
        assertThat(sums).hasToString("nothing recorded");
        assertThat(sizes).hasToString("nothing recorded");
        record(1, 5);
        record(2, 15);
        record(1, 25);
        kernel.cpu(3);
        record(2, -15);
        assertThat(sizes.get(1L)).isEqualTo(Distribution.linear(0, 100, 10, 5, 25));
        assertThat(sizes.get(3L)).isNull();
        assertThat(sums.get(2L)).hasToString(statistics(15, -15).toString());
        assertThat(sums.get(3L)).isNull();
        assertThat(all.statistics()).hasToString(statistics(5, 15, 25, -15).toString());
        assertThat(all.sum()).isEqualTo(30);
        assertThat(all.average()).isEqualTo(7.5);
        assertThat(all).hasToString("4 values, sum 30, min -15, average 7.5, max 25");
        assertThat(sums).hasToString("""
                1: 2 values, sum 30, min 5, average 15.0, max 25
                2: 2 values, sum 0, min -15, average 0.0, max 15""");
        assertThat(sizes.toString()).startsWith("1\n  value  count\n");
    }

    private static LongSummaryStatistics statistics(long... values) {
        return LongStream.of(values).summaryStatistics();
    }

    @Test
    void theLargestComeFirst() {
        record(1, 5);
        record(1, 5);
        record(2, 90);
        assertThat(sizes.top(1)).extracting(Map.Entry::getKey).containsExactly(1L);
        assertThat(sizes.top(9)).extracting(Map.Entry::getKey).containsExactly(1L, 2L);
        assertThat(sizes.top(1, (a, b) -> Long.compare(a.percentile(50), b.percentile(50))))
                .containsExactly(Map.entry(2L, Distribution.linear(0, 100, 10, 90)));
        assertThat(sums.top(1)).extracting(Map.Entry::getKey).containsExactly(2L);
        assertThat(sums.top(0)).isEmpty();
        assertThatThrownBy(() -> sums.top(-1))
                .isInstanceOf(UsageException.class)
                .hasMessage("top(-1): give the number of entries wanted");
    }

    @Test
    void whatFindsNoRoomIsCounted() {
        record(1, 5);
        record(2, 5);
        record(3, 5);
        record(1, 5);
        assertThat(kernel.entriesLost()).isEqualTo(2);
        assertThat(sizes.size()).isEqualTo(2);
        assertThat(sums.takeAll()).containsOnlyKeys(1L, 2L);
        assertThat(sums.size()).isZero();
        sizes.clear();
        all.reset();
        assertThat(all.count()).isZero();
        record(3, 7);
        assertThat(kernel.entriesLost()).isEqualTo(2);
        assertThat(sizes.entries()).containsOnly(Map.entry(3L, Distribution.linear(0, 100, 10, 7)));
        assertThat(all.min()).isEqualTo(7);
    }

    @Test
    void nullAsAKeyIsAFault() {
        Long nothing = null;
        var outcome = kernel.runPre(
                (p, regs) -> {
                    sums.record(nothing, 1);
                    return 0;
                },
                kernel.kprobe("f"),
                kernel.regs().make());
        assertThat(outcome.fault().orElseThrow().what()).isEqualTo("NullPointerException");
        assertThat(outcome.fault().orElseThrow().file()).isEqualTo("AggregateSimulationTest.java");
    }

    @Test
    void whatIsClosedSaysSo() {
        sizes.close();
        sums.close();
        all.close();
        assertThatThrownBy(sizes::entries)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("map histograms\\d+ is closed");
        assertThatThrownBy(() -> sums.get(1L)).hasMessageMatching("map summaries\\d+ is closed");
        assertThatThrownBy(all::reset).hasMessageMatching("map summary\\d+ is closed");
        assertThatThrownBy(() -> record(1, 1)).hasMessageMatching("map histograms\\d+ is closed");
    }

    @Test
    void theyBelongToOneWorld() {
        assertThatThrownBy(() -> sizes.captured().fd())
                .isInstanceOf(UsageException.class)
                .hasMessage("a handler in the kernel cannot use a map that was made while a SimulatedKernel was open");
        assertThatThrownBy(() -> all.captured().fd())
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "a handler in the kernel cannot use a summary that was made while a SimulatedKernel was open");
        kernel.close();
        assertThatThrownBy(() -> all.record(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "record(1) has a meaning only inside a handler, which runs in the kernel; to run a handler in the JVM, open a SimulatedKernel");
    }
}
