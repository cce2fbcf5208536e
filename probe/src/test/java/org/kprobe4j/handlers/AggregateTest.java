package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.PreHandler;
import org.kprobe4j.Summary;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.SummaryRow;

/** Histograms for each key and summaries record in a handler what they record in Java. */
class AggregateTest {
    record Key(int pid, String comm) {}

    private static final int MOST = 4;
    private static final int CPUS = 4;

    private final Handlers handlers = new Handlers();
    private final FakeKernel kernel = new FakeKernel();
    private final SummaryMap<Long> summaries = handlers.summaries("summaries", Long.class);
    private final Summary summary = handlers.summary("summary", CPUS);

    AggregateTest() {
        kernel.hash("summaries", Long.BYTES, SummaryRow.BYTES, MOST)
                .cells("summary", CPUS * SummaryRow.STRIDE / Long.BYTES);
        reset(1);
    }

    private void reset(long number) {
        for (int cpu = 0; cpu < CPUS; cpu++) {
            kernel.cell("summary", (cpu * SummaryRow.STRIDE + SummaryRow.WANTED) / Long.BYTES, number);
        }
    }

    private <K> HistogramMap<K> histograms(Class<K> key, int keyBytes, Buckets buckets) {
        kernel.hash("histograms", keyBytes, buckets.room() * Long.BYTES, MOST).cells("histogramsz", buckets.room());
        return handlers.histograms("histograms", key, buckets);
    }

    private Handlers.Hit hit(CompiledProgram program, long... arguments) {
        return Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    private static byte[] bytes(long... numbers) {
        return MemorySegment.ofArray(numbers).toArray(ValueLayout.JAVA_BYTE);
    }

    private long[] row(String map, byte[] key) {
        byte[] found = kernel.entries(map).get(FakeKernel.boxed(key));
        return MemorySegment.ofArray(Objects.requireNonNull(found)).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    /** What a CPU recorded: the cells from its row on. */
    private long[] cpu(int number) {
        var row = new long[SummaryRow.STRIDE / Long.BYTES];
        for (int i = 0; i < row.length; i++) {
            row[i] = kernel.cell("summary", number * row.length + i);
        }
        return row;
    }

    private static void assertSame(long[] row, LongSummaryStatistics expected) {
        assertThat(row[SummaryRow.COUNT / Long.BYTES]).isEqualTo(expected.getCount());
        assertThat(row[SummaryRow.SUM / Long.BYTES]).isEqualTo(expected.getSum());
        assertThat(row[SummaryRow.MIN / Long.BYTES]).isEqualTo(expected.getMin());
        assertThat(row[SummaryRow.MAX / Long.BYTES]).isEqualTo(expected.getMax());
    }

    @ParameterizedTest
    @MethodSource("org.kprobe4j.handlers.StateTest#shapes")
    void a_histogram_for_each_key_counts_where_java_says(Buckets buckets) {
        HistogramMap<Long> map = histograms(Long.class, Long.BYTES, buckets);
        var program = handlers.pre((p, regs) -> {
            map.record(regs.arg(0), regs.arg(1));
            return 0;
        });
        var random = new Random(7);
        var expected = new long[MOST][buckets.room()];
        for (int i = 0; i < 500; i++) {
            int key = random.nextInt(MOST);
            long value = random.nextLong() >> random.nextInt(64);
            expected[key][buckets.slotOf(value)]++;
            assertThat(hit(program, key, value).count(Account.ENTRIES_LOST)).isZero();
        }
        for (int key = 0; key < MOST; key++) {
            assertThat(row("histograms", bytes(key))).isEqualTo(expected[key]);
        }
        assertThat(hit(program, MOST, 1).count(Account.ENTRIES_LOST)).isOne();
        assertThat(kernel.entries("histograms")).hasSize(MOST);
        for (int slot = 0; slot < buckets.room(); slot++) {
            assertThat(kernel.cell("histogramsz", slot))
                    .as("what new keys begin with")
                    .isZero();
        }
    }

    @Test
    void records_are_keys() {
        HistogramMap<Key> map = histograms(Key.class, 24, new Buckets.Log2());
        SummaryMap<Key> sums = handlers.summaries("sums", Key.class);
        kernel.hash("sums", 24, SummaryRow.BYTES, MOST);
        var program = handlers.pre((p, regs) -> {
            var key = new Key(Kernel.pid(), Kernel.comm());
            map.record(key, regs.arg(0));
            sums.record(key, regs.arg(0));
            map.record(new Key((int) regs.arg(0), "text"), 1);
            return 0;
        });
        hit(program, 5);
        hit(program, 9);
        assertThat(kernel.entries("histograms")).hasSize(3);
        assertThat(kernel.entries("sums")).hasSize(1);
        assertSame(
                row(
                        "sums",
                        kernel.entries("sums").keySet().stream()
                                .map(AggregateTest::unboxed)
                                .findFirst()
                                .orElseThrow()),
                statistics(5, 9));
    }

    private static byte[] unboxed(List<Byte> key) {
        var bytes = new byte[key.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = key.get(i);
        }
        return bytes;
    }

    private static LongSummaryStatistics statistics(long... values) {
        return LongStream.of(values).summaryStatistics();
    }

    @Test
    void a_summary_has_a_row_for_each_cpu() {
        var program = handlers.pre((p, regs) -> {
            summary.record(regs.arg(0));
            return 0;
        });
        var random = new Random(7);
        var expected = new LongSummaryStatistics[CPUS];
        for (int round = 1; round < 3; round++) {
            reset(round);
            Arrays.setAll(expected, _ -> new LongSummaryStatistics());
            for (int i = 0; i < 200; i++) {
                int cpu = random.nextInt(CPUS);
                long value = random.nextLong() >> random.nextInt(64);
                kernel.cpu = cpu;
                hit(program, value);
                expected[cpu].accept(value);
            }
            for (int cpu = 0; cpu < CPUS; cpu++) {
                assertSame(cpu(cpu), expected[cpu]);
            }
        }
        reset(3);
        kernel.cpu = 2;
        hit(program, -7);
        assertSame(cpu(2), statistics(-7));
        assertThat(cpu(1)[SummaryRow.BEGUN / Long.BYTES])
                .as("a row of before the reset counts no more")
                .isEqualTo(2);
    }

    @Test
    void one_cpu_needs_no_question_for_its_number() {
        Summary alone = handlers.summary("summary", 1);
        var program = handlers.pre((p, regs) -> {
            alone.record(regs.arg(0));
            return 0;
        });
        kernel.cpu = 99;
        hit(program, 4);
        assertSame(cpu(0), statistics(4));
    }

    @Test
    void a_summary_for_each_key() {
        var program = handlers.pre((p, regs) -> {
            summaries.record(regs.arg(0), regs.arg(1));
            return 0;
        });
        var random = new Random(7);
        var expected = new LongSummaryStatistics[MOST];
        Arrays.setAll(expected, _ -> new LongSummaryStatistics());
        for (int i = 0; i < 300; i++) {
            int key = random.nextInt(MOST);
            long value = random.nextLong() >> random.nextInt(64);
            hit(program, key, value);
            expected[key].accept(value);
        }
        for (int key = 0; key < MOST; key++) {
            assertSame(row("summaries", bytes(key)), expected[key]);
        }
        assertThat(hit(program, MOST, 1).count(Account.ENTRIES_LOST)).isOne();
        assertThat(hit(program, 0, 1).count(Account.ENTRIES_LOST)).isZero();
    }

    /** A key that another CPU made: zeros on this one. */
    @Test
    void a_row_of_zeros_is_begun() {
        kernel.put("summaries", bytes(1), new byte[SummaryRow.BYTES]);
        var program = handlers.pre((p, regs) -> {
            summaries.record(regs.arg(0), regs.arg(1));
            return 0;
        });
        hit(program, 1, 50);
        assertSame(row("summaries", bytes(1)), statistics(50));
        hit(program, 1, 40);
        assertSame(row("summaries", bytes(1)), statistics(50, 40));
    }

    @Test
    void in_a_loop_and_beside_other_state() {
        HistogramMap<Long> map = histograms(Long.class, Long.BYTES, new Buckets.Log2());
        KernelMap<Long, Long> last = handlers.map("last", Long.class, Long.class);
        kernel.hash("last", 8, 8, MOST);
        var program = handlers.pre((p, regs) -> {
            long value = regs.arg(0);
            for (long i = 0; i < 3; i++) {
                map.record(i, value);
                summaries.record(i, value);
                summary.record(value);
                last.put(i, value);
                value += i + 1;
            }
            return (int) value;
        });
        hit(program, 10);
        assertSame(cpu(1), statistics(10, 11, 13));
        assertSame(row("summaries", bytes(2)), statistics(13));
        assertThat(row("histograms", bytes(2))[4]).isOne();
    }

    @Test
    void null_as_a_key_stops_the_handler() {
        HistogramMap<Long> map = histograms(Long.class, Long.BYTES, new Buckets.Log2());
        KernelMap<Long, Long> last = handlers.map("last", Long.class, Long.class);
        kernel.hash("last", 8, 8, MOST);
        var program = handlers.pre((p, regs) -> {
            map.record(last.get(1L), 1);
            return 0;
        });
        assertThat(hit(program).faults()).containsExactly("NullPointerException");
        assertThat(kernel.entries("histograms")).isEmpty();
    }

    // ---- refusals ----

    private void refused(PreHandler handler, String... messages) {
        Refusals.refused(handlers, handler, messages);
    }

    @Test
    void methods_for_outside() {
        HistogramMap<Long> map = histograms(Long.class, Long.BYTES, new Buckets.Log2());
        var sums = summaries;
        var one = summary;
        refused((p, regs) -> map.size(), "0: HistogramMap.size works outside handlers only; in a handler use record");
        refused(
                (p, regs) -> {
                    sums.clear();
                    one.reset();
                    return (int) one.count();
                },
                "0: SummaryMap.clear works outside handlers only; in a handler use record",
                "1: Summary.reset works outside handlers only; in a handler use record",
                "2: Summary.count works outside handlers only; in a handler use record");
    }

    @Test
    void made_in_a_handler() {
        refused(
                (p, regs) -> {
                    Summary.of().record(1);
                    SummaryMap.of(Long.class).record(1L, 1);
                    HistogramMap.log2(Long.class).record(1L, 1);
                    return 0;
                },
                "0: a handler cannot make a Summary; make it outside, and use it in the handler",
                "1: a handler cannot make a SummaryMap; make it outside, and use it in the handler",
                "2: a handler cannot make a HistogramMap; make it outside, and use it in the handler");
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void a_key_of_another_type() {
        HistogramMap map = histograms(Long.class, Long.BYTES, new Buckets.Log2());
        SummaryMap sums = summaries;
        refused(
                (p, regs) -> {
                    map.record(3, 1);
                    sums.record("text", 1);
                    return 0;
                },
                "0: record: the keys of this HistogramMap are Long; this is of another type",
                "1: record: the keys of this SummaryMap are Long; this is of another type");
    }

    @Test
    void chosen_in_a_handler() {
        var one = summary;
        Summary other = handlers.summary("other", 1);
        refused(
                (p, regs) -> {
                    (regs.arg(0) == 0 ? one : other).record(2L);
                    return 0;
                },
                "0: record needs a Summary that was made outside the handler and captured by it");
    }
}
