package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A command and its children read from /dev/zero in known numbers: each of them counts, nobody else does. */
@Tag("kernel")
class CountKernelTest {
    private static final String ZERO = "file->f_inode->i_rdev == (1 << 20 | 5)";

    /** 100, 200 and 300 reads by children, a grandchild's 40, 50 of its own, each of 7 bytes times the child's number; ends with 3. */
    private static final String WORK = """
            use Fcntl;
            sysopen(my $zero, "/dev/zero", O_RDONLY) or die;
            sub work { my ($name, $times, $bytes) = @_; $0 = $name; my $b; sysread($zero, $b, $bytes) == $bytes or die for 1..$times; }
            for my $k (1..3) {
                next if fork;
                work("child$k", 100 * $k, 7 * $k);
                if ($k == 2) { if (my $grandchild = fork) { waitpid($grandchild, 0) } else { work("grandchild", 40, 9) } }
                exit 0;
            }
            wait for 1..3;
            work("parent", 50, 5);
            exit 3;
            """;

    private static final List<String> COMMAND = List.of("--", "perl", "-e", WORK);

    private static Ran count(String suffix, String... words) throws Exception {
        return Ran.tool(
                suffix,
                IntStream.range(0, words.length + COMMAND.size() + 1)
                        .mapToObj(i ->
                                i == 0 ? "count" : i <= words.length ? words[i - 1] : COMMAND.get(i - words.length - 1))
                        .toArray(String[]::new));
    }

    @Test
    void theCommandAndItsChildrenCountAndItsStatusIsOurs() throws Exception {
        Ran ran = count(".txt", "vfs_read", "--when", ZERO).ended(3);
        assertThat(ran.lines()).containsExactly("FUNCTION  COUNT", "vfs_read    690");
        assertThat(ran.err())
                .singleElement()
                .asString()
                .matches("kprobe: vfs_read: \\d+ hits = 690 delivered \\+ \\d+ filtered.*");
    }

    @Test
    void byExpressions() throws Exception {
        Ran ran = count(".txt", "vfs_read", "--by", "comm,count", "--when", "path(file) == \"/dev/zero\"")
                .ended(3);
        assertThat(ran.lines())
                .containsExactly(
                        "comm        count  HITS",
                        "child3         21   300",
                        "child2         14   200",
                        "child1          7   100",
                        "parent          5    50",
                        "grandchild      9    40");
    }

    @Test
    void asJson() throws Exception {
        Ran ran = count(".json", "vfs_read", "--by", "comm", "--top", "2", "--when", ZERO)
                .ended(3);
        assertThat(ran.lines()).hasSize(2);
        assertThat(ran.lines().get(0))
                .matches("\\{\"type\":\"count\",\"time\":\"[-0-9T:.]+Z\",\"comm\":\"child3\",\"count\":300\\}");
        assertThat(ran.lines().get(1)).endsWith("\"comm\":\"child2\",\"count\":200}");
    }

    @Test
    void byTextsAndFunctions() throws Exception {
        Ran ran = count(".csv", "vfs_read", "--by", "path(file),func,comm", "--when", ZERO, "--comm", "child*")
                .ended(3);
        assertThat(ran.lines().stream().map(line -> line.replaceFirst("^[^,]*,", "")))
                .containsExactly(
                        "path(file),func,comm,count",
                        "/dev/zero,vfs_read,child3,300",
                        "/dev/zero,vfs_read,child2,200",
                        "/dev/zero,vfs_read,child1,100");
    }

    @Test
    void ofManyFunctionsThoseThatWereCalled() throws Exception {
        Ran ran = count(".csv", "vfs_*,!vfs_write*", "--comm", "parent").ended(3);
        assertThat(ran.lines().getFirst()).isEqualTo("time,function,count");
        assertThat(ran.lines()).filteredOn(line -> line.contains(",vfs_read,")).hasSize(1);
        assertThat(ran.lines()).noneMatch(line -> line.endsWith(",0"));
        assertThat(ran.err().getFirst())
                .matches(
                        "kprobe: vfs_\\*,!vfs_write\\* \\(\\d+ places\\): \\d+ hits = \\d+ delivered \\+ \\d+ filtered.*");
    }

    @Test
    void intervalsAddUpToTheTotal() throws Exception {
        Ran ran = Ran.tool(".csv", "count", "vfs_read", "-i", "200ms", "--when", ZERO, "--", "perl", "-e", """
                        open my $zero, "<", "/dev/zero"; for (1..5) { sysread($zero, my $b, 3) for 1..100; select(undef, undef, undef, 0.25) }
                        """)
                .ended(0);
        assertThat(ran.lines().getFirst()).isEqualTo("time,function,count,total");
        List<String[]> rows =
                ran.lines().stream().skip(1).map(line -> line.split(",")).toList();
        assertThat(rows).hasSizeGreaterThan(3);
        assertThat(rows.stream().mapToLong(row -> Long.parseLong(row[2])).sum()).isEqualTo(500);
        assertThat(rows.getLast()[3]).isEqualTo("500");
    }

    @Test
    void withAllWhoeverRunsCounts() throws Exception {
        Path other = Files.createTempFile("kprobe4j-", ".ready");
        Process reader = new ProcessBuilder(
                        "perl",
                        "-e",
                        "open my $zero, '<', '/dev/zero'; $0 = 'other'; while (-e $ARGV[0]) { sysread($zero, my $b, 11) }",
                        other.toString())
                .start();
        try {
            Ran own = Ran.tool(".csv", "count", "vfs_read", "--by", "comm", "--when", ZERO, "--", "sleep", "0.3")
                    .ended(0);
            assertThat(own.lines()).noneMatch(line -> line.contains("other"));
            Ran all = Ran.tool(
                            ".csv", "count", "vfs_read", "--by", "comm", "--all", "--when", ZERO, "--", "sleep", "0.3")
                    .ended(0);
            assertThat(all.lines()).anyMatch(line -> line.contains(",other,"));
        } finally {
            Files.delete(other);
            reader.waitFor();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "vfs_raed | kprobe: register_kprobe failed, returned -2 \\(ENOENT\\).*vfs_raed.*",
                "vsf_* | kprobe: register_kprobe failed.*vsf_\\*: matches no function.*",
                "vfs_read --by retval | kprobe: --by retval: calls are counted where they begin, so what they return and how long they take is not known; kprobe ret and kprobe latency tell that",
                "vfs_read --when retval<0 | kprobe: --when: calls are counted where they begin, so what they return and how long they take is not known; kprobe ret and kprobe latency tell that",
                "vfs_read --by count,pos,buf,file,tid | kprobe: --by: 5 keys, 0 of them texts; there is room for 4, of which 2 may be texts",
                "vfs_read --by file->f_inod | kprobe: .*f_inode.*",
            })
    void whatCannotBeCountedIsSaidAndNothingStaysPlanted(String words, String expected) {
        Ran ran = Ran.ran(("count " + words).split(" ")).ended(125);
        assertThat(String.join(" ", ran.err())).matches(expected);
    }
}
