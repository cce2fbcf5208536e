package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.cli.expression.Expressions;
import org.kprobe4j.cli.expression.Expressions.Condition;
import org.kprobe4j.cli.expression.Signature;
import org.kprobe4j.cli.expression.Typed;

/** Calls of known numbers, sizes and sleeps are measured and grouped in a real kernel. */
@Tag("kernel")
class LatencyCallsKernelTest {
    private static final long OWN = ProcessHandle.current().pid();
    private static final Scope ALL = new Scope.Everyone(0);
    private static final long MILLI = 1_000_000;

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    private record Found(Map<List<Object>, Measured> times, Map<List<Object>, Measured> runs) {}

    private static Found measured(String function, String condition, List<String> by, boolean inTurns, Work work)
            throws Exception {
        Expressions over = Expressions.over(Signature.of(function));
        return measured(over, function, condition, by, inTurns, false, work);
    }

    private static Found measured(
            Expressions over,
            String target,
            String condition,
            List<String> by,
            boolean inTurns,
            boolean split,
            Work work)
            throws Exception {
        List<Typed> keys = by.stream().map(over::read).toList();
        return measured(over, target, condition, keys, KeyShape.of(keys, false), inTurns, split, work);
    }

    private static <K> Found measured(
            Expressions over,
            String target,
            String condition,
            List<Typed> keys,
            KeyShape<K> shape,
            boolean inTurns,
            boolean split,
            Work work)
            throws Exception {
        Condition wanted = over.condition(condition);
        var stores = new TimeStore.Plan<>(shape, null, inTurns, TimeStore.KEYS);
        try (TimeStore<K> times = stores.open();
                Waiting waiting = split ? Waiting.BySwitches.open() : new Waiting.NotAsked();
                LatencyCalls.Split<K> parts =
                        split ? new LatencyCalls.Parts<>(stores.open(), stores.open()) : new LatencyCalls.Whole<>()) {
            var calls = new LatencyCalls<>(
                    new Wanted(ALL, wanted.atEntry()), wanted.atReturn(), shape, times, waiting, parts);
            try (var _ = waiting instanceof Waiting.BySwitches switches ? switches.plant() : null;
                    Kretprobe _ = Kretprobe.at(target, LatencyCalls.Call.class)
                            .entryHandler(calls.entry())
                            .handler(calls.back())
                            .register()) {
                work.run();
            }
            return new Found(
                    byValues(keys, times),
                    parts instanceof LatencyCalls.Parts<K> both ? byValues(keys, both.runs()) : Map.of());
        }
    }

    private static Map<List<Object>, Measured> byValues(List<Typed> keys, TimeStore<?> store) {
        var all = new HashMap<List<Object>, Measured>();
        store.take().groups().forEach((key, one) -> all.put(KeyShape.values(keys, key), one));
        return all;
    }

    private static Map<List<Object>, Long> counts(Map<List<Object>, Measured> found) {
        var counts = new HashMap<List<Object>, Long>();
        found.forEach((key, one) -> {
            assertThat(one.exact().getCount()).isEqualTo(one.count());
            counts.put(key, one.count());
        });
        return counts;
    }

    /** Ten reads of 1 byte, seven of 4000, three of 70000. */
    private static void reads() throws IOException {
        try (var zero = new FileInputStream("/dev/zero")) {
            for (int i = 0; i < 20; i++) {
                int bytes = i < 10 ? 1 : i < 17 ? 4000 : 70_000;
                assertThat(zero.read(new byte[bytes])).isEqualTo(bytes);
            }
        }
    }

    private static final String ZERO = "pid == " + OWN + " && path(file) == \"/dev/zero\"";

    private static String comm() throws IOException {
        return Files.readString(Path.of("/proc/thread-self/comm")).strip();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void all_calls_together(boolean inTurns) throws Exception {
        Found found = measured("vfs_read", ZERO, List.of(), inTurns, LatencyCallsKernelTest::reads);
        assertThat(counts(found.times())).isEqualTo(Map.of(List.of(), 20L));
    }

    @Test
    void by_numbers_and_what_came_back() throws Exception {
        Found found =
                measured("vfs_read", ZERO + " && retval > 1", List.of("count", "retval", "pid"), false, () -> reads());
        assertThat(counts(found.times()))
                .isEqualTo(Map.of(List.of(4000L, 4000L, OWN), 7L, List.of(70_000L, 70_000L, OWN), 3L));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void by_the_name_of_the_thread(boolean inTurns) throws Exception {
        Found found = measured("vfs_read", ZERO, List.of("comm", "count"), inTurns, LatencyCallsKernelTest::reads);
        assertThat(counts(found.times()))
                .isEqualTo(Map.of(List.of(comm(), 1L), 10L, List.of(comm(), 4000L), 7L, List.of(comm(), 70_000L), 3L));
    }

    @Test
    void by_texts() throws Exception {
        String comm = comm();
        Found found = measured("vfs_read", ZERO, List.of("path(file)"), false, LatencyCallsKernelTest::reads);
        assertThat(counts(found.times())).isEqualTo(Map.of(List.of("/dev/zero"), 20L));
        found = measured(
                "vfs_read", ZERO, List.of("count", "path(file)", "func", "comm"), false, LatencyCallsKernelTest::reads);
        assertThat(found.times()).hasSize(3);
        found.times()
                .forEach((key, one) -> assertThat(key).contains("/dev/zero").endsWith(comm));
    }

    /** A sleep is time switched out, counting is not. */
    @Test
    void time_on_a_cpu_is_told_from_waiting() throws Exception {
        Signature sleep = Signature.of("hrtimer_nanosleep");
        Found found = measured(
                Expressions.over(sleep), "hrtimer_nanosleep", "comm == \"sleep\"", List.of(), false, true, () -> {
                    for (int i = 0; i < 10; i++) {
                        assertThat(new ProcessBuilder("sleep", "0.003").start().waitFor())
                                .isZero();
                    }
                });
        Measured times = Objects.requireNonNull(found.times().get(List.of()));
        Measured runs = Objects.requireNonNull(found.runs().get(List.of()));
        assertThat(times.count()).isEqualTo(10);
        assertThat(runs.count()).isEqualTo(10);
        assertThat(times.exact().getMin()).isGreaterThanOrEqualTo(3 * MILLI);
        assertThat(runs.exact().getSum()).isLessThan(times.exact().getSum() - 10 * 2 * MILLI);
    }
}
