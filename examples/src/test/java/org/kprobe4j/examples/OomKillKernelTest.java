package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class OomKillKernelTest {
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");

    @Test
    void showsTheKillInAGroupWithTooLittleMemory() throws Exception {
        Files.writeString(GROUPS.resolve("cgroup.subtree_control"), "+memory");
        Path group = Files.createDirectory(GROUPS.resolve("small"));
        try {
            Files.writeString(group.resolve("memory.max"), "20M");
            String hungry =
                    "$0 = 'hungry'; $| = 1; print \"PID $$\\n\"; my $size = 100 << 20; my $memory = 'x' x $size; print \"NEVER\\n\";";
            var run = Example.run(
                    "OomKill",
                    "--",
                    "sh",
                    "-c",
                    "echo $$ > %s/cgroup.procs; exec perl -e '%s'".formatted(group, hungry.replace("'", "'\\''")));
            assertThat(run.out()).doesNotContain("NEVER");
            String pid = run.matching("PID .*").findFirst().orElseThrow().substring(4);
            List<List<String>> rows = Rows.of(run, 7);
            assertThat(rows).hasSize(1);
            assertThat(rows.getFirst().subList(0, 5))
                    .containsExactly(pid, "hungry", pid, "hungry", Integer.toString((20 << 20) / 4096));
            assertThat(rows.getFirst().get(5)).matches("\\d+\\.\\d\\d \\d+\\.\\d\\d \\d+\\.\\d\\d \\d+/\\d+ \\d+");
            assertThat(Files.readAllLines(group.resolve("memory.events"))).contains("oom_kill 1");
        } finally {
            Files.delete(group);
        }
    }
}
