package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class OpenSnoopKernelTest {
    /** Opens 20 files that exist, makes one, and fails with 7; its name keeps it apart from what perl opens as it starts. */
    private static final String OPENS = """
            $0 = "opener";
            for (1..20) { open(my $file, "<", "/proc/self/status") or die; }
            for (1..7) { open(my $file, "<", "/no where/$_") and die; }
            open(my $made, ">", "/dev/shm/made by opener") or die;
            open(my $folder, ">", "/dev/shm") and die;
            """;

    @Test
    void showsEveryOpenOfTheCommand() throws Exception {
        var run = Example.run("OpenSnoop", "comm=opener", "--", "perl", "-e", OPENS)
                .succeeded();
        var rows = Rows.of(run, 5);
        var expected = new ArrayList<String>();
        for (int i = 0; i < 20; i++) {
            expected.add("3 /proc/self/status");
        }
        for (int i = 1; i <= 7; i++) {
            expected.add("ENOENT /no where/" + i);
        }
        expected.add("3 /dev/shm/made by opener");
        expected.add("EISDIR /dev/shm");
        assertThat(rows).extracting(row -> row.get(2) + " " + row.get(3)).isEqualTo(expected);
        assertThat(rows).extracting(List::getFirst).containsOnly(rows.getFirst().getFirst());
        assertThat(rows).extracting(row -> row.get(1)).containsOnly("opener");
    }

    @Test
    void showsOnlyWhatFailed() throws Exception {
        var run = Example.run("OpenSnoop", "comm=opener", "failed=true", "--", "perl", "-e", OPENS)
                .succeeded();
        assertThat(Rows.of(run, 5))
                .extracting(row -> row.get(2))
                .containsExactly("ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT", "EISDIR");
    }

    @Test
    void showsOneProcess() throws Exception {
        String script =
                "$| = 1; print \"ready\\n\"; <STDIN>; for (1..5) { open(my $file, '<', '/etc/passwd') or die; } "
                        + "print \"done\\n\"; <STDIN>;";
        Process process = new ProcessBuilder("perl", "-e", script).start();
        try (BufferedReader out = process.inputReader()) {
            assertThat(out.readLine()).isEqualTo("ready");
            String feed = "/proc/%d/fd/0".formatted(process.pid());
            var run = Example.run(
                            "OpenSnoop", "pid=" + process.pid(), "--", "sh", "-c", "echo > " + feed + "; sleep 0.5")
                    .succeeded();
            assertThat(out.readLine()).isEqualTo("done");
            assertThat(Rows.of(run, 5))
                    .hasSize(5)
                    .containsOnly(List.of(Long.toString(process.pid()), "perl", "3", "/etc/passwd"));
        } finally {
            process.destroy();
        }
    }
}
