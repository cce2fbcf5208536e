package org.kprobe4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One run of {@code ./kprobe}, as a user starts it, with its outputs in files. */
final class Launched {
    private static final long LIMIT_SECONDS = 180;

    private final Process process;
    private final Path out;
    private final Path err;

    private Launched(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** How it ended. */
    record Ended(int status, List<String> out, List<String> err) {
        /** What is said on standard error besides where it runs, and the account of the hits. */
        List<String> complaints() {
            return err.stream()
                    .filter(line ->
                            !line.contains("throwaway VM") && !line.startsWith("kprobe: preparing quick starts"))
                    .toList();
        }
    }

    static Launched start(Path folder, String... words) throws IOException {
        // Tests that run in the background of a shell would hand down that Ctrl-C is ignored.
        List<String> command = new ArrayList<>(
                List.of("env", "--default-signal=INT", Repository.file("kprobe").toString()));
        command.addAll(List.of(words));
        Path out = Files.createTempFile(folder, "out", ".txt");
        Path err = Files.createTempFile(folder, "err", ".txt");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new Launched(process, out, err);
    }

    static Ended run(Path folder, String... words) throws IOException, InterruptedException {
        Launched launched = start(folder, words);
        launched.process.getOutputStream().close();
        return launched.await();
    }

    /** Writes to its standard input, and ends that. */
    void input(String text) throws IOException {
        try (var stdin = process.getOutputStream()) {
            stdin.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Waits until a line of its output contains this. */
    void awaitLine(String part) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!Files.readString(out).contains(part)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError(
                        "no line with '" + part + "': " + Files.readString(out) + Files.readString(err));
            }
            Thread.sleep(50);
        }
    }

    /** Sends a signal to the launcher's process alone. */
    void signal(String name) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new AssertionError("kill -" + name + ": status " + status);
        }
    }

    Ended await() throws IOException, InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroy();
            throw new AssertionError("still running: " + Files.readString(out) + Files.readString(err));
        }
        return new Ended(process.exitValue(), Files.readAllLines(out), Files.readAllLines(err));
    }
}
