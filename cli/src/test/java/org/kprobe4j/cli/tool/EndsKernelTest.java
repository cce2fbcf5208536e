package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a tool's run ends, in a JVM of its own. */
@Tag("kernel")
class EndsKernelTest {
    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aSignalEndsItWithTheSummary(String name, int expected) throws Exception {
        OwnJvm run = OwnJvm.start("count", "vfs_read", "-i", "100ms");
        try (BufferedReader out = run.process().inputReader();
                BufferedReader err = run.process().errorReader()) {
            assertThat(out.readLine()).matches("\\d\\d:\\d\\d:\\d\\d");
            run.signal(name);
            List<String> rest = out.lines().toList();
            assertThat(rest.getLast()).matches("vfs_read +\\d+ +\\d+");
            assertThat(err.lines()).singleElement().asString().startsWith("kprobe: vfs_read: ");
        }
        assertThat(run.status()).isEqualTo(expected);
    }

    @Test
    void aSecondSignalEndsItAtOnce() throws Exception {
        // A command that cannot be talked into its end: the run waits for it.
        OwnJvm run = OwnJvm.start(
                "count", "vfs_read", "--", "sh", "-c", "trap '' INT TERM; echo begun; while :; do sleep 0.1; done");
        try (BufferedReader out = run.process().inputReader();
                BufferedReader err = run.process().errorReader()) {
            assertThat(out.readLine()).isEqualTo("begun");
            run.signal("INT");
            Thread.sleep(300);
            run.signal("INT");
            assertThat(run.status()).isEqualTo(130);
            assertThat(out.lines()).noneMatch(line -> line.startsWith("vfs_read"));
            assertThat(err.lines()).isEmpty();
        }
        assertThat(Files.readString(Path.of("/sys/kernel/debug/kprobes/list"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"count", "latency", "stacks"})
    void aKilledRunLeavesNothingPlantedThatTheNextDoesNotRemove(String tool) throws Exception {
        OwnJvm run = OwnJvm.start(tool, "vfs_read", "-i", "100ms");
        try (BufferedReader out = run.process().inputReader()) {
            assertThat(out.readLine()).isNotNull();
            run.signal("KILL");
            assertThat(run.status()).isEqualTo(137);
        }
        Ran.ran("count", "vfs_write", "-o", "/dev/null", "--json", "--", "true").ended(0);
        assertThat(Files.readString(Path.of("/sys/kernel/debug/kprobes/list"))).isEmpty();
        assertThat(Files.readString(Path.of("/sys/kernel/tracing/kprobe_events")))
                .isEmpty();
    }

    @Test
    void aReaderThatGoesEndsItQuietly() throws Exception {
        OwnJvm run = OwnJvm.start("count", "vfs_read", "-i", "50ms", "--json");
        try (BufferedReader err = run.process().errorReader()) {
            try (BufferedReader out = run.process().inputReader()) {
                assertThat(out.readLine()).startsWith("{\"type\":\"count\"");
            }
            assertThat(err.lines()).isEmpty();
        }
        assertThat(run.status()).isEqualTo(141);
    }

    @Test
    void theTimeEndsTheCommandToo() throws Exception {
        OwnJvm run = OwnJvm.start("count", "vfs_read", "--duration", "300ms", "--", "sleep", "1000");
        // 128 + SIGTERM: the command's own status.
        assertThat(run.status()).isEqualTo(143);
    }

    @Test
    void aCommandThatIsNotThereIsSaidBeforeAnythingIsPlanted() throws Exception {
        OwnJvm run = OwnJvm.start("count", "vfs_read", "--", "no-such-command");
        assertThat(run.process().errorReader().lines()).containsExactly("kprobe: no-such-command: command not found");
        assertThat(run.status()).isEqualTo(127);
    }

    @Test
    void aFullDiskIsSaidOnce() throws Exception {
        OwnJvm run = OwnJvm.start("count", "vfs_read", "-o", "/dev/full", "--json", "--", "true");
        assertThat(run.process().errorReader().lines())
                .contains(
                        "kprobe: cannot write /dev/full: No space left on device; make room, or write to another place with -o");
        assertThat(run.status()).isEqualTo(125);
    }
}
