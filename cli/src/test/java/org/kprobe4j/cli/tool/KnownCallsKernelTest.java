package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code kprobe count} of calls whose number is known by each key, and through each filter. */
@Tag("kernel")
class KnownCallsKernelTest {
    /** What is counted by some keys; the row's other cells joined by spaces. */
    private static Map<String, Long> counts(String suffix, String key, KnownWork work) throws IOException {
        List<Map<String, String>> rows =
                Told.by(suffix, 0, work.with("count", "vfs_read", "--by", key, "--when", KnownWork.ZERO));
        var counts = new LinkedHashMap<String, Long>();
        for (Map<String, String> row : rows) {
            List<String> cells = List.copyOf(row.values());
            assertThat(List.copyOf(row.keySet()).subList(0, cells.size() - 1))
                    .containsExactlyElementsOf(Targets.split(key));
            counts.put(String.join(" ", cells.subList(0, cells.size() - 1)), Long.valueOf(cells.getLast()));
        }
        assertThat(counts.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(KnownWork.READS);
        return counts;
    }

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void by_what_is_running(String suffix) throws IOException {
        assertThat(counts(suffix, "func", new KnownWork())).isEqualTo(Map.of("vfs_read", 150L));
        Map<String, Long> byName = counts(suffix, "comm", new KnownWork());
        assertThat(byName).isEqualTo(Map.of("one", 30L, "two", 30L, "three", 90L));
        // The largest first, then by name.
        assertThat(byName.keySet()).containsExactly("three", "one", "two");
        assertThat(counts(suffix, "cpu", new KnownWork())).isEqualTo(Map.of("0", 120L, "1", 30L));
        assertThat(counts(suffix, "uid", new KnownWork())).isEqualTo(Map.of("0", 120L, "65534", 30L));
        assertThat(counts(suffix, "cgroup", new KnownWork()))
                .isEqualTo(Map.of("" + KnownWork.ownGroup(), 120L, "" + KnownWork.group(KnownWork.GROUP), 30L));
    }

    @Test
    void by_processes_and_threads() throws IOException {
        var work = new KnownWork();
        Map<String, Long> byProcess = counts(".json", "pid", work);
        Map<String, long[]> numbers = work.numbers();
        assertThat(byProcess)
                .isEqualTo(Map.of(
                        "" + numbers.get("one")[0],
                        30L,
                        "" + numbers.get("two")[0],
                        30L,
                        "" + numbers.get("three")[0],
                        90L));
        work = new KnownWork();
        Map<String, Long> byThread = counts(".csv", "tid,pid", work);
        numbers = work.numbers();
        var expected = new HashMap<String, Long>();
        expected.put(thread(numbers, "one"), 30L);
        expected.put(thread(numbers, "two"), 30L);
        expected.put(thread(numbers, "three"), 40L);
        expected.put(thread(numbers, "thread"), 50L);
        assertThat(byThread).isEqualTo(expected);
        assertThat(numbers.get("thread")[1]).isNotEqualTo(numbers.get("thread")[0]);
    }

    private static String thread(Map<String, long[]> numbers, String name) {
        return numbers.get(name)[1] + " " + numbers.get(name)[0];
    }

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void by_arguments_fields_and_texts(String suffix) throws IOException {
        assertThat(counts(suffix, "count", new KnownWork())).isEqualTo(Map.of("16", 130L, "5000", 20L));
        assertThat(counts(suffix, "file->f_inode->i_rdev", new KnownWork())).isEqualTo(Map.of("1048581", 150L));
        assertThat(counts(suffix, "path(file)", new KnownWork())).isEqualTo(Map.of("/dev/zero", 150L));
        assertThat(counts(suffix, "str(file->f_path.dentry->d_name.name),comm", new KnownWork()))
                .isEqualTo(Map.of("zero three", 90L, "zero one", 30L, "zero two", 30L));
        assertThat(counts(suffix, "count > 4096", new KnownWork())).isEqualTo(Map.of("false", 130L, "true", 20L));
        assertThat(counts(suffix, "comm,count,uid,cpu", new KnownWork()))
                .isEqualTo(Map.of("one 16 0 0", 10L, "one 5000 0 0", 20L, "two 16 65534 1", 30L, "three 16 0 0", 90L));
    }

    @Test
    void the_largest_and_a_condition() throws IOException {
        var work = new KnownWork();
        assertThat(Told.by(
                        ".json",
                        0,
                        work.with("count", "vfs_read", "--by", "comm", "--top", "1", "--when", KnownWork.ZERO)))
                .containsExactly(Map.of("comm", "three", "count", "90"));
        assertThat(Told.by(
                        ".json",
                        0,
                        new KnownWork()
                                .with(
                                        "count",
                                        "vfs_read",
                                        "--when",
                                        KnownWork.ZERO,
                                        "--when",
                                        "count > 16 && uid == 0")))
                .containsExactly(Map.of("function", "vfs_read", "count", "20"));
    }

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void each_second(String suffix) throws IOException {
        List<Map<String, String>> rows = Told.by(
                suffix,
                0,
                "count",
                "vfs_read",
                "-i",
                "1s",
                "--by",
                "comm",
                "--when",
                KnownWork.ZERO,
                "--",
                "perl",
                "-e",
                """
                open my $zero, "<", "/dev/zero"; $0 = "timed";
                for (1..3) { sysread($zero, my $b, 3) for 1..100; select(undef, undef, undef, 1.1) }
                """);
        assertThat(rows.size()).isBetween(3, 6);
        assertThat(rows.stream()
                        .mapToLong(row -> Long.parseLong(row.get("count")))
                        .sum())
                .isEqualTo(300);
        assertThat(rows.getLast()).containsEntry("total", "300").containsEntry("comm", "timed");
    }

    /** A file of an overlay on an overlay: asking the one for its attributes asks the other. */
    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void calls_within_calls(String suffix) throws Exception {
        try (var nested = new NestedOverlay()) {
            List<Map<String, String>> rows = Told.by(suffix, 0, nested.with("count", NestedOverlay.FUNCTION));
            assertThat(rows).containsExactly(Map.of("function", NestedOverlay.FUNCTION, "count", "40"));
            rows = Told.by(suffix, 0, nested.with("count", NestedOverlay.FUNCTION, "--by", nested.mount()));
            assertThat(rows).hasSize(2).allMatch(row -> row.get("count").equals("20"));
        }
    }

    /** A reader that is there before the run begins: 25 reads on CPU 1 as user 65534 in a control group. */
    private static final String READER = KnownWork.CHILDREN + """
            settle(1, 65534, "%s"); $0 = "helper one";
            select(undef, undef, undef, 0.01) until -e "$told.go";
            reads(8, 25); told("done", $$, tid());
            sleep 1 while 1;
            """.formatted(KnownWork.GROUP);

    @ParameterizedTest
    @CsvSource({
        "--pid, %p, 1",
        "--pid, '1,%p', '1,2'",
        "--tid, %p, 1",
        "--comm, helper one, helper",
        "--comm, help*, elper*",
        "--uid, 65534, 0",
        "--uid, nobody, root",
        "--cgroup, kprobe4j-known, kprobe4j-empty",
        "--cgroup, /sys/fs/cgroup/kprobe4j-known, 1",
        "--cpu, 1, 0",
        "--when, uid == 65534 && count == 8, uid == 65534 && count != 8",
    })
    void filters(String option, String fits, String fitsNot) throws Exception {
        var _ = new KnownWork();
        Files.createDirectories(KnownWork.GROUP.resolveSibling("kprobe4j-empty"));
        for (String value : List.of(fits, fitsNot)) {
            Path told = Files.createTempFile("kprobe4j-known-", ".told");
            told.toFile().setWritable(true, false);
            Process reader = new ProcessBuilder("perl", "-e", READER, told.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                String number = Long.toString(reader.pid());
                List<Map<String, String>> rows = Told.by(
                        ".json",
                        0,
                        Stream.of(
                                        List.of("count", "vfs_read", "--all", option, value.replace("%p", number)),
                                        List.of("--when", KnownWork.ZERO, "--", "sh", "-c"),
                                        List.of("touch " + told + ".go; until [ -s " + told
                                                + " ]; do sleep 0.05; done"))
                                .flatMap(List::stream)
                                .toArray(String[]::new));
                assertThat(rows)
                        .containsExactly(Map.of("function", "vfs_read", "count", value.equals(fits) ? "25" : "0"));
                assertThat(Files.readString(told)).isEqualTo("done %s %s\n".formatted(number, number));
            } finally {
                reader.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void a_filter_that_cannot_be_is_refused() {
        var refusals = new ArrayList<String>();
        for (List<String> filter : List.of(
                List.of("--cgroup", "no-such-group"),
                List.of("--uid", "nobody-of-this-name"),
                List.of("--cpu", "3-1"),
                List.of("--cpu", "0-1000"))) {
            Ran ran = Ran.ran("count", "vfs_read", filter.getFirst(), filter.getLast(), "--", "true")
                    .ended(125);
            refusals.addAll(ran.err());
        }
        assertThat(refusals)
                .containsExactly(
                        "kprobe: --cgroup no-such-group: no such control group below /sys/fs/cgroup, and no container's id begins so",
                        "kprobe: --uid nobody-of-this-name: no such user in /etc/passwd; write the user's number",
                        "kprobe: --cpu 3-1: the range ends before it begins",
                        "kprobe: --cpu 2: this machine has the processors 0-1");
    }
}
