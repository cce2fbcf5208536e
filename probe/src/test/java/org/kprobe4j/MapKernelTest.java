package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Maps, counters and histograms, shared by handlers in the kernel and this JVM. */
@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class MapKernelTest {
    record Caller(int pid, String comm) {}

    record Seen(long offset, short low, boolean odd, byte minus, String comm) {}

    static final class Stamp {
        long at;
    }

    private static final int PID = (int) ProcessHandle.current().pid();

    @Test
    void aCounterCountsEachHit() {
        try (var hits = Counter.of();
                var offsets = Counter.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        hits.increment();
                        offsets.add(DevNull.offset(regs));
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(1000);
                assertThat(hits.sum()).isEqualTo(1000);
                assertThat(hits.take()).isEqualTo(1000);
                DevNull.seek(10);
            }
            assertThat(hits.sum()).isEqualTo(10);
            assertThat(offsets.sum()).isEqualTo(499_500 + 45);
        }
    }

    @Test
    void handlersShareAMapKeyedByThread() {
        try (var starts = KernelMap.of(Long.class, Long.class);
                var latency = Histogram.log2();
                var lost = Counter.of()) {
            var entry = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        starts.put((long) Kernel.tid(), Kernel.ktimeNs());
                        return 0;
                    })
                    .register();
            var back = Kretprobe.at(DevNull.FUNCTION)
                    .handler((ri, regs) -> {
                        Long start = starts.get((long) Kernel.tid());
                        if (start == null) {
                            lost.increment();
                            return 0;
                        }
                        latency.record(Kernel.ktimeNs() - start);
                        starts.remove((long) Kernel.tid());
                        return 0;
                    })
                    .register();
            try (entry;
                    back) {
                DevNull.seek(500);
            }
            assertThat(latency.count()).isEqualTo(500);
            assertThat(lost.sum()).isZero();
            assertThat(starts.isEmpty()).isTrue();
            assertThat(latency.buckets()).allMatch(b -> b.from() > 0 && b.to() < 10_000_000_000L);
            assertThat(latency.toString()).contains("value", "count", "█");
        }
    }

    @Test
    void latencyThroughPrivateData() {
        try (var latency = Histogram.log2()) {
            var rp = Kretprobe.at(DevNull.FUNCTION, Stamp.class)
                    .entryHandler((ri, regs) -> {
                        ri.data().at = Kernel.ktimeNs();
                        return 0;
                    })
                    .handler((ri, regs) -> {
                        latency.record(Kernel.ktimeNs() - ri.data().at);
                        return 0;
                    })
                    .register();
            try (rp) {
                DevNull.seek(500);
            }
            assertThat(latency.count()).isEqualTo(500);
            assertThat(rp.account().delivered()).isEqualTo(500);
        }
    }

    @Test
    void histogramsPutValuesWhereJavaSays() {
        try (var log2 = Histogram.log2();
                var linear = Histogram.linear(100, 1000, 70);
                var negative = Histogram.linear(-3, 1L << 40, 1L << 33)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = DevNull.offset(regs);
                        log2.record(offset << 52 >> (offset & 63));
                        linear.record(offset);
                        negative.record(offset << 31);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(2000);
            }
            assertThat(counts(log2))
                    .isEqualTo(expected(log2, LongStream.range(0, 2000).map(o -> o << 52 >> (o & 63))));
            assertThat(counts(linear)).isEqualTo(expected(linear, LongStream.range(0, 2000)));
            assertThat(counts(negative))
                    .isEqualTo(expected(negative, LongStream.range(0, 2000).map(o -> o << 31)));
        }
    }

    /** Many ways through a handler: the verifier must not follow each of them to its end. */
    @Test
    void loopsOverMapsAndHistograms() {
        try (var map = KernelMap.of(Long.class, Seen.class);
                var log2 = Histogram.log2();
                var steps = Histogram.linear(0, 100, 3);
                var sum = Counter.of()) {
            for (long i = 0; i < 8; i += 3) {
                map.put(i, new Seen(i, (short) (i * 2), i > 2, (byte) -i, "java"));
            }
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        Seen best = map.get(DevNull.offset(regs));
                        // Few rounds: the verifier follows each way through each of them.
                        for (long i = 0; i < 8; i++) {
                            Seen now = map.get(i);
                            log2.record(i * DevNull.offset(regs));
                            if (now != null && now.odd()) {
                                steps.record(now.low());
                                best = now;
                            } else if (i == DevNull.offset(regs)) {
                                best = null;
                            }
                        }
                        log2.record(DevNull.offset(regs));
                        log2.record(-DevNull.offset(regs));
                        sum.add(best == null ? 1000 : best.offset());
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(20);
            }
            // The entries from 3 on are odd; the last is 6, which a hit with the offset 7 forgets again.
            assertThat(sum.sum()).isEqualTo(19 * 6 + 1000);
            assertThat(steps.count()).isEqualTo(20 * 2);
            assertThat(log2.count()).isEqualTo(20 * 10);
            assertThat(kp.account().delivered()).isEqualTo(20);
        }
    }

    /** The verifier learns of a value that lives on what each way through the search says of it. */
    @Test
    void aHistogramInALoop() {
        try (var sizes = Histogram.log2();
                var steps = Histogram.linear(0, 100, 7)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = DevNull.offset(regs);
                        for (long i = 0; i < 20; i++) {
                            sizes.record(offset);
                            sizes.record(i * offset);
                            steps.record(offset + i);
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(30);
            }
            assertThat(sizes.snapshot())
                    .isEqualTo(Distribution.log2(LongStream.range(0, 30)
                            .flatMap(o -> LongStream.range(0, 20).flatMap(i -> LongStream.of(o, i * o)))
                            .toArray()));
            assertThat(steps.count()).isEqualTo(30 * 20);
        }
    }

    /** No way through a round differs from another: what the verifier follows grows with the rounds only. */
    @Test
    void histogramsInALongLoop() {
        try (var sizes = Histogram.log2();
                var steps = Histogram.linear(-100, 2000, 7)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long offset = DevNull.offset(regs);
                        for (long i = 0; i < 1000; i++) {
                            sizes.record(offset);
                            sizes.record(i * offset);
                            steps.record(i * offset - 200);
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(5);
            }
            assertThat(sizes.snapshot())
                    .isEqualTo(Distribution.log2(LongStream.range(0, 5)
                            .flatMap(o -> LongStream.range(0, 1000).flatMap(i -> LongStream.of(o, i * o)))
                            .toArray()));
            assertThat(counts(steps))
                    .isEqualTo(expected(
                            steps,
                            LongStream.range(0, 5)
                                    .flatMap(o -> LongStream.range(0, 1000).map(i -> i * o - 200))));
        }
    }

    private static List<Long> counts(Histogram histogram) {
        return histogram.buckets().stream().map(Distribution.Bucket::count).toList();
    }

    /** What should be in the buckets that it has: the bounds themselves are the unit tests' matter. */
    private static List<Long> expected(Histogram histogram, LongStream values) {
        long[] all = values.toArray();
        return histogram.buckets().stream()
                .map(b -> LongStream.of(all)
                        .filter(v -> v >= b.from() && v <= b.to())
                        .count())
                .toList();
    }

    @Test
    void recordsAreKeysAndValues() {
        try (var calls = KernelMap.of(Caller.class, Long.class);
                var last = KernelMap.of(Caller.class, Seen.class);
                var sums = KernelMap.of(Integer.class, Integer.class)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        var caller = new Caller(Kernel.pid(), Kernel.comm());
                        calls.add(caller, 1);
                        long offset = DevNull.offset(regs);
                        Seen before = last.get(caller);
                        if (before != null) {
                            sums.add((int) before.offset() & 3, before.low() + before.minus());
                        }
                        last.put(
                                caller,
                                new Seen(offset, (short) offset, (offset & 1) != 0, (byte) -offset, Kernel.comm()));
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(300);
            }
            Map<Caller, Long> counted = calls.entries();
            assertThat(counted).hasSize(1).containsValue(300L);
            Caller me = counted.keySet().iterator().next();
            assertThat(me.pid()).isEqualTo(PID);
            assertThat(me.comm()).isNotEmpty();
            assertThat(calls.get(me)).isEqualTo(300);
            assertThat(last.get(me)).isEqualTo(new Seen(299, (short) 299, true, (byte) -299, me.comm()));
            for (int i = 0; i < 4; i++) {
                int residue = i;
                assertThat(sums.get(i)).isEqualTo((int) LongStream.range(0, 299)
                        .filter(o -> (o & 3) == residue)
                        .map(o -> (short) o + (byte) -o)
                        .sum());
            }
            assertThat(kp.account().delivered()).isEqualTo(300);
        }
    }

    @Test
    void aFullMapIsCounted() {
        try (var offsets = KernelMap.of(Long.class, Boolean.class, 16);
                var counts = KernelMap.of(Short.class, Long.class, 4)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        offsets.put(DevNull.offset(regs), true);
                        counts.add((short) (DevNull.offset(regs) & 7), 1);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(64);
            }
            assertThat(kp.account().entriesLost()).isEqualTo(64 - 16 + 64 / 2);
            assertThat(kp.account().delivered()).isEqualTo(64);
            assertThat(kp.account().toString()).startsWith("64 hits = 64 delivered; 80 entries lost to a full map");
            assertThat(offsets.size()).isEqualTo(16);
            assertThat(counts.entries().values()).containsOnly(8L).hasSize(4);
            assertThatThrownBy(() -> offsets.put(-1L, false))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageMatching(
                            "map\\d+ is full: it holds 16 entries; make it for more with KernelMap.of\\(…, maxEntries\\)");
        }
    }

    @Test
    void aPutFromJavaIsSeenByTheHandlerAtOnce() {
        try (var watched = KernelMap.of(Integer.class, Boolean.class);
                var hits = Counter.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        if (!watched.containsKey(Kernel.pid())) {
                            return 0;
                        }
                        hits.increment();
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(5);
                assertThat(hits.sum()).isZero();
                watched.put(PID, true);
                DevNull.seek(7);
                assertThat(watched.remove(PID)).isTrue();
                DevNull.seek(9);
            }
            assertThat(hits.sum()).isEqualTo(7);
        }
    }

    @Test
    void absentEntriesAreNull() {
        try (var map = KernelMap.of(Long.class, Long.class);
                var present = Counter.of();
                var first = Counter.of();
                var sum = Counter.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        long key = DevNull.offset(regs) / 2;
                        if (map.putIfAbsent(key, key)) {
                            first.increment();
                        }
                        if (map.get(key) != null) {
                            present.increment();
                        }
                        sum.add(map.getOrDefault(key + 1, -1L));
                        sum.add(map.get(key + 1));
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(100);
            }
            assertThat(present.sum()).isEqualTo(100);
            assertThat(first.sum()).isEqualTo(50);
            assertThat(sum.sum()).isEqualTo(-100);
            assertThat(kp.account().faulted()).isEqualTo(100);
            assertThat(kp.account().delivered()).isZero();
        }
    }

    @Test
    void fromJavaItIsAMapLikeAnyOther() {
        try (var map = KernelMap.of(Caller.class, Long.class, 100)) {
            assertThat(map.get(new Caller(1, "init"))).isNull();
            assertThat(map.getOrDefault(new Caller(1, "init"), 7L)).isEqualTo(7);
            for (int i = 0; i < 100; i++) {
                map.put(new Caller(i, "c" + i), (long) i);
            }
            assertThat(map.size()).isEqualTo(100);
            assertThat(map.containsKey(new Caller(5, "c5"))).isTrue();
            assertThat(map.putIfAbsent(new Caller(5, "c5"), 9L)).isFalse();
            assertThat(map.get(new Caller(5, "c5"))).isEqualTo(5);
            assertThat(map.remove(new Caller(5, "c5"))).isTrue();
            assertThat(map.remove(new Caller(5, "c5"))).isFalse();
            var sum = new ArrayList<Long>();
            map.forEach((caller, number) -> sum.add(caller.pid() + number));
            assertThat(sum.stream().mapToLong(Long::longValue).sum()).isEqualTo(2 * (4950 - 5));
            map.clear();
            assertThat(map.isEmpty()).isTrue();
            assertThat(map.entries()).isEmpty();
            assertThatThrownBy(() -> map.put(new Caller(1, "longer than sixteen"), 1L))
                    .hasMessage("the string \"longer than sixteen\" has 19 bytes; the component comm holds 16");
        }
    }

    @Test
    void whatIsClosedSaysSo() throws InterruptedException {
        var map = KernelMap.of(Long.class, Long.class);
        var counter = Counter.of();
        var histogram = Histogram.log2();
        map.close();
        counter.close();
        histogram.close();
        histogram.close();
        assertThatThrownBy(() -> map.get(1L))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("map map\\d+ is closed");
        assertThatThrownBy(counter::sum)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("map counter\\d+ is closed");
        assertThatThrownBy(histogram::count)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("map histogram\\d+ is closed");
        assertThatThrownBy(() -> Kprobe.at(DevNull.FUNCTION)
                        .preHandler((p, regs) -> {
                            counter.increment();
                            return 0;
                        })
                        .register())
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "a handler uses a Counter that is closed; close the probe first, then what its handlers use");
        readWhileItIsClosed();
    }

    /** A read that meets the close is an exception and never a fault of the process. */
    private static void readWhileItIsClosed() throws InterruptedException {
        for (int i = 0; i < 50; i++) {
            var shared = Histogram.log2();
            var entries = KernelMap.of(Long.class, Long.class);
            var reader = new Thread(() -> {
                try {
                    while (true) {
                        shared.count();
                        entries.put(1L, 2L);
                    }
                } catch (IllegalStateException e) {
                    // The close was met.
                }
            });
            reader.start();
            Thread.onSpinWait();
            shared.close();
            entries.close();
            reader.join();
        }
    }

    @Test
    void aProbeOutlivesWhatItsHandlerUses() {
        var counter = Counter.of();
        var kp = Kprobe.at(DevNull.FUNCTION)
                .preHandler((p, regs) -> {
                    counter.increment();
                    return 0;
                })
                .register();
        try (kp) {
            counter.close();
            DevNull.seek(10);
        }
        assertThat(kp.account().delivered()).isEqualTo(10);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> KernelMap.of(String.class, Long.class))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "String cannot be a key or a value of a map; use Long, Integer, Short, Byte, Character, Boolean or a record");
        assertThatThrownBy(() -> KernelMap.of(Long.class, Long.class, 0))
                .isInstanceOf(UsageException.class)
                .hasMessage("a map for 0 entries: it must hold at least one");
        assertThatThrownBy(() -> Histogram.linear(5, 5, 1))
                .isInstanceOf(UsageException.class)
                .hasMessage("a linear histogram from 5 to 5 in steps of 1: min must be below max, and step above 0");
    }

    interface Filename extends KernelStruct {
        String name();
    }

    record Opened(int pid, @MaxBytes(64) String path) {}

    record LongPath(@MaxBytes(200) String path, int pid) {}

    record Last(
            long count,
            @MaxBytes(64) String path,
            @MaxBytes(21) String comm) {}

    private static void open(String path) {
        try (var file = new RandomAccessFile(path, "r")) {
            file.seek(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void pathsAreKeys() {
        try (var opened = KernelMap.of(Opened.class, Long.class);
                var byPath = KernelMap.of(LongPath.class, Last.class)) {
            var kp = Kprobe.at(TextKernelTest.openFunction())
                    .preHandler((p, regs) -> {
                        String path = Kernel.struct(regs.arg(1), Filename.class).name();
                        if (path.startsWith("/etc/host") || path.startsWith("/etc/p")) {
                            opened.add(new Opened(Kernel.pid(), path), 1);
                            var key = new LongPath(path, Kernel.pid());
                            Last last = byPath.get(key);
                            long count = last == null ? 0 : last.count();
                            String before = last == null ? "" : last.path();
                            if (before.isEmpty() || before.equals(path)) {
                                count++;
                            }
                            byPath.put(key, new Last(count, path, Kernel.comm()));
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                for (int i = 0; i < 3; i++) {
                    open("/etc/hostname");
                    open("/etc/passwd");
                    open("/etc/hosts");
                }
            }
            assertThat(kp.account().faulted()).isZero();
            assertThat(opened.entries())
                    .containsEntry(new Opened(PID, "/etc/hostname"), 3L)
                    .containsEntry(new Opened(PID, "/etc/passwd"), 3L)
                    .containsEntry(new Opened(PID, "/etc/hosts"), 3L);
            Last last = Objects.requireNonNull(byPath.get(new LongPath("/etc/hosts", PID)));
            assertThat(last.count()).isEqualTo(3);
            assertThat(last.path()).isEqualTo("/etc/hosts");
        }
    }

    @Test
    void textsOfAMapAreComparedAndSentOn() {
        try (var names = KernelMap.of(Long.class, Last.class);
                var counts = KernelMap.of(Opened.class, Long.class)) {
            names.put(1L, new Last(0, "first", "a"));
            names.put(2L, new Last(0, "second of them", "b"));
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        Last found = names.get(DevNull.offset(regs));
                        String name = found == null ? "none" : found.path();
                        int kind = switch (name) {
                            case "first" -> 1;
                            case "none" -> 2;
                            default -> name.endsWith("of them") && name.contains("d o") ? 3 : 4;
                        };
                        counts.add(new Opened(kind, name), 1);
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(4);
            }
            assertThat(kp.account().faulted()).isZero();
            assertThat(counts.entries())
                    .containsOnly(
                            Map.entry(new Opened(1, "first"), 1L),
                            Map.entry(new Opened(3, "second of them"), 1L),
                            Map.entry(new Opened(2, "none"), 2L));
        }
    }

    record TooLong(@MaxBytes(600) String path) {}

    @Test
    void aKeyHasItsLimit() {
        assertThatThrownBy(() -> KernelMap.of(TooLong.class, Long.class))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "a key of type TooLong has 600 bytes, and the kernel takes at most 512: make its strings shorter with @MaxBytes");
    }

    record Inner(short low, @MaxBytes(5) String odd, Inet4Address host) {}

    record Outer(byte first, Inner inner, @MaxBytes(11) String text) {}

    record Sent(
            short low,
            @MaxBytes(5) String odd,
            Inet4Address host,
            @MaxBytes(11) String text,
            boolean same) {}

    @Test
    void recordsInRecordsAreReadBack() throws IOException {
        var host = (Inet4Address) InetAddress.getByName("10.1.2.3");
        List<Sent> seen = Collections.synchronizedList(new ArrayList<>());
        var events = RingBuffer.of(Sent.class);
        try (var kept = KernelMap.of(Long.class, Outer.class)) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        kept.put(1L, new Outer((byte) 1, new Inner((short) -2, "abcde", host), "0123456789a"));
                        Outer found = kept.get(1L);
                        if (found != null) {
                            kept.put(2L, found);
                            Outer second = kept.get(2L);
                            boolean same = second != null && second.text().equals(found.text());
                            Inner inner = found.inner();
                            events.emit(new Sent(inner.low(), inner.odd(), inner.host(), found.text(), same));
                        }
                        return 0;
                    })
                    .register();
            try (events) {
                events.forEach(seen::add);
                try (kp) {
                    DevNull.seek(1);
                }
            }
        }
        assertThat(seen).containsExactly(new Sent((short) -2, "abcde", host, "0123456789a", true));
    }

    @Name("filename")
    interface Lost extends KernelStruct {
        @Name("name")
        @OnFault
        String nameOrEmpty();

        String name();
    }

    @Test
    void aTextThatCannotBeReadStopsTheHandlerUnlessItMayBeEmpty() {
        try (var paths = KernelMap.of(LongPath.class, Last.class);
                var before = Counter.of();
                var after = Counter.of()) {
            var kp = Kprobe.at(DevNull.FUNCTION)
                    .preHandler((p, regs) -> {
                        var nowhere = Kernel.struct(0x10, Lost.class);
                        paths.put(new LongPath(nowhere.nameOrEmpty(), 1), new Last(1, "there", "comm"));
                        before.increment();
                        paths.put(new LongPath(nowhere.name(), 2), new Last(1, nowhere.name(), "comm"));
                        after.increment();
                        return 0;
                    })
                    .register();
            try (kp) {
                DevNull.seek(3);
            }
            assertThat(kp.account().faulted()).isEqualTo(3);
            assertThat(paths.entries()).containsOnly(Map.entry(new LongPath("", 1), new Last(1, "there", "comm")));
            assertThat(before.sum()).isEqualTo(3);
            assertThat(after.sum()).isZero();
        }
    }

    @Test
    void largeKeysInALoopAtTheReturn() {
        try (var paths = KernelMap.of(LongPath.class, Last.class)) {
            var rp = Kretprobe.at(DevNull.FUNCTION)
                    .handler((ri, regs) -> {
                        String comm = Kernel.comm();
                        for (int i = 0; i < 4; i++) {
                            var key = new LongPath(comm, i);
                            Last last = paths.get(key);
                            paths.put(key, new Last(last == null ? i : last.count() + 1, "path", comm));
                        }
                        return 0;
                    })
                    .register();
            try (rp) {
                DevNull.seek(2);
            }
            assertThat(paths.entries()).hasSize(4);
            assertThat(paths.entries().values()).extracting(Last::count).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
        }
    }
}
