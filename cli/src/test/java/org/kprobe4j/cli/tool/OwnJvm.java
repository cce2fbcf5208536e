package org.kprobe4j.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.kprobe4j.cli.KprobeMain;

/**
 * A run of {@code kprobe} in a JVM of its own.
 *
 * @param process that JVM
 */
record OwnJvm(Process process) {
    private static final long LIMIT_SECONDS = 120;

    /** How it ended. */
    record Ended(int status, List<String> out, List<String> err) {}

    /** Starts it, with nothing to read. */
    static OwnJvm start(String... words) throws IOException {
        Process process = new ProcessBuilder(command(words)).start();
        process.getOutputStream().close();
        return new OwnJvm(process);
    }

    /** The words that start it; signals are as a terminal's shell leaves them. */
    static List<String> command(String... words) {
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
        return command;
    }

    /** Its status, once it has ended. */
    int status() throws InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("it does not end");
        }
        return process.exitValue();
    }

    /** Sends it a signal. */
    void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Reads all that it says, and waits for its end. */
    Ended ended() throws IOException, InterruptedException {
        try (BufferedReader out = process.inputReader();
                BufferedReader err = process.errorReader()) {
            var complaints = CompletableFuture.supplyAsync(() -> err.lines().toList());
            List<String> lines = out.lines().toList();
            return new Ended(status(), lines, complaints.join());
        }
    }
}
