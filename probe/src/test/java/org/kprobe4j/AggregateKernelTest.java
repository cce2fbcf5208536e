package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Histograms for each key and summaries, recorded by handlers in the kernel and read by this JVM. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class AggregateKernelTest {
    record Caller(int pid, String comm) {}

    private static final int THREADS = 4;
    private static final int SEEKS = 20_000;

    /** Of each key what was recorded for it. */
    private static Map<Integer, long[]> byResidue(int hits, int keys) {
        return LongStream.range(0, hits)
                .boxed()
                .collect(Collectors.groupingBy(
                        offset -> (int) (offset % keys),
                        Collectors.collectingAndThen(
                                Collectors.toList(),
                                values -> values.stream()
                                        .mapToLong(offset -> offset * offset - 1000)
                                        .toArray())));
    }

    @Test
    void eachKeyHasItsHistogram() {
        try (var sizes = HistogramMap.log2(Integer.class);
                var steps = HistogramMap.linear(Integer.class, 0, 5000, 125);
                var callers = HistogramMap.log2(Caller.class, 8)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = regs.arg(1);
                        long value = offset * offset - 1000;
                        sizes.record((int) offset % 3, value);
                        steps.record((int) offset % 3, value);
                        callers.record(new Caller(Kernel.pid(), Kernel.comm()), value);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(90);
            }
            assertThat(kp.account().entriesLost()).isZero();
            byResidue(90, 3).forEach((key, values) -> {
                assertThat(sizes.get(key)).isEqualTo(Distribution.log2(values));
                assertThat(steps.get(key)).isEqualTo(Distribution.linear(0, 5000, 125, values));
            });
            assertThat(sizes.entries()).hasSize(3);
            assertThat(sizes.get(3)).isNull();
            assertThat(callers.entries().keySet()).extracting(Caller::pid).containsOnly((int)
                    ProcessHandle.current().pid());
            assertThat(callers.entries().values())
                    .containsExactly(sizes.entries().values().stream()
                            .reduce(Distribution::plus)
                            .orElseThrow());
            assertThat(sizes.toString()).contains("0\n", "1\n", "2\n", "value  count", "█");
            assertThat(sizes.takeAll()).hasSize(3);
            assertThat(sizes.size()).isZero();
            assertThat(sizes).hasToString("nothing recorded");
        }
    }

    @Test
    void eachKeyHasItsSummary() {
        try (var sums = SummaryMap.of(Integer.class);
                var all = Summary.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = regs.arg(1);
                        sums.record((int) offset % 3, offset * offset - 1000);
                        all.record(offset * offset - 1000);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(90);
                assertThat(all.count()).isEqualTo(90);
                byResidue(90, 3)
                        .forEach((key, values) -> assertThat(sums.get(key))
                                .hasToString(LongStream.of(values)
                                        .summaryStatistics()
                                        .toString()));
                assertThat(sums.top(2)).extracting(Map.Entry::getKey).containsExactly(2, 1);
                assertThat(sums.top(
                                1,
                                Comparator.comparing(LongSummaryStatistics::getMin)
                                        .reversed()))
                        .extracting(Map.Entry::getKey)
                        .containsExactly(0);
                assertThat(sums.size()).isEqualTo(3);
                all.reset();
                sums.clear();
                assertThat(all.count()).isZero();
                assertThat(sums.entries()).isEmpty();
                DevNull.seek(3);
            }
            assertThat(all).hasToString("3 values, sum -2995, min -1000, average -998.3, max -996");
            assertThat(sums.get(2))
                    .hasToString(LongStream.of(-996).summaryStatistics().toString());
            assertThat(sums.toString()).contains("2: 1 values, sum -996, min -996, average -996.0, max -996");
        }
    }

    /** At the entry, through another probe, and at the return: no record is lost between CPUs, whatever runs beside it. */
    @Test
    void nothingIsLostBetweenCpus() throws InterruptedException {
        try (var sizes = HistogramMap.log2(Long.class, 16);
                var sums = SummaryMap.of(Long.class, 16);
                var all = Summary.of();
                var back = Summary.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = regs.arg(1);
                        sizes.record(offset & 7, offset);
                        sums.record(offset & 7, offset);
                        all.record(offset);
                        return 0;
                    })
                    .register();
            var rp = Kretprobe.at(DevNull.FUNCTION)
                    .maxactive(2 * THREADS)
                    .handler((ri, regs) -> {
                        back.record(regs.returnValue());
                        all.record(-1);
                        return 0;
                    })
                    .register();
            try (kp;
                    rp) {
                seekOnManyThreads();
            }
            long hits = kp.account().delivered();
            long returns = rp.account().delivered();
            assertThat(hits).isGreaterThan(THREADS * SEEKS / 2L);
            assertThat(all.count()).isEqualTo(hits + returns);
            assertThat(back.count()).isEqualTo(returns);
            // The position in /dev/null is always 0.
            assertThat(back.min()).isZero();
            assertThat(back.max()).isZero();
            assertThat(sizes.entries().values().stream()
                            .mapToLong(Distribution::count)
                            .sum())
                    .isEqualTo(hits);
            var inAll = new LongSummaryStatistics();
            sums.forEach((key, value) -> inAll.combine(value));
            assertThat(inAll.getCount()).isEqualTo(hits);
            assertThat(all.sum()).isEqualTo(inAll.getSum() - returns);
            assertThat(all.max()).isEqualTo(inAll.getMax());
            assertThat(all.min()).isEqualTo(-1);
            if (hits == (long) THREADS * SEEKS) {
                long sum = THREADS * LongStream.range(0, SEEKS).sum();
                assertThat(inAll.getSum()).isEqualTo(sum);
                assertThat(inAll.getMax()).isEqualTo(SEEKS - 1);
            }
        }
    }

    private static void seekOnManyThreads() throws InterruptedException {
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(Thread.ofPlatform().start(() -> DevNull.seek(SEEKS)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** The kernel uses an entry's memory again: what other CPUs had there must not come back. */
    @Test
    void whatWasTakenDoesNotComeBack() throws InterruptedException {
        try (var sizes = HistogramMap.log2(Long.class, 1);
                var sums = SummaryMap.of(Long.class, 1)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        sizes.record(7L, regs.arg(1));
                        sums.record(7L, regs.arg(1));
                        return 0;
                    })
                    .register();
            try (kp) {
                for (int round = 0; round < 3; round++) {
                    seekOnManyThreads();
                    assertThat(sums.takeAll()).containsOnlyKeys(7L);
                    assertThat(sizes.takeAll()).containsOnlyKeys(7L);
                    DevNull.seek(2);
                    assertThat(sums.takeAll().get(7L))
                            .hasToString(
                                    LongStream.range(0, 2).summaryStatistics().toString());
                    assertThat(sizes.takeAll()).containsOnly(Map.entry(7L, Distribution.log2(0, 1)));
                }
            }
        }
    }

    /** The verifier must not follow each way through each round to its end. */
    @Test
    void inLoops() {
        try (var sizes = HistogramMap.log2(Long.class);
                var sums = SummaryMap.of(Long.class);
                var all = Summary.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = regs.arg(1);
                        for (long i = 0; i < 12; i++) {
                            sizes.record(i, offset);
                            sums.record(i, offset + i);
                            all.record(offset * i);
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(10);
            }
            assertThat(kp.account().delivered()).isEqualTo(10);
            assertThat(sizes.entries()).hasSize(12);
            assertThat(sizes.entries().values())
                    .containsOnly(Distribution.log2(LongStream.range(0, 10).toArray()));
            assertThat(sums.get(11L))
                    .hasToString(LongStream.range(11, 21).summaryStatistics().toString());
            assertThat(all.sum()).isEqualTo(45 * 66);
        }
    }

    @Test
    void aFullMapIsCounted() {
        try (var sizes = HistogramMap.log2(Long.class, 4);
                var sums = SummaryMap.of(Long.class, 8)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        sizes.record(regs.arg(1) % 16, 1);
                        sums.record(regs.arg(1) % 16, 1);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(32);
            }
            assertThat(sizes.size()).isEqualTo(4);
            assertThat(sums.size()).isEqualTo(8);
            assertThat(kp.account().entriesLost()).isEqualTo(2 * 12 + 2 * 8);
            assertThat(kp.account().delivered()).isEqualTo(32);
        }
    }

    @Test
    void whatIsClosedSaysSo() throws InterruptedException {
        var sizes = HistogramMap.log2(Long.class);
        var sums = SummaryMap.of(Long.class);
        var all = Summary.of();
        for (AutoCloseable object : List.of(sizes, sums, all, sizes, sums, all)) {
            try {
                object.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        closed("histograms", sizes::entries, () -> sizes.get(1L), sizes::clear, sizes::size, sizes::toString);
        closed("summaries", sums::entries, () -> sums.get(1L), sums::takeAll, () -> sums.top(1), sums::toString);
        closed("summary", all::statistics, all::count, all::sum, all::min, all::max, all::average, all::reset);
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            sizes.record(1L, 1);
                            return 0;
                        })
                        .register())
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "a handler uses a HistogramMap that is closed; close the probe first, then what its handlers use");
        readWhileItIsClosed();
    }

    private static void closed(String map, ThrowingCallable... calls) {
        for (ThrowingCallable call : calls) {
            assertThatThrownBy(call)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageMatching("map " + map + "\\d+ is closed");
        }
    }

    /** A read that meets the close is an exception and never a fault of the process. */
    private static void readWhileItIsClosed() throws InterruptedException {
        for (int i = 0; i < 30; i++) {
            var sizes = HistogramMap.log2(Long.class, 16);
            var sums = SummaryMap.of(Long.class, 16);
            var all = Summary.of();
            List<Thread> readers = List.of(
                    readUntilClosed(sizes::entries), readUntilClosed(sums::takeAll), readUntilClosed(all::statistics));
            Thread.onSpinWait();
            sizes.close();
            sums.close();
            all.close();
            for (Thread reader : readers) {
                reader.join();
            }
        }
    }

    private static Thread readUntilClosed(Runnable read) {
        return Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    read.run();
                }
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageEndingWith(" is closed");
            }
        });
    }

    @Test
    void whatTheKernelDoesNotTake() {
        assertThatThrownBy(() -> HistogramMap.log2(Long.class, 0))
                .isInstanceOf(UsageException.class)
                .hasMessage("a HistogramMap for 0 entries: it must hold at least one");
        assertThatThrownBy(() -> SummaryMap.of(String.class))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "String cannot be a key or a value of a map; use Long, Integer, Short, Byte, Character, Boolean or a record");
        try (var all = Summary.of();
                var sums = SummaryMap.of(Long.class)) {
            assertThatThrownBy(() -> all.record(1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "record(1) has a meaning only inside a handler, which runs in the kernel; to run a handler in the JVM, open a SimulatedKernel");
            assertThatThrownBy(() -> sums.record(1L, 2))
                    .hasMessageStartingWith("record(1, 2) has a meaning only inside a handler");
        }
    }
}
