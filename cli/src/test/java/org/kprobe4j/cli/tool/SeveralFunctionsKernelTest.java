package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and conditions over arguments that several functions take in registers of their own; and more keys than there is room for. */
@Tag("kernel")
class SeveralFunctionsKernelTest {
    /** One calls the other; since 6.3 the length is the second argument of one and the third of the other. */
    private static final String TRUNCATES = "vfs_truncate,do_truncate";

    /** Six truncations to 4242 bytes, three to 17. */
    private static final List<String> WORK = List.of(
            "--",
            "perl",
            "-e",
            "$0 = 'cuts'; open(my $f, '>', '/run/cut') or die; truncate('/run/cut', 4242) or die for 1..6; truncate('/run/cut', 17) or die for 1..3; unlink '/run/cut'");

    private static String[] with(List<String> work, String... words) {
        return Stream.of(List.of(words), work).flatMap(List::stream).toArray(String[]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {".csv", ".json"})
    void arguments_by_name(String suffix) throws IOException {
        assertThat(Told.by(suffix, 0, with(WORK, "count", TRUNCATES, "--by", "func,length", "--when", "length > 0")))
                .containsExactlyInAnyOrder(
                        cut("vfs_truncate", 4242, "count", 6),
                        cut("vfs_truncate", 17, "count", 3),
                        cut("do_truncate", 4242, "count", 6),
                        cut("do_truncate", 17, "count", 3));
        List<Map<String, String>> times = Told.by(
                        suffix, 0, with(WORK, "latency", TRUNCATES, "--by", "func,length", "--when", "length == 4242"))
                .stream()
                .filter(row -> row.containsKey("p50_ns"))
                .toList();
        assertThat(times)
                .hasSize(2)
                .allMatch(
                        row -> row.get("count").equals("6") && row.get("length").equals("4242"));
        // Who calls the other takes longer.
        assertThat(times.getFirst()).containsEntry("func", "vfs_truncate");
        List<Map<String, String>> stacks = Told.by(
                suffix, 0, with(WORK, "stacks", TRUNCATES, "--kernel", "--by", "length", "--when", "length > 0"));
        var hits = new HashMap<String, Long>();
        stacks.forEach(row -> hits.merge(
                row.get("length") + " " + row.get("kernel").split(";")[0], Long.valueOf(row.get("hits")), Long::sum));
        assertThat(hits)
                .isEqualTo(Map.of(
                        "4242 vfs_truncate", 6L, "17 vfs_truncate", 3L, "4242 do_truncate", 6L, "17 do_truncate", 3L));
    }

    private static Map<String, String> cut(String function, long length, String column, long count) {
        return Map.of("func", function, "length", "" + length, column, "" + count);
    }

    @Test
    void what_they_return() throws IOException {
        assertThat(Told.by(".json", 0, with(WORK, "ret", TRUNCATES, "--by", "length", "--when", "length > 0")))
                .containsExactly(
                        Map.of("length", "4242", "from", "0", "to", "0", "name", "", "count", "12"),
                        Map.of("length", "17", "from", "0", "to", "0", "name", "", "count", "6"));
        assertThat(Told.by(
                        ".csv",
                        0,
                        with(WORK, "stacks", TRUNCATES, "--user", "--by", "func,retval", "--when", "length == 17")))
                .isNotEmpty()
                .allMatch(row -> row.get("retval").equals("0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "ret", "stacks"})
    void those_that_do_not_fit_are_left_out_and_named(String tool) throws IOException {
        Ran ran = Ran.tool(".json", with(WORK, tool, "vfs_read,vfs_truncate", "--when", "length == 17"))
                .ended(0);
        assertThat(ran.err().getFirst())
                .isEqualTo(
                        "kprobe: 1 function left out that the expression does not fit: vfs_read (unknown name length; vfs_read takes file, buf, count, pos)");
        assertThat(ran.err()).hasSize(2);
        assertThat(ran.lines()).isNotEmpty().allMatch(line -> !line.contains("vfs_read"));
    }

    @Test
    void those_whose_keys_are_of_another_kind_are_left_out_and_named() throws IOException {
        Ran ran = Ran.tool(".json", with(WORK, "count", "vfs_read,vfs_write,block_write_end", "--by", "pos"))
                .ended(0);
        assertThat(ran.err().getFirst())
                .isEqualTo(
                        "kprobe: 1 function left out whose keys are of another kind: block_write_end (pos is a number, elsewhere an address)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "count vfs_read,vfs_write --by cuont | the expression fits none of the 2 functions of vfs_read,vfs_write: unknown name cuont, nearest: count",
                "stacks vfs_read,vfs_write --when file->f_flaggs==1 | the expression fits none of the 2 functions of vfs_read,vfs_write: struct file has no field f_flaggs; nearest: f_flags",
                "ret vfs_read,vfs_write --by cuont | unknown name cuont, nearest: count",
                "latency 'vfs_read,vfs_write' --by count,pos,buf,file,tid | --by: 5 keys, 0 of them texts; there is room for 4, of which 2 may be texts",
                "count vfs_read --max-keys 0 | kprobe: --max-keys 0: at least 1",
            })
    void what_fits_none_is_refused(String words, String expected) {
        Ran ran = Ran.ran(words.replace("'", "").split(" ")).ended(125);
        assertThat(ran.err().getFirst()).contains(expected);
        assertThat(ran.err().size()).isLessThanOrEqualTo(3);
    }

    // ---- more keys than there is room for ----

    /** Reads of 20 sizes, five of each. */
    private static final List<String> SIZES = List.of(
            "--",
            "perl",
            "-e",
            "open(my $z, '<', '/dev/zero') or die; for my $size (1..20) { sysread($z, my $b, 100 + $size) for 1..5 }");

    private static final Pattern ACCOUNT =
            Pattern.compile("kprobe: .*: (\\d+) hits = (\\d+) delivered.*; (\\d+) entries lost to a full map.*");

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "ret"})
    void keys_without_room_are_counted_and_it_is_said_how_to_make_more(String tool) throws IOException {
        List<String> words = List.of(tool, "vfs_read", "--by", "count", "--max-keys", "8", "--when", KnownWork.ZERO);
        Ran ran = Ran.tool(".json", with(SIZES, words.toArray(String[]::new))).ended(0);
        List<Map<String, String>> rows = Told.json(ran.lines()).stream()
                .filter(row -> !row.containsKey("from_ns"))
                .toList();
        String column = tool.equals("count") ? "hits" : "calls";
        assertThat(rows).hasSize(8).allMatch(row -> row.get(column).equals("5"));
        assertThat(ran.err()).hasSize(2);
        Matcher account = ACCOUNT.matcher(ran.err().getFirst());
        assertThat(account.matches()).as(ran.err().getFirst()).isTrue();
        // Of the 100 reads those of 12 sizes found none, and none of them is called filtered.
        assertThat(account.group(2)).isEqualTo("100");
        assertThat(account.group(3)).isEqualTo("60");
        assertThat(ran.err().getLast())
                .isEqualTo(
                        "kprobe: lost: 60 hits found the map full: it has room for 8 keys; --max-keys 32 makes more");
    }

    /** Whatever is lost is said: what is shown and what is lost are all that came. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--latency"})
    void a_storm_of_stacks(String latency) throws IOException {
        Ran ran = Ran.tool(
                ".json",
                Stream.of("stacks vfs_* --max-stacks 4", latency, "-- find /usr/lib /proc -maxdepth 3 -size 1")
                        .flatMap(words -> Stream.of(words.split(" ")))
                        .filter(word -> !word.isEmpty())
                        .toArray(String[]::new));
        checkStorm(ran, "hits", "--max-stacks 16");
    }

    @Test
    void a_storm_of_keys() throws IOException {
        Ran ran = Ran.tool(
                ".json",
                "count",
                "vfs_*",
                "--by",
                "comm,func",
                "--max-keys",
                "4",
                "--",
                "sh",
                "-c",
                "find /usr/lib /proc -maxdepth 3 -size 1; dd if=/dev/zero of=/run/storm count=5; rm /run/storm");
        checkStorm(ran, "count", "--max-keys 16");
    }

    private static void checkStorm(Ran ran, String column, String remedy) throws IOException {
        long shown = Told.json(ran.lines()).stream()
                .mapToLong(row -> Long.parseLong(row.get(column)))
                .sum();
        assertThat(shown).isPositive();
        Matcher account = ran.err().stream()
                .map(ACCOUNT::matcher)
                .filter(Matcher::matches)
                .findFirst()
                .orElseThrow(() -> new AssertionError(ran.err()));
        long lost = Long.parseLong(account.group(3));
        assertThat(lost).isPositive();
        assertThat(shown + lost).isEqualTo(Long.parseLong(account.group(2)));
        assertThat(ran.err())
                .filteredOn(line -> line.startsWith("kprobe: lost: "))
                .singleElement()
                .asString()
                .startsWith("kprobe: lost: %d hits found the map full".formatted(lost))
                .endsWith("; " + remedy + " makes more");
    }
}
