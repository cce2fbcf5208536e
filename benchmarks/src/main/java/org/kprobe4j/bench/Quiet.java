package org.kprobe4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Waits until nothing but the measured work runs, or until a probe is there or gone. */
final class Quiet {
    /** The clock is refined as late as this; what is measured before differs. */
    private static final Duration CLOCK_REFINED = Duration.ofSeconds(20);

    private static final Duration SETTLED = Duration.ofMillis(300);
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Duration NAP = Duration.ofMillis(50);
    private static final Path TRACED = Path.of("/sys/kernel/tracing/enabled_functions");

    private Quiet() {}

    static void untilClockIsRefined() throws IOException, InterruptedException {
        double upSeconds =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        Duration missing = CLOCK_REFINED.minusMillis(Math.round(upSeconds * 1_000));
        if (missing.isPositive()) {
            Thread.sleep(missing);
        }
    }

    /** Grace periods, freed pages and compiled code come a little later than what caused them. */
    static void settle() throws InterruptedException {
        Thread.sleep(SETTLED);
    }

    /** Waits until the function is probed, or no longer. */
    static void until(boolean probed, Process process) throws IOException, InterruptedException {
        Instant end = Instant.now().plus(PATIENCE);
        while (isProbed() != probed) {
            if (probed && !process.isAlive()) {
                throw new IOException("it ended with status " + process.exitValue());
            }
            if (Instant.now().isAfter(end)) {
                throw new IOException("%s is %s after %d s"
                        .formatted(SeekLoop.FUNCTION, probed ? "not probed" : "still probed", PATIENCE.toSeconds()));
            }
            Thread.sleep(NAP);
        }
    }

    private static boolean isProbed() throws IOException {
        return new String(Files.readAllBytes(TRACED), StandardCharsets.ISO_8859_1).contains(SeekLoop.FUNCTION + " ");
    }
}
