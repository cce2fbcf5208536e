package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.kprobe4j.bpf.PossibleCpus;

/** Arrays, queues, values of CPUs and of tasks in a real kernel. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class KernelCollectionKernelTest {
    record Seen(long offset, int low, boolean odd, String comm) {}

    record Path(@MaxBytes(200) String path, long number) {}

    record Huge(@MaxBytes(4096) String a, @MaxBytes(4096) String b) {}

    record Enormous(Huge a, Huge b, Huge c, Huge d, Huge e) {}

    private static final int PID = (int) ProcessHandle.current().pid();

    // ---- maps ----

    @Test
    void mapsAreFilledAndEmptiedAtOnce() {
        int count = 20_000;
        Map<Long, Long> squares = LongStream.range(0, count).boxed().collect(Collectors.toMap(i -> i, i -> i * i));
        try (var map = KernelMap.of(Long.class, Long.class, count)) {
            map.putAll(squares);
            assertThat(map.entries()).isEqualTo(squares);
            assertThat(map.size()).isEqualTo(count);
            assertThat(map.top(2))
                    .containsExactly(Map.entry(19_999L, 19_999L * 19_999), Map.entry(19_998L, 19_998L * 19_998));
            assertThat(map.stream().mapToLong(Map.Entry::getKey).sum()).isEqualTo(199_990_000);
            assertThatThrownBy(() -> map.putAll(Map.of(-1L, 1L)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is full: it holds 20000 entries");
            assertThat(map.takeAll()).isEqualTo(squares);
            assertThat(map.isEmpty()).isTrue();
            map.put(1L, 1L);
            map.clear();
            assertThat(map.size()).isZero();
        }
    }

    @Test
    void anLruMapIsNeverFull() {
        try (var map = KernelMap.lru(Long.class, Long.class, 1000);
                var perCpu = PerCpuMap.lru(Long.class, Long.class, 1000)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        map.put(regs.arg(1), 1L);
                        perCpu.add(regs.arg(1), 1);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(5000);
            }
            assertThat(kp.account().toString()).startsWith("5000 hits = 5000 delivered");
            assertThat(map.size()).isBetween(1, 1000);
            assertThat(perCpu.size()).isBetween(1, 1000);
            assertThat(map.get(4999L)).isOne();
        }
    }

    @Test
    void sumsOfAllCpusAreExact() {
        try (var map = PerCpuMap.of(Long.class, Long.class, 8);
                var last = PerCpuMap.of(Integer.class, Seen.class);
                var array = PerCpuArray.of(Long.class, 5);
                var seen = PerCpuArray.of(Seen.class, 3)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long key = regs.arg(1) & 7;
                        map.add(key, regs.arg(1));
                        array.add((int) (regs.arg(1) % 5), 1);
                        var now = new Seen(regs.arg(1), (int) key, (key & 1) == 1, Kernel.comm());
                        last.put(Kernel.pid(), now);
                        Seen before = seen.get((int) (key % 3));
                        seen.set((int) (key % 3), new Seen(before.offset() + 1, before.low(), true, Kernel.comm()));
                        return 0;
                    })
                    .register();
            try (kp) {
                inThreads(4, () -> DevNull.seek(10_000));
            }
            assertThat(kp.account().delivered()).isEqualTo(40_000);
            assertThat(array.sums()).containsOnly(8000L);
            var expected = new HashMap<Long, Long>();
            LongStream.range(0, 10_000).forEach(i -> expected.merge(i & 7, 4 * i, Long::sum));
            assertThat(map.sums()).isEqualTo(expected);
            assertThat(map.top(1).getFirst().getKey()).isEqualTo(7);
            int cpus = PossibleCpus.running().numbers().size();
            assertThat(map.values(3L)).hasSize(cpus);
            assertThat(array.values(0)).hasSize(cpus);
            assertThat(last.values(PID).stream().map(Seen::offset)).contains(9999L);
            long counted = IntStream.range(0, 3)
                    .mapToLong(
                            i -> seen.values(i).stream().mapToLong(Seen::offset).sum())
                    .sum();
            assertThat(counted).isEqualTo(40_000);
            assertThat(map.takeAll()).hasSize(8);
            assertThat(map.isEmpty()).isTrue();
        }
    }

    private static void inThreads(int count, Runnable work) {
        var threads = IntStream.range(0, count)
                .mapToObj(_ -> Thread.ofPlatform().start(work))
                .toList();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    // ---- arrays ----

    @Test
    void arraysOfEachWidth() {
        try (var longs = KernelArray.of(Long.class, 10);
                var ints = KernelArray.of(Integer.class, 10);
                var bytes = KernelArray.of(Byte.class, 3);
                var letters = KernelArray.of(Character.class, 7);
                var seen = KernelArray.of(Seen.class, 5);
                var paths = KernelArray.of(Path.class, 3)) {
            longs.set(9, -5L);
            ints.add(2, 100);
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        int i = (int) regs.arg(1);
                        longs.add(i % 10, i);
                        ints.add(i % 10, -1);
                        bytes.set(i % 3, (byte) (bytes.get(i % 3) - 1));
                        letters.set(i % 7, (char) (letters.get(i % 7) + longs.length()));
                        Seen before = seen.get(i % 5);
                        seen.set(i % 5, new Seen(before.offset() + i, i, before.odd() ^ true, Kernel.comm()));
                        paths.set(
                                i % 3, new Path(Kernel.comm(), paths.get(i % 3).number() + 1));
                        return 0;
                    })
                    .register();
            try (kp) {
                inThreads(1, () -> DevNull.seek(100));
            }
            assertThat(kp.account().toString()).startsWith("100 hits = 100 delivered");
            assertThat(longs.stream().toList())
                    .containsExactly(450L, 460L, 470L, 480L, 490L, 500L, 510L, 520L, 530L, 535L);
            assertThat(ints.get(2)).isEqualTo(90);
            assertThat(ints.get(0)).isEqualTo(-10);
            assertThat(bytes.get(0)).isEqualTo((byte) -34);
            assertThat(letters.get(0)).isEqualTo((char) 150);
            assertThat(seen.get(4).offset())
                    .isEqualTo(LongStream.range(0, 100).filter(i -> i % 5 == 4).sum());
            assertThat(seen.get(4).low()).isEqualTo(99);
            assertThat(seen.get(4).comm()).isNotEmpty();
            assertThat(paths.get(0).number()).isEqualTo(34);
            assertThat(paths.get(0).path()).isEqualTo(seen.get(4).comm());
            longs.clear();
            assertThat(longs.toString()).isEqualTo("[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]");
        }
    }

    @Test
    void anIndexOutOfBoundsStopsTheHandler() {
        try (var array = KernelArray.of(Long.class, 10);
                var perCpu = PerCpuArray.of(Integer.class, 10)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        perCpu.add((int) regs.arg(1) & 15, 1);
                        array.add((int) regs.arg(1) - 5, 1);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(16);
            }
            assertThat(kp.account().faulted()).isEqualTo(11);
            assertThat(array.stream().toList()).containsExactly(1L, 1L, 1L, 1L, 1L, 0L, 0L, 0L, 0L, 0L);
            assertThat(perCpu.sums()).containsOnly(1L);
            assertThatThrownBy(() -> array.get(10))
                    .isInstanceOf(ArrayIndexOutOfBoundsException.class)
                    .hasMessage("Index 10 out of bounds for length 10");
        }
    }

    /** The verifier must follow it without losing what it knows of the indexes. */
    @Test
    void arraysInLoops() {
        try (var cells = KernelArray.of(Long.class, 1000);
                var seen = KernelArray.of(Seen.class, 100)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long sum = 0;
                        int last = 0;
                        for (int i = 0; i < 16; i++) {
                            int at = (int) (regs.arg(1) + i * 31L) % 1000;
                            sum += cells.get(at);
                            if (seen.get(at % 100).odd()) {
                                last = at;
                            }
                            cells.add(at, i);
                        }
                        seen.set(last % 100, new Seen(sum, last, sum > 3, Kernel.comm()));
                        cells.set(last, sum + 1);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(50);
            }
            assertThat(kp.account().toString()).startsWith("50 hits = 50 delivered");
            assertThat(cells.stream().anyMatch(cell -> cell > 0)).isTrue();
        }
    }

    // ---- queues ----

    @Test
    void aQueueKeepsTheOrder() {
        try (var numbers = KernelQueue.of(Long.class, 16);
                var seen = KernelQueue.of(Seen.class, 4);
                var polled = Counter.of()) {
            numbers.offer(1000L);
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        if (regs.arg(1) == 0) {
                            Long first = numbers.peek();
                            polled.add(first == null ? 0 : first);
                            Long taken = numbers.poll();
                            polled.add(taken == null ? 0 : taken);
                            Long none = numbers.poll();
                            polled.add(none == null ? 1 : 100_000);
                        }
                        numbers.offer(regs.arg(1));
                        if (!seen.offer(new Seen(regs.arg(1), 1, true, Kernel.comm()))) {
                            Seen old = seen.poll();
                            if (old != null) {
                                seen.offer(new Seen(regs.arg(1), old.low() + 1, false, old.comm()));
                            }
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(20);
            }
            assertThat(polled.sum()).isEqualTo(2001);
            assertThat(kp.account().toString()).startsWith("20 hits = 20 delivered; 20 entries lost to a full map");
            assertThat(numbers.offer(1L)).isFalse();
            assertThat(numbers.peek()).isZero();
            assertThat(numbers.takeAll())
                    .isEqualTo(LongStream.range(0, 16).boxed().toList());
            assertThat(numbers.poll()).isNull();
            assertThat(numbers.peek()).isNull();
            assertThat(seen.takeAll().stream().map(Seen::offset)).containsExactly(16L, 17L, 18L, 19L);
        }
    }

    // ---- values of tasks ----

    @Test
    void eachTaskHasItsValue() {
        try (var counts = TaskLocal.of(Long.class);
                var seen = TaskLocal.of(Seen.class);
                var totals = KernelMap.of(Integer.class, Long.class);
                var removed = Counter.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        Long before = counts.get();
                        long now = before == null ? 1 : before + 1;
                        counts.set(now);
                        totals.put(Kernel.tid(), now);
                        Seen last = seen.get();
                        seen.set(new Seen(regs.arg(1), last == null ? 0 : last.low() + 1, true, Kernel.comm()));
                        if (regs.arg(1) == 499) {
                            Seen all = seen.get();
                            removed.add(all == null ? 0 : all.low());
                            removed.add(counts.remove() && !counts.remove() ? 1 : 0);
                            removed.add(counts.getOrDefault(7L));
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                inThreads(40, () -> DevNull.seek(500));
            }
            assertThat(kp.account().toString()).startsWith("20000 hits = 20000 delivered");
            assertThat(totals.entries().values()).hasSize(40).containsOnly(500L);
            assertThat(removed.sum()).isEqualTo(40L * (499 + 1 + 7));
        }
    }

    // ---- bad input ----

    @Test
    void tooLarge() {
        assertThatThrownBy(() -> KernelMap.of(Long.class, Long.class, Integer.MAX_VALUE))
                .isInstanceOf(UsageException.class)
                .hasMessageMatching(
                        "a map for 2147483647 entries of 8 \\+ 8 bytes is more than this kernel gives memory for \\((ENOMEM|E2BIG)\\); make it smaller");
        assertThatThrownBy(() -> PerCpuMap.of(Long.class, Enormous.class, 10))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("a map for 10 entries of 8 + 40960 bytes");
        assertThatThrownBy(() -> KernelArray.of(Long.class, 1 << 27))
                .isInstanceOf(UsageException.class)
                .hasMessageMatching(
                        "an array of 134217728 Long, 1073741824 bytes, is more than this kernel gives memory for \\((ENOMEM|E2BIG)\\); make it smaller");
        assertThatThrownBy(() -> KernelArray.of(Huge.class, 1 << 20))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "an array of 1048576 Huge, 8589934592 bytes, is more than a kernel gives memory for; make it smaller, or use a map");
        assertThatThrownBy(() -> KernelQueue.of(Huge.class, Integer.MAX_VALUE))
                .isInstanceOf(UsageException.class)
                .hasMessageMatching(
                        "a queue for 2147483647 values of 8192 bytes is more than this kernel gives memory for \\((ENOMEM|E2BIG)\\); make it smaller");
    }

    @Test
    void badSizes() {
        assertThatThrownBy(() -> KernelArray.of(Long.class, 0))
                .isInstanceOf(UsageException.class)
                .hasMessage("an array of 0 elements: it must have at least one");
        assertThatThrownBy(() -> KernelQueue.of(Long.class, -1))
                .isInstanceOf(UsageException.class)
                .hasMessage("a queue for -1 values: it must hold at least one");
        assertThatThrownBy(() -> PerCpuMap.of(Huge.class, Long.class))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "a key of type Huge has 8192 bytes, and the kernel takes at most 512: make its strings shorter with @MaxBytes");
        assertThatThrownBy(() -> TaskLocal.of(Thread.class))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "Thread cannot be a key or a value of a map; use Long, Integer, Short, Byte, Character, Boolean or a record");
    }

    @Test
    void outsideOfHandlers() {
        try (var array = PerCpuArray.of(Long.class, 2);
                var map = PerCpuMap.of(Long.class, Long.class);
                var local = TaskLocal.of(Long.class)) {
            String outside =
                    " has a meaning only inside a handler, which runs in the kernel; to run a handler in the JVM, open a SimulatedKernel";
            assertThatThrownBy(() -> array.get(1)).hasMessage("get(1)" + outside);
            assertThatThrownBy(() -> map.put(1L, 2L)).hasMessage("put(1, 2)" + outside);
            assertThatThrownBy(() -> local.set(1L)).hasMessage("set(1)" + outside);
            assertThat(map.values(1L)).isEmpty();
            assertThat(map.sum(1L)).isZero();
        }
    }

    @Test
    void closedWhileRead() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            var array = KernelArray.of(Long.class, 10_000);
            var map = KernelMap.of(Long.class, Long.class, 1000);
            var perCpu = PerCpuMap.of(Long.class, Long.class, 1000);
            var queue = KernelQueue.of(Long.class, 10);
            map.putAll(LongStream.range(0, 1000).boxed().collect(Collectors.toMap(i -> i, i -> i)));
            var wrong = new AtomicReference<Throwable>();
            var readers = IntStream.range(0, 4)
                    .mapToObj(i -> Thread.ofPlatform().start(() -> {
                        try {
                            while (true) {
                                switch (i) {
                                    case 0 -> array.stream().toList();
                                    case 1 -> map.entries();
                                    case 2 -> perCpu.takeAll();
                                    default -> queue.offer(queue.poll() == null ? 1L : 2L);
                                }
                            }
                        } catch (IllegalStateException e) {
                            if (!String.valueOf(e.getMessage()).matches("map \\w+ is closed")) {
                                wrong.set(e);
                            }
                        } catch (RuntimeException e) {
                            wrong.set(e);
                        }
                    }))
                    .toList();
            Thread.sleep(2);
            array.close();
            map.close();
            perCpu.close();
            queue.close();
            for (Thread reader : readers) {
                reader.join();
            }
            assertThat(wrong.get()).isNull();
        }
    }

    @Test
    void closedBeforeTheProbe() {
        var array = KernelArray.of(Long.class, 10);
        array.close();
        array.close();
        assertThatThrownBy(() -> array.get(0)).hasMessageMatching("map array\\d+ is closed");
        assertThatThrownBy(() -> array.set(0, 1L)).hasMessageMatching("map array\\d+ is closed");
        assertThatThrownBy(array::clear).hasMessageMatching("map array\\d+ is closed");
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            array.add(0, 1);
                            return 0;
                        })
                        .register())
                .hasMessageContaining(
                        "a handler uses a KernelArray that is closed; close the probe first, then what its handlers use");
    }
}
