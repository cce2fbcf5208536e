package org.kprobe4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kprobe latency} and {@code kprobe ret} as they are typed, of commands with known numbers of calls. */
@Tag("kernel")
class CallToolsKernelTest {
    private static final String OPENS = "for i in 1 2 3 4 5; do true < /nonexistent-$i; done; true < /proc/version";
    private static final long MILLI = 1_000_000;

    @TempDir
    private Path folder;

    /** The lines of a tool's CSV, without the moments. */
    private List<String> csv(String... words) throws IOException {
        Path file = folder.resolve("out.csv");
        var all = new ArrayList<>(List.of(words));
        all.addAll(1, List.of("-o", file.toString()));
        assertThat(KprobeMain.execute(all.toArray(String[]::new))).isZero();
        return Files.readAllLines(file).stream()
                .map(line -> line.substring(line.indexOf(',') + 1))
                .toList();
    }

    @Test
    void errors_by_name() throws IOException {
        assertThat(csv(
                        "ret",
                        "do_sys_openat2",
                        "--errors",
                        "--by",
                        "comm,ustr(filename) == \"/nonexistent-3\"",
                        "--when",
                        "starts(ustr(filename), \"/nonexistent\")",
                        "--",
                        "sh",
                        "-c",
                        OPENS))
                .containsExactly(
                        "comm,\"ustr(filename) == \"\"/nonexistent-3\"\"\",from,to,name,count",
                        "sh,false,-2,-2,ENOENT,4",
                        "sh,true,-2,-2,ENOENT,1");
    }

    @Test
    void values_one_by_one() throws IOException {
        assertThat(csv(
                        "ret",
                        "vfs_read",
                        "--when",
                        "path(file) == \"/dev/zero\"",
                        "--",
                        "dd",
                        "if=/dev/zero",
                        "of=/dev/null",
                        "bs=200",
                        "count=7"))
                .containsExactly("from,to,name,count", "200,200,,7");
        assertThat(csv(
                        "ret",
                        "vfs_read",
                        "--when",
                        "path(file) == \"/dev/zero\"",
                        "--by",
                        "retval",
                        "--",
                        "dd",
                        "if=/dev/zero",
                        "of=/dev/null",
                        "bs=5000",
                        "count=7"))
                .containsExactly("retval,from,to,name,count", "5000,4096,8191,,7");
    }

    @Test
    void sleeps_wait_and_do_not_run() throws IOException {
        List<String> lines = csv(
                "latency",
                "hrtimer_nanosleep",
                "--cpu-time",
                "--linear",
                "0:20ms:5ms",
                "--when",
                "comm == \"sleep\"",
                "--",
                "sh",
                "-c",
                "sleep 0.021; sleep 0.022; sleep 0.023");
        assertThat(lines.getFirst())
                .isEqualTo("part,count,total_ns,average_ns,min_ns,p50_ns,p90_ns,p99_ns,p99_9_ns,max_ns");
        String[] whole = lines.get(1).split(",");
        String[] running = lines.get(2).split(",");
        String[] waiting = lines.get(3).split(",");
        assertThat(List.of(whole[0], running[0], waiting[0])).containsExactly("all", "on CPU", "waiting");
        assertThat(List.of(whole[1], running[1], waiting[1])).containsExactly("3", "3", "3");
        assertThat(Long.parseLong(whole[2])).isGreaterThanOrEqualTo(66 * MILLI);
        assertThat(Long.parseLong(whole[4])).isGreaterThanOrEqualTo(21 * MILLI);
        assertThat(Long.parseLong(waiting[4])).isGreaterThan(10 * MILLI);
        assertThat(Long.parseLong(running[2]) + Long.parseLong(waiting[2])).isEqualTo(Long.parseLong(whole[2]));
        assertThat(lines).contains("all,20000000,,3");
    }

    @Test
    void several_functions_by_name() throws IOException {
        assertThat(csv(
                        "ret",
                        "vfs_read,vfs_write",
                        "--when",
                        "uid == 0 && retval == 300",
                        "--",
                        "dd",
                        "if=/dev/zero",
                        "of=/dev/null",
                        "bs=300",
                        "count=9"))
                .containsExactly("function,from,to,name,count", "vfs_read,256,511,,9", "vfs_write,256,511,,9");
    }
}
