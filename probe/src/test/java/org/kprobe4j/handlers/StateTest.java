package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kprobe4j.Counter;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CompiledProgram;

/** Maps, counters and histograms mean in a handler what they mean in Java. */
class StateTest {
    record Key(int pid, byte kind, String comm) {}

    record Value(long nanos, short half, boolean flag, char letter, String comm, byte small, int word) {}

    private static final Key CAPTURED = new Key(7, (byte) -1, "bash");

    private final Handlers handlers = new Handlers();
    private final FakeKernel kernel = new FakeKernel()
            .hash("map", 8, 8, 4)
            .hash("other", 8, 8, 4)
            .hash("small", 4, 4, 4)
            .cells("counter", 1);
    private final KernelMap<Long, Long> map = handlers.map("map", Long.class, Long.class);
    private final KernelMap<Integer, Integer> small = handlers.map("small", Integer.class, Integer.class);
    private final Counter counter = handlers.counter("counter");

    private Handlers.Hit hit(CompiledProgram program, long... arguments) {
        return Handlers.hit(program, kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    private static byte[] bytes(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static byte[] word(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    private long counted() {
        return kernel.cell("counter", 0);
    }

    private Long entry(long key) {
        byte[] found = kernel.entries("map").get(FakeKernel.boxed(bytes(key)));
        return found == null
                ? null
                : Long.valueOf(
                        ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }

    // ---- null ----

    @Test
    void what_is_absent_is_null() {
        kernel.put("map", bytes(1), bytes(10));
        var early = handlers.pre((p, regs) -> {
            Long found = map.get(regs.arg(0));
            if (found == null) {
                counter.add(1000);
                return 0;
            }
            counter.add(found);
            return 0;
        });
        hit(early, 1);
        hit(early, 2);
        assertThat(counted()).isEqualTo(1010);
        var inverse = handlers.pre((p, regs) -> {
            Long found = map.get(regs.arg(0));
            if (found != null && found > 5) {
                counter.add(found);
            }
            counter.add(found == null ? 1 : 2);
            return 0;
        });
        hit(inverse, 1);
        hit(inverse, 2);
        assertThat(counted()).isEqualTo(1010 + 10 + 2 + 1);
    }

    @Test
    void null_is_replaced() {
        kernel.put("map", bytes(1), bytes(10));
        var program = handlers.pre((p, regs) -> {
            Long found = map.get(regs.arg(0));
            if (found == null) {
                found = 5L;
            }
            counter.add(found);
            counter.add(map.getOrDefault(regs.arg(0), 100L));
            Long maybe = map.getOrDefault(regs.arg(0), null);
            counter.add(maybe instanceof Long sure ? sure : 1_000_000);
            return 0;
        });
        hit(program, 1);
        assertThat(counted()).isEqualTo(30);
        hit(program, 2);
        assertThat(counted()).isEqualTo(30 + 5 + 100 + 1_000_000);
    }

    @Test
    void using_null_stops_the_handler() {
        kernel.put("map", bytes(1), bytes(10));
        var program = handlers.pre((p, regs) -> {
            counter.add(1);
            counter.add(map.get(regs.arg(0)));
            return 0;
        });
        assertThat(hit(program, 1).faults()).isEmpty();
        assertThat(counted()).isEqualTo(11);
        assertThat(hit(program, 2).faults()).containsExactly("NullPointerException");
        assertThat(counted()).isEqualTo(12);
        var asKey = handlers.pre((p, regs) -> {
            map.put(map.get(regs.arg(0)), 3L);
            return 0;
        });
        assertThat(hit(asKey, 2).faults()).containsExactly("NullPointerException");
        assertThat(hit(asKey, 1).faults()).isEmpty();
        assertThat(entry(10)).isEqualTo(3);
        var known = handlers.pre((p, regs) -> {
            Long nothing = null;
            map.put(nothing, 3L);
            return 0;
        });
        assertThat(hit(known).faults()).containsExactly("NullPointerException");
    }

    @Test
    void what_may_be_null_goes_through_branches_and_loops() {
        for (long key = 0; key < 4; key++) {
            kernel.put("map", bytes(key * 2), bytes(1L << (key * 8)));
        }
        var program = handlers.pre((p, regs) -> {
            Long last = map.get(regs.arg(0));
            for (long i = 0; i < 8; i++) {
                Long now = map.get(i);
                if (now != null) {
                    counter.add(now);
                    last = now;
                } else if (i == 5) {
                    last = null;
                }
            }
            Long chosen = regs.arg(1) == 0 ? last : map.get(regs.arg(1));
            if (chosen == null) {
                chosen = last;
            }
            counter.add(chosen == null ? 7 : chosen * 2);
            return 0;
        });
        hit(program, 0, 1);
        long all = 1 + (1 << 8) + (1 << 16) + (1 << 24);
        assertThat(counted()).isEqualTo(all + (2L << 24));
        hit(program, 0, 2);
        assertThat(counted()).isEqualTo(all * 2 + (2L << 24) + (2L << 8));
    }

    @Test
    void a_record_that_may_be_null_goes_through_a_loop() {
        var values = handlers.map("values", Long.class, Value.class);
        kernel.hash("values", 8, 48, 4);
        var program = handlers.pre((p, regs) -> {
            values.put(2L, new Value(20, (short) 1, true, 'c', Kernel.comm(), (byte) 2, 3));
            values.put(4L, new Value(40, (short) 1, false, 'd', "four", (byte) 2, 3));
            Value best = values.get(regs.arg(0));
            for (long i = 0; i < 6; i++) {
                Value now = values.get(i);
                if (now != null && now.flag()) {
                    best = now;
                } else if (i == regs.arg(1)) {
                    best = null;
                }
            }
            if (best == null) {
                counter.increment();
                return 0;
            }
            Kernel.printf("%d %s", best.nanos(), best.comm());
            return 0;
        });
        assertThat(hit(program, 4, 9).lines()).containsExactly("20 bash");
        assertThat(hit(program, 4, 4).lines()).hasSize(1);
        assertThat(counted()).isOne();
    }

    private static Long find(KernelMap<Long, Long> where, long key) {
        if (key < 0) {
            return null;
        }
        Long found = where.get(key);
        return found != null ? found : where.get(key + 1);
    }

    @Test
    void methods_return_what_may_be_null() {
        kernel.put("map", bytes(2), bytes(20));
        var program = handlers.pre((p, regs) -> {
            Long found = find(map, regs.arg(0));
            counter.add(found == null ? 1 : found);
            return 0;
        });
        hit(program, -1);
        hit(program, 0);
        hit(program, 1);
        hit(program, 2);
        assertThat(counted()).isEqualTo(1 + 1 + 20 + 20);
    }

    // ---- copies ----

    @Test
    void a_copy_stays_as_it_was() {
        kernel.put("map", bytes(1), bytes(10));
        var program = handlers.pre((p, regs) -> {
            Long before = map.get(1L);
            map.put(1L, 99L);
            Long after = map.get(1L);
            boolean gone = map.remove(1L);
            boolean goneTwice = map.remove(1L);
            counter.add(before);
            counter.add(after * 1000);
            counter.add(gone && !goneTwice && map.get(1L) == null ? 1_000_000 : 0);
            return 0;
        });
        hit(program);
        assertThat(counted()).isEqualTo(1_099_010);
        assertThat(entry(1)).isNull();
    }

    @Test
    void put_if_absent_says_whether_it_put() {
        var program = handlers.pre((p, regs) -> {
            if (map.putIfAbsent(regs.arg(0), regs.arg(1))) {
                counter.increment();
            }
            return 0;
        });
        hit(program, 1, 10);
        hit(program, 1, 20);
        assertThat(entry(1)).isEqualTo(10);
        assertThat(counted()).isOne();
        for (int i = 2; i < 5; i++) {
            assertThat(hit(program, i, 1).count(Account.ENTRIES_LOST)).isZero();
        }
        assertThat(hit(program, 5, 1).count(Account.ENTRIES_LOST)).isOne();
        assertThat(hit(program, 1, 1).count(Account.ENTRIES_LOST)).isZero();
        assertThat(counted()).isEqualTo(4);
    }

    @Test
    void a_full_map_is_counted() {
        var program = handlers.pre((p, regs) -> {
            map.put(regs.arg(0), 1L);
            map.add(regs.arg(0), 5);
            return 0;
        });
        for (int i = 0; i < 4; i++) {
            assertThat(hit(program, i).count(Account.ENTRIES_LOST)).isZero();
        }
        assertThat(hit(program, 9).count(Account.ENTRIES_LOST)).isEqualTo(2);
        assertThat(hit(program, 3).count(Account.ENTRIES_LOST)).isZero();
        assertThat(entry(3)).isEqualTo(6);
        assertThat(hit(program, 9).count(Account.MAP_FULL)).isZero();
    }

    @Test
    void add_wraps_as_java_does() {
        var program = handlers.pre((p, regs) -> {
            map.add(regs.arg(0), regs.arg(1));
            small.add((int) regs.arg(0), regs.arg(1));
            return 0;
        });
        hit(program, 1, 5);
        hit(program, 1, Long.MAX_VALUE);
        assertThat(entry(1)).isEqualTo(Long.MAX_VALUE + 5);
        assertThat(kernel.entries("small").get(FakeKernel.boxed(word(1)))).isEqualTo(word(4));
    }

    // ---- types ----

    @Test
    void numbers_of_each_width_are_keys_and_values() {
        var narrow = handlers.map("narrow", Short.class, Byte.class);
        var letters = handlers.map("letters", Character.class, Boolean.class);
        kernel.hash("narrow", 2, 1, 4).hash("letters", 2, 1, 4);
        var program = handlers.pre((p, regs) -> {
            int x = (int) regs.arg(0);
            narrow.put((short) x, (byte) (x >> 8));
            letters.put((char) x, x > 0);
            small.put(x, -x);
            Byte signed = narrow.get((short) x);
            Boolean flag = letters.get((char) x);
            Integer word = small.get(x);
            Kernel.printf("%d %b %d", signed == null ? 1 : signed, flag == null || flag, word == null ? 1 : word + 1L);
            return 0;
        });
        int x = 0xffff_8001;
        assertThat(hit(program, x).lines()).containsExactly("-128 false 32768");
        assertThat(kernel.entries("narrow")).containsOnlyKeys(List.of((byte) 1, (byte) 0x80));
    }

    @Test
    void records_are_keys_and_values() {
        var values = handlers.map("values", Key.class, Value.class);
        kernel.hash("values", 24, 48, 4);
        var program = handlers.pre((p, regs) -> {
            var key = new Key((int) regs.arg(0), (byte) regs.arg(1), Kernel.comm());
            Value known = values.get(key);
            if (known != null) {
                Kernel.printf(
                        "%d %d %b %c %s %d %d",
                        known.nanos(),
                        known.half(),
                        known.flag(),
                        known.letter(),
                        known.comm(),
                        known.small(),
                        known.word());
                values.put(CAPTURED, known);
                return 0;
            }
            values.put(key, new Value(-5, (short) -2, true, 'x', "text", (byte) -3, 1 << 31));
            return 0;
        });
        assertThat(hit(program, 7, -1).lines()).isEmpty();
        byte[] key = ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(7)
                .put((byte) -1)
                .put("bash".getBytes(StandardCharsets.US_ASCII))
                .array();
        byte[] laidOut = Arrays.copyOf(key, 24);
        System.arraycopy(key, 5, laidOut, 5, 4);
        assertThat(kernel.entries("values")).hasSize(1);
        assertThat(hit(program, 7, -1).lines()).containsExactly("-5 -2 true x text -3 -2147483648");
        assertThat(kernel.entries("values")).hasSize(1);
    }

    @Test
    void a_record_that_may_be_null() {
        var values = handlers.map("values", Long.class, Value.class);
        kernel.hash("values", 8, 48, 4);
        var program = handlers.pre((p, regs) -> {
            if (regs.arg(1) > 0) {
                values.put(regs.arg(0), new Value(regs.arg(1), (short) 1, false, 'c', Kernel.comm(), (byte) 2, 3));
            }
            Value one = values.get(1L);
            Value best = one == null ? values.get(2L) : one;
            if (best == null) {
                best = new Value(4, (short) 4, true, 'd', "none", (byte) 4, 4);
            }
            Kernel.printf("%d %s %d", best.nanos(), best.comm(), best.word());
            counter.add(values.get(3L).nanos());
            return 0;
        });
        assertThat(hit(program, 2, 20).lines()).containsExactly("20 bash 3");
        var second = hit(program, 1, 10);
        assertThat(second.lines()).endsWith("10 bash 3");
        assertThat(second.faults()).containsExactly("NullPointerException");
        assertThat(hit(program, 3, 30).faults()).isEmpty();
        assertThat(counted()).isEqualTo(30);
    }

    // ---- counters and histograms ----

    @Test
    void counters_add() {
        var program = handlers.pre((p, regs) -> {
            counter.increment();
            counter.add(regs.arg(0));
            counter.add(Kernel.cpu() * 10);
            return 0;
        });
        hit(program, -100);
        assertThat(counted()).isEqualTo(-89);
    }

    static List<Buckets> shapes() {
        return List.of(
                new Buckets.Log2(),
                new Buckets.Linear(0, 100, 10),
                new Buckets.Linear(-7, 40, 16),
                new Buckets.Linear(1L << 40, (1L << 40) + (1L << 36), 1L << 34),
                new Buckets.Linear(Long.MIN_VALUE, -1, Long.MAX_VALUE / 3),
                new Buckets.Linear(-1L << 62, (1L << 62) - 1, Long.MAX_VALUE),
                new Buckets.Linear(1, Long.MAX_VALUE, Long.MAX_VALUE / 1000),
                new Buckets.Linear(-40, 0, 3),
                new Buckets.Linear(3, 4, 1),
                new Buckets.Linear(5, 1000, 7));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void histograms_count_where_java_says(Buckets buckets) {
        Histogram histogram = handlers.histogram("histogram", buckets);
        var program = handlers.pre((p, regs) -> {
            histogram.record(regs.arg(0));
            return 0;
        });
        for (long value : values(buckets)) {
            kernel.cells("histogram", buckets.room());
            hit(program, value);
            int slot = buckets.slotOf(value);
            assertThat(kernel.cell("histogram", slot)).as("slot of %d", value).isOne();
            assertThat(value).isBetween(buckets.from(slot), buckets.to(slot));
        }
    }

    /** There the slot is found without a branch. */
    @ParameterizedTest
    @MethodSource("shapes")
    void histograms_count_in_a_loop_where_java_says(Buckets buckets) {
        Histogram histogram = handlers.histogram("histogram", buckets);
        var program = handlers.pre((p, regs) -> {
            for (int i = 0; i < 3; i++) {
                histogram.record(regs.arg(0));
            }
            return 0;
        });
        for (long value : values(buckets)) {
            kernel.cells("histogram", buckets.room());
            hit(program, value);
            assertThat(kernel.cell("histogram", buckets.slotOf(value)))
                    .as("slot of %d", value)
                    .isEqualTo(3);
        }
    }

    private static long[] values(Buckets buckets) {
        var random = new Random(7);
        LongStream ends = LongStream.of(0, -1, Long.MIN_VALUE, Long.MAX_VALUE);
        LongStream bounds = LongStream.range(0, buckets.slots())
                .flatMap(slot -> LongStream.of(
                        buckets.from((int) slot),
                        buckets.from((int) slot) - 1,
                        buckets.to((int) slot),
                        buckets.to((int) slot) + 1));
        LongStream any = LongStream.generate(() -> random.nextLong() >> random.nextInt(64))
                .limit(500);
        return LongStream.concat(ends, LongStream.concat(bounds, any)).toArray();
    }

    @Test
    void buckets_meet_without_gap() {
        for (Buckets buckets : shapes()) {
            assertThat(buckets.room()).isGreaterThanOrEqualTo(buckets.slots());
            assertThat(Integer.bitCount(buckets.room())).isOne();
            int last = buckets instanceof Buckets.Log2 ? buckets.slots() - 2 : buckets.slots() - 1;
            for (int slot = 0; slot < last; slot++) {
                assertThat(buckets.to(slot) + 1).isEqualTo(buckets.from(slot + 1));
            }
        }
    }
}
