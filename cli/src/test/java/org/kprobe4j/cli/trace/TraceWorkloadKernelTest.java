package org.kprobe4j.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.tool.Ran;

/** A workload of known calls: how many, with which arguments, errors and sleeps, in several threads. */
@Tag("kernel")
class TraceWorkloadKernelTest {
    private static final long SLEEP_NANOS = 20_000_000;
    /** Machines are shared: it may take longer, but not that long. */
    private static final long TOLERANCE = 100;

    private static List<Map<String, @Nullable Object>> json(String command, String... words) throws IOException {
        return JsonLines.of(run(".json", List.of("sh", "-c", command), words).lines());
    }

    private static Ran run(String suffix, List<String> command, String... words) throws IOException {
        var all = new ArrayList<>(List.of("trace"));
        all.addAll(List.of(words));
        all.add("--");
        all.addAll(command);
        Ran ran = Ran.tool(suffix, all.toArray(String[]::new)).ended(0);
        ran.err().forEach(System.out::println);
        return ran;
    }

    private static @Nullable Object argument(Map<String, @Nullable Object> row, String name) {
        return ((Map<?, ?>) Objects.requireNonNull(row.get("args"))).get(name);
    }

    @Test
    void counts_arguments_errors_and_sleeps() throws IOException {
        var rows = json(
                "for i in 1 2 3 4 5; do true < /nonexistent-$i; done 2>/dev/null;"
                        + " dd if=/dev/zero of=/dev/null bs=300 count=7 status=none;"
                        + " sleep 0.02; sleep 0.02; sleep 0.02",
                "do_sys_openat2,vfs_read,hrtimer_nanosleep");
        var missing = rows.stream()
                .filter(row -> String.valueOf(argument(row, "filename")).startsWith("/nonexistent-"))
                .toList();
        assertThat(missing)
                .extracting(row -> argument(row, "filename"))
                .containsExactly(
                        "/nonexistent-1", "/nonexistent-2", "/nonexistent-3", "/nonexistent-4", "/nonexistent-5");
        assertThat(missing)
                .allSatisfy(row -> assertThat(row)
                        .containsEntry("function", "do_sys_openat2")
                        .containsEntry("comm", "sh")
                        .containsEntry("retval", -2L)
                        .containsEntry("result", "-ENOENT")
                        .containsEntry("error", "ENOENT"));
        assertThat(missing).allSatisfy(row -> assertThat(argument(row, "dfd")).isEqualTo(-100L));
        var reads = rows.stream()
                .filter(row -> "/dev/zero".equals(argument(row, "file")))
                .toList();
        assertThat(reads).hasSize(7);
        assertThat(reads).allSatisfy(row -> {
            assertThat(row).containsEntry("function", "vfs_read").containsEntry("retval", 300L);
            assertThat(argument(row, "count")).isEqualTo(300L);
        });
        var sleeps = rows.stream()
                .filter(row -> "hrtimer_nanosleep".equals(row.get("function")))
                .toList();
        assertThat(sleeps).hasSize(3);
        assertThat(sleeps).allSatisfy(row -> {
            assertThat(row).containsEntry("comm", "sleep").containsEntry("retval", 0L);
            assertThat(argument(row, "rqtp")).isEqualTo(SLEEP_NANOS);
            assertThat((Long) row.get("duration_ns")).isBetween(SLEEP_NANOS, SLEEP_NANOS * TOLERANCE);
        });
        assertThat(rows).allSatisfy(row -> assertThat(row).containsEntry("lost", null));
    }

    private static List<String> twoThreads() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                TraceWorkload.class.getName());
    }

    private static final String[] NESTED = {"ksys_read,vfs_read", "--when", "arg2 == 100 || arg2 == 200"};

    @Test
    void threads_are_told_apart_however_they_interleave() throws IOException {
        var rows = JsonLines.of(run(".json", twoThreads(), NESTED).lines()).stream()
                .filter(row -> String.valueOf(row.get("comm")).startsWith("reader-"))
                .toList();
        assertThat(rows).hasSize(2 * 2 * TraceWorkload.READS);
        assertThat(rows.stream().map(row -> row.get("pid")).distinct()).hasSize(1);
        var byThread = rows.stream().collect(Collectors.groupingBy(row -> (Long) row.get("tid")));
        assertThat(byThread).hasSize(2);
        byThread.forEach((tid, calls) -> {
            assertThat(calls).hasSize(2 * TraceWorkload.READS);
            // As they return: the inner one first.
            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i))
                        .containsEntry("function", i % 2 == 0 ? "vfs_read" : "ksys_read")
                        .containsEntry("depth", i % 2 == 0 ? 1L : 0L)
                        .containsEntry("comm", calls.getFirst().get("comm"))
                        .containsEntry(
                                "retval", "reader-100".equals(calls.get(i).get("comm")) ? 100L : 200L);
            }
            for (int i = 0; i < calls.size(); i += 2) {
                String inner = String.valueOf(calls.get(i).get("time"));
                String outer = String.valueOf(calls.get(i + 1).get("time"));
                assertThat(inner).isGreaterThanOrEqualTo(outer);
                assertThat((Long) calls.get(i).get("duration_ns"))
                        .isLessThanOrEqualTo((Long) calls.get(i + 1).get("duration_ns"));
            }
        });
        var order = rows.stream().map(row -> row.get("tid")).toList();
        long turns = IntStream.range(1, order.size())
                .filter(i -> !order.get(i).equals(order.get(i - 1)))
                .count();
        assertThat(turns).as("how often the threads took turns").isGreaterThan(TraceWorkload.READS / 2);
    }

    @Test
    void what_a_thread_calls_stands_below_its_own_call() throws IOException {
        var call = Pattern.compile(".*reader-(\\d+) +\\d+ +(\\d+)  ( *)(ksys_read|vfs_read)\\(.*\\) = (\\d+) <.*>");
        var lines = run(".txt", twoThreads(), NESTED).lines().stream()
                .map(call::matcher)
                .filter(Matcher::matches)
                .toList();
        assertThat(lines).hasSize(2 * 2 * TraceWorkload.READS);
        for (int i = 0; i < lines.size(); i += 2) {
            Matcher outer = lines.get(i);
            Matcher inner = lines.get(i + 1);
            assertThat(outer.group(4)).isEqualTo("ksys_read");
            assertThat(outer.group(3)).isEmpty();
            assertThat(inner.group(4)).isEqualTo("vfs_read");
            assertThat(inner.group(3)).isEqualTo("  ");
            assertThat(inner.group(2)).isEqualTo(outer.group(2));
            assertThat(inner.group(1)).isEqualTo(inner.group(5)).isEqualTo(outer.group(1));
        }
    }

    @Test
    void a_task_that_ends_inside_a_call_is_in_the_account_and_hides_nothing() throws IOException {
        String command = "(exit 3); dd if=/dev/zero of=/dev/null bs=300 count=7 status=none; true";
        Ran ran =
                run(".json", List.of("sh", "-c", command), "do_exit,vfs_read", "--when", "arg2 == 300 || arg0 == 768");
        assertThat(ran.err())
                .anyMatch(line -> line.matches("kprobe: do_exit,vfs_read \\(2 places\\): \\d+ hits = 7 delivered \\+ "
                        + "\\d+ filtered \\+ 1 ended inside \\(their tasks exited\\)(; .*)?"));
        assertThat(JsonLines.of(ran.lines())).hasSize(7);
        // When it begins, it is seen.
        var begun = json(command, "do_exit", "--args", "--when", "arg0 == 768");
        assertThat(begun).singleElement().satisfies(row -> {
            assertThat(row).containsEntry("function", "do_exit").containsEntry("type", "hit");
            assertThat(argument(row, "code")).isEqualTo(768L);
        });
    }
}
