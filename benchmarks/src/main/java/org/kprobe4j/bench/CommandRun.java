package org.kprobe4j.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command that probes the function until it is interrupted. */
final class CommandRun {
    private static final Path SAID = Path.of("/dev/shm/command.err");
    private static final File NOWHERE = new File("/dev/null");
    private static final long AFTER_PLANTING_MILLIS = 2_000;
    private static final long ENDING_SECONDS = 300;

    private CommandRun() {}

    /** Starts it, lets the function be called when it is probed, ends the command. Its standard output is thrown away. */
    static void run(String name, List<String> command, Hits hits) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectInput(NOWHERE)
                .redirectOutput(NOWHERE)
                .redirectError(SAID.toFile())
                .start();
        try {
            Quiet.until(true, process);
            // What is probed first may be one of two places.
            Thread.sleep(AFTER_PLANTING_MILLIS);
            hits.run();
        } catch (IOException e) {
            throw new IOException(name + ": " + e.getMessage() + ": " + Files.readString(SAID), e);
        } finally {
            end(process);
            Quiet.until(false, process);
        }
        hits.remark(remark(Files.readString(SAID)));
    }

    private static void end(Process process) throws IOException, InterruptedException {
        new ProcessBuilder("/bin/sh", "-c", "kill -INT " + process.pid() + " 2> /dev/null")
                .start()
                .waitFor();
        if (!process.waitFor(ENDING_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    /** What the tool says about what it lost. */
    private static String remark(String text) {
        return text.lines()
                .filter(line -> line.contains("Lost ") || line.contains("LOST") || line.contains(" lost"))
                .findFirst()
                .orElse("")
                .strip();
    }
}
