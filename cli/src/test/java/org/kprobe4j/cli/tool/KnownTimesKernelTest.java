package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code kprobe latency}, {@code ret} and {@code stacks} of calls whose number, results and least times are known; the most that they
 * can have taken is what the command itself measured around them.
 */
@Tag("kernel")
class KnownTimesKernelTest {
    private static final String SLEEP = "hrtimer_nanosleep";
    private static final long BRIEF = 3_000_000;
    private static final long LONG = 25_000_000;
    private static final int BRIEFS = 20;
    private static final int LONGS = 6;

    /** Twenty sleeps of 3 ms, six of 25 ms; how long each process saw them take goes to the file. */
    private static final String NAPS = KnownWork.CHILDREN + """
            use Time::HiRes qw(usleep clock_gettime CLOCK_MONOTONIC);
            sub naps { my ($name, $micros, $times) = @_;
                my $sum = 0; my $most = 0;
                for (1..$times) {
                    my $start = clock_gettime(CLOCK_MONOTONIC); usleep($micros);
                    my $took = clock_gettime(CLOCK_MONOTONIC) - $start; $sum += $took; $most = $took if $took > $most }
                told($name, int($sum * 1e9) + 1000, int($most * 1e9) + 1000) }
            child("nap-brief", 0, 0, "", sub { naps("brief", 3000, 20) });
            child("nap-long", 1, 0, "", sub { naps("long", 25000, 6) });
            for (1..2) { wait; die if $? }
            """;

    /** What each group of sleeps took, as seen from outside: the sum and the most, in nanoseconds. */
    private record Seen(long sum, long most) {}

    private static String[] with(String script, Path told, String... words) {
        return Stream.of(List.of(words), List.of("--", "perl", "-e", script, told.toString()))
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    private static Map<String, Seen> seen(Path told) throws IOException {
        var seen = new HashMap<String, Seen>();
        for (String line : Files.readAllLines(told)) {
            String[] words = line.split(" ");
            if (!words[0].startsWith("nap-")) {
                seen.put("nap-" + words[0], new Seen(Long.parseLong(words[1]), Long.parseLong(words[2])));
            }
        }
        assertThat(seen).hasSize(2);
        return seen;
    }

    private static Path told() throws IOException {
        return Files.createTempFile("kprobe4j-known-", ".told");
    }

    private static long number(Map<String, String> row, String column) {
        return Long.parseLong(row.get(column));
    }

    private static List<Map<String, String>> of(
            List<Map<String, String>> rows, String column, String key, String value) {
        return rows.stream()
                .filter(row -> row.containsKey(column) && row.get(key).equals(value))
                .toList();
    }

    /** What must be true of every row and its buckets. */
    private static void checkBuckets(Map<String, String> row, List<Map<String, String>> buckets) {
        long count = number(row, "count");
        assertThat(buckets.stream().mapToLong(bucket -> number(bucket, "count")).sum())
                .isEqualTo(count);
        assertThat(row.get("min_ns")).satisfies(min -> assertWithin(Long.parseLong(min), buckets.getFirst()));
        assertWithin(number(row, "max_ns"), buckets.getLast());
        assertThat(number(row, "average_ns")).isEqualTo(Math.round((double) number(row, "total_ns") / count));
        String[] names = {"p50_ns", "p90_ns", "p99_ns", "p99_9_ns"};
        double[] percents = {50, 90, 99, 99.9};
        long before = number(row, "min_ns");
        for (int i = 0; i < names.length; i++) {
            long rank = (long) Math.ceil(count * percents[i] / 100);
            long passed = 0;
            for (Map<String, String> bucket : buckets) {
                passed += number(bucket, "count");
                if (passed >= rank) {
                    assertWithin(number(row, names[i]), bucket);
                    break;
                }
            }
            assertThat(number(row, names[i])).as(names[i]).isBetween(before, number(row, "max_ns"));
            before = number(row, names[i]);
        }
    }

    private static void assertWithin(long nanos, Map<String, String> bucket) {
        long from = bucket.get("from_ns").isEmpty() ? 0 : number(bucket, "from_ns");
        long to = bucket.get("to_ns").isEmpty() ? Long.MAX_VALUE : number(bucket, "to_ns");
        assertThat(nanos).as("%s", bucket).isBetween(from, to);
    }

    private static void checkSleeps(Map<String, String> row, long least, int times, Seen seen) {
        assertThat(number(row, "count")).isEqualTo(times);
        assertThat(number(row, "min_ns")).isGreaterThanOrEqualTo(least);
        assertThat(number(row, "max_ns")).isLessThanOrEqualTo(seen.most());
        assertThat(number(row, "total_ns")).isBetween(least * times, seen.sum());
    }

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void sleeps_by_powers_of_two(String suffix) throws IOException {
        Path told = told();
        List<Map<String, String>> rows = Told.by(
                suffix, 0, with(NAPS, told, "latency", SLEEP, "--by", "comm", "--when", "starts(comm, \"nap-\")"));
        Map<String, Seen> seen = seen(told);
        assertThat(of(rows, "p50_ns", "comm", "nap-brief")).hasSize(1);
        for (String comm : seen.keySet()) {
            Map<String, String> row = of(rows, "p50_ns", "comm", comm).getFirst();
            List<Map<String, String>> buckets = of(rows, "from_ns", "comm", comm);
            checkSleeps(
                    row,
                    comm.endsWith("brief") ? BRIEF : LONG,
                    comm.endsWith("brief") ? BRIEFS : LONGS,
                    seen.get(comm));
            checkBuckets(row, buckets);
            assertThat(buckets)
                    .allMatch(bucket -> Long.bitCount(number(bucket, "from_ns")) == 1
                            && number(bucket, "to_ns") == 2 * number(bucket, "from_ns") - 1);
        }
    }

    @Test
    void sleeps_in_steps() throws IOException {
        Path told = told();
        List<Map<String, String>> rows = Told.by(
                ".json",
                0,
                with(
                        NAPS,
                        told,
                        "latency",
                        SLEEP,
                        "--linear",
                        "0:1s:1ms",
                        "--by",
                        "comm",
                        "--when",
                        "starts(comm, \"nap-\")"));
        for (var group : seen(told).entrySet()) {
            List<Map<String, String>> buckets = of(rows, "from_ns", "comm", group.getKey());
            checkBuckets(of(rows, "p50_ns", "comm", group.getKey()).getFirst(), buckets);
            long least = group.getKey().endsWith("brief") ? BRIEF : LONG;
            assertThat(buckets)
                    .allMatch(bucket -> number(bucket, "from_ns") % 1_000_000 == 0
                            && number(bucket, "to_ns") == number(bucket, "from_ns") + 999_999);
            assertThat(buckets.stream()
                            .filter(bucket -> number(bucket, "from_ns") < least)
                            .mapToLong(bucket -> number(bucket, "count"))
                            .sum())
                    .isZero();
        }
    }

    @Test
    void time_on_a_cpu_and_time_that_was_waited() throws IOException {
        Path told = told();
        List<Map<String, String>> rows = Told.by(
                ".csv",
                0,
                with(NAPS, told, "latency", SLEEP, "--cpu-time", "--by", "comm", "--when", "starts(comm, \"nap-\")"));
        for (var group : seen(told).entrySet()) {
            Map<String, Map<String, String>> parts = new HashMap<>();
            of(rows, "p50_ns", "comm", group.getKey()).forEach(row -> parts.put(row.get("part"), row));
            assertThat(parts).containsOnlyKeys("all", "on CPU", "waiting");
            boolean isBrief = group.getKey().endsWith("brief");
            checkSleeps(parts.get("all"), isBrief ? BRIEF : LONG, isBrief ? BRIEFS : LONGS, group.getValue());
            assertThat(number(parts.get("on CPU"), "total_ns") + number(parts.get("waiting"), "total_ns"))
                    .isEqualTo(number(parts.get("all"), "total_ns"));
            assertThat(number(parts.get("waiting"), "min_ns")).isGreaterThan((isBrief ? BRIEF : LONG) / 2);
            for (String part : parts.keySet()) {
                checkBuckets(
                        parts.get(part),
                        of(rows, "from_ns", "comm", group.getKey()).stream()
                                .filter(row -> row.get("part").equals(part))
                                .toList());
            }
        }
    }

    @Test
    void a_call_within_a_call_takes_its_own_time() throws Exception {
        try (var nested = new NestedOverlay()) {
            List<Map<String, String>> rows = Told.by(".json", 0, nested.with("latency", NestedOverlay.FUNCTION));
            assertThat(rows.getFirst()).containsEntry("count", "40");
            checkBuckets(rows.getFirst(), rows.subList(1, rows.size()));
            List<Map<String, String>> groups =
                    Told.by(".json", 0, nested.with("latency", NestedOverlay.FUNCTION, "--by", nested.mount())).stream()
                            .filter(row -> row.containsKey("p50_ns"))
                            .toList();
            assertThat(groups).hasSize(2).allMatch(row -> row.get("count").equals("20"));
            for (String column : List.of("total_ns", "min_ns", "max_ns")) {
                assertThat(number(groups.get(0), column)).isGreaterThan(number(groups.get(1), column));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void what_reads_returned(String suffix) throws IOException {
        List<Map<String, String>> rows =
                Told.by(suffix, 0, new KnownWork().with("ret", "vfs_read", "--by", "comm", "--when", KnownWork.ZERO));
        assertThat(rows)
                .containsExactly(
                        returned("three", 16, 16, "", 90),
                        returned("one", 16, 16, "", 10),
                        returned("one", 4096, 8191, "", 20),
                        returned("two", 16, 16, "", 30));
    }

    private static Map<String, String> returned(String comm, long from, long to, String name, long count) {
        return Map.of("comm", comm, "from", "" + from, "to", "" + to, "name", name, "count", "" + count);
    }

    /** Opens that fail in five ways, and nine that do not. */
    private static final String OPENS = KnownWork.CHILDREN + """
            sub opens { my ($name, $flags, $times) = @_; for (1..$times) { my $f; sysopen($f, $name, $flags) } }
            child("opens-all", 0, 0, "", sub {
                opens("/nonexistent", O_RDONLY, 12); opens("/etc/passwd/x", O_RDONLY, 7); opens("/run", O_WRONLY, 5);
                opens("/etc/passwd", O_WRONLY | O_CREAT | O_EXCL, 3); opens("/etc/passwd", O_RDONLY, 9) });
            child("opens-few", 1, 65534, "", sub { opens("/etc/shadow", O_RDONLY, 4) });
            for (1..2) { wait; die if $? }
            """;

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void errors_by_their_names(String suffix) throws IOException {
        String[] words = {"ret", "do_sys_openat2", "--by", "comm", "--when", "starts(comm, \"opens-\")"};
        String[] failed =
                Stream.concat(Arrays.stream(words), Stream.of("--errors")).toArray(String[]::new);
        assertThat(Told.by(suffix, 0, with(OPENS, told(), failed)))
                .containsExactly(
                        returned("opens-all", -21, -21, "EISDIR", 5),
                        returned("opens-all", -20, -20, "ENOTDIR", 7),
                        returned("opens-all", -17, -17, "EEXIST", 3),
                        returned("opens-all", -2, -2, "ENOENT", 12),
                        returned("opens-few", -13, -13, "EACCES", 4));
        List<Map<String, String>> all = Told.by(suffix, 0, with(OPENS, told(), words));
        assertThat(all.stream()
                        .filter(row -> row.get("name").isEmpty())
                        .mapToLong(row -> number(row, "count"))
                        .sum())
                .isEqualTo(9);
        words[0] = "latency";
        failed[0] = "latency";
        List<Map<String, String>> times = Told.by(suffix, 0, with(OPENS, told(), failed)).stream()
                .filter(row -> row.containsKey("p50_ns"))
                .toList();
        var byError = new HashMap<String, Long>();
        times.forEach(row -> byError.put(row.get("error"), number(row, "count")));
        assertThat(byError).isEqualTo(Map.of("ENOENT", 12L, "ENOTDIR", 7L, "EISDIR", 5L, "EEXIST", 3L, "EACCES", 4L));
    }

    @Test
    void stacks_add_up_to_the_calls() throws IOException {
        List<Map<String, String>> rows = Told.by(
                ".json",
                0,
                new KnownWork().with("stacks", "vfs_read", "--kernel", "--by", "comm", "--when", KnownWork.ZERO));
        var byComm = new HashMap<String, Long>();
        for (Map<String, String> row : rows) {
            byComm.merge(row.get("comm"), number(row, "hits"), Long::sum);
            assertThat(row.get("kernel")).startsWith("vfs_read;").contains("read");
        }
        assertThat(byComm).isEqualTo(Map.of("one", 30L, "two", 30L, "three", 90L));
        Ran folded = Ran.tool(
                        ".txt",
                        new KnownWork().with("stacks", "vfs_read", "--kernel", "--folded", "--when", KnownWork.ZERO))
                .ended(0);
        assertThat(folded.lines()).allMatch(line -> line.matches("\\S+;vfs_read \\d+"));
        assertThat(weight(folded)).isEqualTo(KnownWork.READS);
    }

    private static long weight(Ran folded) {
        return folded.lines().stream()
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void stacks_weigh_what_their_calls_took() throws IOException {
        Path told = told();
        List<Map<String, String>> rows = Told.by(
                ".csv",
                0,
                with(
                        NAPS,
                        told,
                        "stacks",
                        SLEEP,
                        "--latency",
                        "--kernel",
                        "--by",
                        "comm",
                        "--when",
                        "starts(comm, \"nap-\")"));
        for (var group : seen(told).entrySet()) {
            List<Map<String, String>> own = of(rows, "hits", "comm", group.getKey());
            boolean isBrief = group.getKey().endsWith("brief");
            assertThat(own.stream().mapToLong(row -> number(row, "hits")).sum()).isEqualTo(isBrief ? BRIEFS : LONGS);
            assertThat(own.stream().mapToLong(row -> number(row, "duration_ns")).sum())
                    .isBetween(
                            isBrief ? BRIEFS * BRIEF : LONGS * LONG,
                            group.getValue().sum());
            assertThat(own)
                    .allMatch(row -> number(row, "max_ns") <= group.getValue().most());
        }
        told = told();
        Ran folded = Ran.tool(
                        ".txt",
                        with(NAPS, told, "stacks", SLEEP, "--latency", "--folded", "--when", "starts(comm, \"nap-\")"))
                .ended(0);
        Map<String, Seen> seen = seen(told);
        assertThat(weight(folded))
                .isBetween(
                        BRIEFS * BRIEF + LONGS * LONG,
                        seen.values().stream().mapToLong(Seen::sum).sum());
    }

    /** Its compiled method is named by the perf map that it wrote. */
    @Test
    void frames_of_a_jvm_by_their_names() throws Exception {
        Path go = Files.createTempFile("kprobe4j-known-", ".go");
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+PreserveFramePointer",
                        "-Xbatch",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ZeroReader.class.getName(),
                        go.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(reader.inputReader().readLine()).isEqualTo("ready");
            Ran ran = Ran.tool(
                            ".txt",
                            "stacks",
                            "vfs_read",
                            "--folded",
                            "--all",
                            "--pid",
                            Long.toString(reader.pid()),
                            "--when",
                            KnownWork.ZERO,
                            "--",
                            "sh",
                            "-c",
                            "rm " + go + "; until [ -e " + go + ".done ]; do sleep 0.05; done")
                    .ended(0);
            assertThat(weight(ran)).isEqualTo(50);
            assertThat(ran.lines())
                    .allMatch(
                            line -> line.matches(
                                    ".*org\\.kprobe4j\\.cli\\.tool\\.ZeroReader[.:]+readOnce[^;]*_\\[j\\];.*;.*read.*;vfs_read_\\[k\\] \\d+"));
        } finally {
            reader.destroyForcibly().waitFor();
        }
    }
}
