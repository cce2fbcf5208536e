package org.kprobe4j.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.kprobe4j.cli.tool.Ran;

/** What is lost is counted call by call: the tracing process is stopped by the command itself while that makes its calls. */
@Tag("kernel")
class TraceLossKernelTest {
    private static final int CALLS = 5000;
    private static final String READS = "dd if=/dev/zero of=/dev/null bs=1 count=%d status=none";
    /** The command's parent is this process. */
    private static final String WHILE_STOPPED = "kill -STOP $PPID; " + READS.formatted(CALLS) + "; kill -CONT $PPID";

    private static final Pattern ACCOUNT = Pattern.compile(
            "kprobe: vfs_read: (\\d+) hits = (\\d+) delivered(?: \\+ (\\d+) lost)?(?: \\+ (\\d+) filtered)?"
                    + "(?: \\+ (\\d+) in flight)?(?: \\+ (\\d+) missed \\(nmissed\\))?(?:; (.*))?");

    /** The closing line, and the rows. */
    private record Traced(
            long hits,
            long delivered,
            long lost,
            long filtered,
            long missed,
            String remarks,
            List<Map<String, @Nullable Object>> rows) {
        static Traced of(String command, String... words) throws IOException {
            var all = new ArrayList<>(List.of("trace", "vfs_read", "--when", "count == 1"));
            all.addAll(List.of(words));
            all.addAll(List.of("--", "sh", "-c", command));
            Ran ran = Ran.tool(".json", all.toArray(String[]::new)).ended(0);
            Matcher account = ran.err().stream()
                    .map(ACCOUNT::matcher)
                    .filter(Matcher::matches)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no account in " + ran.err()));
            System.out.println(account.group());
            assertThat(account.group(5)).as("in flight").isNull();
            return new Traced(
                    number(account, 1),
                    number(account, 2),
                    number(account, 3),
                    number(account, 4),
                    number(account, 6),
                    String.valueOf(account.group(7)),
                    JsonLines.of(ran.lines()));
        }

        private static long number(Matcher account, int group) {
            return account.group(group) == null ? 0 : Long.parseLong(account.group(group));
        }

        long rows(boolean lacking, boolean withoutReturn) {
            return rows.stream()
                    .filter(row -> (row.get("lost") != null) == lacking)
                    .filter(row ->
                            (row.get("lost") instanceof List<?> lost && lost.contains("return")) == withoutReturn)
                    .count();
        }
    }

    @Test
    void calls_of_one_record() throws IOException {
        Traced traced = Traced.of(WHILE_STOPPED, "--print", "count, retval", "--buffer", "64k");
        assertThat(traced.rows).hasSize((int) traced.delivered);
        assertThat(traced.delivered + traced.lost).isEqualTo(CALLS);
        assertThat(traced.hits).isEqualTo(traced.delivered + traced.lost + traced.filtered + traced.missed);
        // So many have room.
        assertThat(traced.lost).isGreaterThan(CALLS - (1 << 16) / 100);
        assertThat(traced.remarks).contains("the buffer of 64k had no room (--buffer 256k)");
        assertThat(traced.rows).allMatch(row -> row.get("lost") == null);
    }

    @Test
    void of_some_calls_the_name_came_and_the_return_did_not() throws IOException {
        Traced traced = ofParts("--stack");
        // 49 calls have room, and a name and a stack more.
        assertThat(traced.rows(true, true)).isPositive();
    }

    @Test
    void of_some_calls_the_return_came_and_the_name_did_not() throws IOException {
        Traced traced = ofParts("--stack", "--user-stack");
        // 34 calls have room, and a name and several returns more.
        assertThat(traced.rows(true, false)).isPositive();
    }

    private static Traced ofParts(String... words) throws IOException {
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--buffer", "64k"));
        Traced traced = Traced.of(WHILE_STOPPED, all.toArray(String[]::new));
        assertThat(traced.delivered + traced.lost).isEqualTo(CALLS);
        assertThat(traced.hits).isEqualTo(traced.delivered + traced.lost + traced.filtered + traced.missed);
        assertThat(traced.lost).isGreaterThan(CALLS / 2);
        long whole = traced.rows(false, false);
        long partial = traced.rows(true, false);
        long withoutReturn = traced.rows(true, true);
        assertThat(whole).isPositive();
        assertThat(whole + partial).isEqualTo(traced.delivered);
        assertThat(traced.remarks.contains("delivered in part")).isEqualTo(partial != 0);
        assertThat(traced.remarks).contains(partial == 0 ? "" : partial + " delivered in part");
        assertThat(traced.remarks).contains(withoutReturn == 0 ? "" : withoutReturn + " shown without their return");
        for (var row : traced.rows) {
            boolean isLost = row.get("lost") instanceof List<?> lost && lost.contains("file");
            assertThat(((Map<?, ?>) row.get("args")).get("file")).isEqualTo(isLost ? null : "/dev/zero");
        }
        return traced;
    }

    @Test
    void all_of_them_where_there_is_room() throws IOException {
        int many = 20_000;
        Traced traced = Traced.of(READS.formatted(many));
        assertThat(traced.rows).hasSize(many);
        assertThat(traced.delivered).isEqualTo(many);
        assertThat(traced.lost).isZero();
        assertThat(traced.remarks).doesNotContain("no room", "in part", "without");
        assertThat(traced.rows)
                .allMatch(row -> row.get("lost") == null
                        && ((Map<?, ?>) row.get("args")).get("file").equals("/dev/zero"));
    }
}
