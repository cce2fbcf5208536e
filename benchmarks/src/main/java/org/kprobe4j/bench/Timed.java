package org.kprobe4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command whose start, end and memory are watched, by the guest's clock. */
final class Timed {
    private static final long NAP_MILLIS = 20;

    private final Process process;
    private final long start;
    private long plantedNanos;
    private long endNanos;
    private long registerNanos;
    private long closeNanos;
    private long places;
    private long peakKib;

    private Timed(Process process) {
        this.process = process;
        this.start = System.nanoTime();
    }

    /** Runs a command that ends by itself; it is killed if it takes longer. */
    static Timed run(List<String> command, Duration limit) throws IOException, InterruptedException {
        Path output = Path.of("/dev/shm/timed.out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile());
        // Its own limit is lower than what is planted here.
        builder.environment().put("BPFTRACE_MAX_PROBES", "100000");
        Timed timed = new Timed(builder.start());
        while (!timed.process.waitFor(NAP_MILLIS, TimeUnit.MILLISECONDS)) {
            timed.weigh();
            if (System.nanoTime() - timed.start > limit.toNanos()) {
                timed.process.destroyForcibly().waitFor();
                throw new IOException("not done after %d s".formatted(limit.toSeconds()));
            }
        }
        timed.endNanos = System.nanoTime() - timed.start;
        if (timed.process.exitValue() != 0) {
            throw new IOException("ended with status %d: %s"
                    .formatted(
                            timed.process.exitValue(), Files.readString(output).strip()));
        }
        return timed;
    }

    /** Runs {@link PlantMain}. */
    static Timed plant(List<String> command) throws IOException, InterruptedException {
        Timed timed = new Timed(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
        try (BufferedReader lines = timed.process.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null) {
                timed.read(line);
                line = lines.readLine();
            }
        }
        int status = timed.process.waitFor();
        timed.endNanos = System.nanoTime() - timed.start;
        if (status != 0 || timed.closeNanos == 0) {
            throw new IOException("ended with status " + status);
        }
        return timed;
    }

    private void read(String line) throws IOException {
        String[] words = line.split(" ");
        switch (words[0]) {
            case PlantMain.PLANTED -> {
                plantedNanos = System.nanoTime() - start;
                registerNanos = Long.parseLong(words[1]);
                places = Long.parseLong(words[2]);
                weigh();
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
            }
            case PlantMain.REMOVED -> {
                closeNanos = Long.parseLong(words[1]);
                weigh();
            }
            default -> {}
        }
    }

    /** The most memory that the process had until now; its program may be another one than a moment ago. */
    private void weigh() {
        try (var lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            peakKib = lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(peakKib);
        } catch (NoSuchFileException e) {
            // It has ended.
        } catch (IOException | UncheckedIOException e) {
            // It ends at this moment.
        }
    }

    double plantedSeconds() {
        return plantedNanos / 1e9;
    }

    double seconds() {
        return endNanos / 1e9;
    }

    double registerSeconds() {
        return registerNanos / 1e9;
    }

    double closeSeconds() {
        return closeNanos / 1e9;
    }

    long places() {
        return places;
    }

    double peakMb() {
        return peakKib / 1024.0;
    }
}
