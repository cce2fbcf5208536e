package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class FuncCountKernelTest {
    private static final String WORK = """
            use Fcntl;
            sysopen(my $zero, "/dev/zero", O_RDONLY) or die; sysopen(my $null, "/dev/null", O_WRONLY) or die;
            my $buffer;
            $0 = "worker";
            sysread($zero, $buffer, 10) == 10 or die for 1..1234;
            syswrite($null, "x") == 1 or die for 1..77;
            select(undef, undef, undef, 1.2);
            sysread($zero, $buffer, 10) == 10 or die for 1..100;
            kill("KILL", $$);
            """;

    @Test
    void countsEachCallInItsInterval() throws Exception {
        var run = Example.run(
                "FuncCount",
                "functions=vfs_read,vfs_write,vfs_rmdir",
                "interval=1",
                "comm=worker",
                "--",
                "perl",
                "-e",
                WORK);
        List<List<String>> rows = Rows.of(run, 3);
        Map<String, List<Long>> counts = rows.stream()
                .collect(Collectors.groupingBy(
                        List::getFirst, Collectors.mapping(row -> Long.parseLong(row.get(1)), Collectors.toList())));
        assertThat(counts).containsOnlyKeys("vfs_read", "vfs_write");
        assertThat(counts.get("vfs_read").stream().mapToLong(n -> n).sum()).isEqualTo(1334);
        assertThat(counts.get("vfs_write").stream().mapToLong(n -> n).sum()).isEqualTo(77);
    }

    @Test
    void countsAllThatMatchAPattern() throws Exception {
        var run = Example.run("FuncCount", "functions=vfs_*,!vfs_write*", "comm=worker", "--", "perl", "-e", WORK);
        assertThat(run.matching("\\S+ +vfs_read +1334")).hasSize(1);
        assertThat(run.matching(".*vfs_write.*")).isEmpty();
        assertThat(run.out()).anyMatch(line -> line.matches("Counting calls of [0-9]{2} functions"));
        assertThat(run.err())
                .anyMatch(line -> line.matches(
                        "kprobe: vfs_\\*,!vfs_write\\* \\([0-9]{2} places\\): ([0-9]+) hits = ([0-9]+) delivered.*"));
    }

    @Test
    void aPatternThatMatchesNothingIsSaid() throws Exception {
        var run = Example.run("FuncCount", "functions=vsf_*", "--", "true");
        assertThat(run.status()).isNotZero();
        assertThat(run.err()).anyMatch(line -> line.contains("vsf_*: matches no function"));
    }
}
