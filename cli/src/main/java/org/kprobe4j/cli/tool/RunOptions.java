package org.kprobe4j.cli.tool;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.DryRun;
import org.kprobe4j.cli.KernelChoice;
import org.kprobe4j.cli.KprobeException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How long a tool runs, of whom it tells, and where: the options of every tool. */
public final class RunOptions {
    @Option(
            names = "--duration",
            paramLabel = "TIME",
            description = "End after this time, for example 10s or 500ms; otherwise when COMMAND ends, or at Ctrl-C.")
    private @Nullable String duration;

    @Option(names = "--max-events", paramLabel = "N", description = "End after so many events.")
    private @Nullable Long maxEvents;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "TIME",
            description = "Show the results each time this has passed; on a terminal they are drawn anew.")
    private @Nullable String interval;

    @Option(
            names = "--all",
            description = "With COMMAND: whatever runs meanwhile counts, not just COMMAND and its children.")
    private boolean all;

    @Option(
            names = "--timing",
            description = "At the end say where the time went from the JVM's start until each probe was planted.")
    private boolean timing;

    @Mixin
    private DryRun dryRun = new DryRun();

    @Mixin
    private KernelChoice kernel = new KernelChoice();

    /** Nothing asked for. */
    public RunOptions() {}

    /** Refuses what is written wrongly. */
    void check() {
        kernel.check();
        dryRun.check();
        var _ = duration();
        var _ = interval();
        if (maxEvents != null && maxEvents < 1) {
            throw new KprobeException("--max-events %d: at least 1".formatted(maxEvents));
        }
    }

    /** After which the run ends; null for none. */
    public @Nullable Duration duration() {
        return duration == null ? null : Times.parse("--duration", duration);
    }

    /** Between two pictures of the results; zero for the one at the end. */
    public Duration interval() {
        return interval == null ? Duration.ZERO : Times.parse("--interval", interval);
    }

    /** After how many events the run ends. */
    public OptionalLong maxEvents() {
        return maxEvents == null ? OptionalLong.empty() : OptionalLong.of(maxEvents);
    }

    /** Whether all that runs counts beside the command. */
    public boolean all() {
        return all;
    }

    /** Whether it is to be told where the time went. */
    boolean timing() {
        return timing;
    }

    /** Whether there is to be no run, but word of it. */
    DryRun dryRun() {
        return dryRun;
    }

    KernelChoice kernel() {
        return kernel;
    }
}
