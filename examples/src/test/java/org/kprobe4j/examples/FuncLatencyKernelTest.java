package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class FuncLatencyKernelTest {
    private static final Pattern SUMMARY = Pattern.compile("(\\d+) calls, average (\\d+) (\\w+), total (\\d+) \\w+");

    @Test
    void measuresSleepsOfKnownLength() throws Exception {
        String sleeps = "use Time::HiRes qw(usleep time); $0 = 'sleeper'; my $start = time; "
                + "usleep(17_000) for 1..10; usleep(70_000) for 1..5; printf \"ELAPSED %d\\n\", (time - $start) * 1000 + 1;";
        var run = Example.run(
                        "FuncLatency", "func=hrtimer_nanosleep", "unit=ms", "comm=sleeper", "--", "perl", "-e", sleeps)
                .succeeded();
        assertThat(run.out()).contains("hrtimer_nanosleep, ms");
        // a busy machine wakes sleepers late, never early
        List<String> buckets = buckets(run);
        assertThat(buckets.getFirst()).startsWith("16 – 31 ");
        assertThat(buckets.stream()
                        .skip(2)
                        .mapToLong(FuncLatencyKernelTest::count)
                        .sum())
                .isGreaterThanOrEqualTo(5);
        assertThat(buckets.stream().mapToLong(FuncLatencyKernelTest::count).sum())
                .isEqualTo(15);
        Matcher summary = summary(run);
        assertThat(summary.group(1)).isEqualTo("15");
        assertThat(summary.group(3)).isEqualTo("ms");
        long elapsed = Long.parseLong(
                run.matching("ELAPSED .*").findFirst().orElseThrow().substring(8));
        long total = Long.parseLong(summary.group(4));
        assertThat(total).isBetween(10 * 17 + 5 * 70L, elapsed);
        assertThat(Long.parseLong(summary.group(2))).isBetween((10 * 17 + 5 * 70) / 15L, elapsed / 15);
    }

    /** On overlayfs, the guest's root, the deletion of a file deletes one of the file system below: by the same function. */
    @Test
    void measuresCallsWithinCallsPerInterval() throws Exception {
        String deletes = "for (1..25) { open(my $f, '>', \"/root/deleted$_\") or die; } $0 = 'deleter'; "
                + "unlink(\"/root/deleted$_\") == 1 or die for 1..10; select(undef, undef, undef, 1.2);"
                + "unlink(\"/root/deleted$_\") == 1 or die for 11..25;";
        var run = Example.run(
                        "FuncLatency", "func=vfs_unlink", "interval=1", "comm=deleter", "--", "perl", "-e", deletes)
                .succeeded();
        List<Long> calls = run.matching(SUMMARY.pattern())
                .map(line -> Long.parseLong(line.substring(0, line.indexOf(' '))))
                .toList();
        assertThat(calls).hasSizeGreaterThanOrEqualTo(2);
        assertThat(calls.stream().mapToLong(n -> n).sum()).isEqualTo(50);
        assertThat(buckets(run).stream().mapToLong(FuncLatencyKernelTest::count).sum())
                .isEqualTo(50);
        assertThat(run.err()).noneMatch(line -> line.contains("missed"));
    }

    private static Matcher summary(Example run) {
        Matcher matcher = SUMMARY.matcher(run.out().getLast());
        assertThat(matcher.matches()).as(run.out().getLast()).isTrue();
        return matcher;
    }

    private static long count(String bucket) {
        return Long.parseLong(bucket.substring(bucket.lastIndexOf(' ') + 1));
    }

    private static List<String> buckets(Example run) {
        return run.matching(".*\\|.*\\|")
                .map(line -> line.substring(0, line.indexOf('|')).strip().replaceAll(" +", " "))
                .toList();
    }
}
