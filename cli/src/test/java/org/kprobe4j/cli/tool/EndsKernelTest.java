package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.cli.KprobeMain;

/** How a tool's run ends, in a JVM of its own. */
@Tag("kernel")
class EndsKernelTest {
    private static final long LIMIT_SECONDS = 120;

    private static Process start(String... words) throws IOException {
        var command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT,TERM,PIPE",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                KprobeMain.class.getName()));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        return process;
    }

    private static int status(Process process) throws InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("it does not end");
        }
        return process.exitValue();
    }

    private static void signal(Process process, String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aSignalEndsItWithTheSummary(String name, int expected) throws Exception {
        Process process = start("count", "vfs_read", "-i", "100ms");
        try (BufferedReader out = process.inputReader();
                BufferedReader err = process.errorReader()) {
            assertThat(out.readLine()).matches("\\d\\d:\\d\\d:\\d\\d");
            signal(process, name);
            List<String> rest = out.lines().toList();
            assertThat(rest.getLast()).matches("vfs_read +\\d+ +\\d+");
            assertThat(err.lines()).singleElement().asString().startsWith("kprobe: vfs_read: ");
        }
        assertThat(status(process)).isEqualTo(expected);
    }

    @Test
    void aReaderThatGoesEndsItQuietly() throws Exception {
        Process process = start("count", "vfs_read", "-i", "50ms", "--json");
        try (BufferedReader err = process.errorReader()) {
            try (BufferedReader out = process.inputReader()) {
                assertThat(out.readLine()).startsWith("{\"type\":\"count\"");
            }
            assertThat(err.lines()).isEmpty();
        }
        assertThat(status(process)).isEqualTo(141);
    }

    @Test
    void theTimeEndsTheCommandToo() throws Exception {
        Process process = start("count", "vfs_read", "--duration", "300ms", "--", "sleep", "1000");
        // 128 + SIGTERM: the command's own status.
        assertThat(status(process)).isEqualTo(143);
    }

    @Test
    void aCommandThatIsNotThereIsSaidBeforeAnythingIsPlanted() throws Exception {
        Process process = start("count", "vfs_read", "--", "no-such-command");
        assertThat(process.errorReader().lines()).containsExactly("kprobe: no-such-command: command not found");
        assertThat(status(process)).isEqualTo(127);
    }

    @Test
    void aFullDiskIsSaidOnce() throws Exception {
        Process process = start("count", "vfs_read", "-o", "/dev/full", "--json", "--", "true");
        assertThat(process.errorReader().lines())
                .contains(
                        "kprobe: cannot write /dev/full: No space left on device; make room, or write to another place with -o");
        assertThat(status(process)).isEqualTo(125);
    }
}
