package org.kprobe4j.cli.tool;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.KprobeException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kprobe latency}: how long calls take. */
@Command(
        name = "latency",
        description = {
            "Measures how long calls of TARGET take: percentiles, the largest, a histogram. All is counted in the kernel; nothing is sent "
                    + "for a call, none is lost. Percentiles are exact to a sixteenth, sum, least and largest are exact.",
            "With COMMAND, what it and its children cause is measured, from its first instruction on."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {"kprobe latency [OPTION]... TARGET... [-- COMMAND...]"},
        footerHeading = "%nExit status:%n",
        footer = {
            "  COMMAND's own; without COMMAND 0, or 130 after Ctrl-C, 143 after SIGTERM",
            "  125  nothing could be measured: TARGET, an option or an output is wrong",
            "  126  COMMAND cannot be executed",
            "  127  COMMAND not found",
            "  141  nobody reads the results any more",
            "",
            "Examples:",
            "  kprobe latency vfs_read -- ls /usr",
            "  kprobe latency vfs_fsync_range --by comm -i 1s --top 10",
            "  kprobe latency do_sys_openat2 --errors --duration 10s",
            "  kprobe latency vfs_read --linear 0:100us:5us --cpu-time --when 'count > 4096'"
        })
public final class LatencyCommand implements Callable<Integer> {
    private static final Pattern LINEAR = Pattern.compile("([^:]+):([^:]+):([^:]+)");
    private static final Pattern TIME = Pattern.compile("(\\d{1,12})(ns|us|ms|s)?");

    @Option(
            names = "--linear",
            paramLabel = "MIN:MAX:STEP",
            description =
                    "The histogram in steps of one width instead of powers of two: 0:10ms:500us; plain numbers are nanoseconds.")
    private @Nullable String linear;

    @Option(
            names = "--cpu-time",
            description =
                    "Also how much of the time the calling thread ran on a CPU, and how much it was switched out.")
    private boolean cpuTime;

    @Option(names = "--histograms", description = "A histogram for each group, not only where there is one group.")
    private boolean histograms;

    @Mixin
    private CallOptions calls = new CallOptions();

    private final Invocation invocation;

    /**
     * The command.
     *
     * @param invocation its command line
     */
    public LatencyCommand(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        var _ = steps(linear);
        return calls.execute("latency", invocation, this::plant);
    }

    /** The steps that are written; null for none. */
    static TimeStore.@Nullable Steps steps(@Nullable String text) {
        if (text == null) {
            return null;
        }
        Matcher matcher = LINEAR.matcher(text);
        if (!matcher.matches()) {
            throw new KprobeException("--linear %s: write MIN:MAX:STEP, for example 0:10ms:500us".formatted(text));
        }
        var steps = new TimeStore.Steps(
                nanos(text, matcher.group(1)), nanos(text, matcher.group(2)), nanos(text, matcher.group(3)));
        if (steps.step() <= 0 || steps.max() <= steps.min()) {
            throw new KprobeException("--linear %s: MIN must be below MAX, and STEP above 0".formatted(text));
        }
        long count = (steps.max() - steps.min() - 1) / steps.step() + 1;
        if (count > TimeStore.MOST_STEPS) {
            throw new KprobeException("--linear %s: that is %d steps; there may be %d, make them wider"
                    .formatted(text, count, TimeStore.MOST_STEPS));
        }
        return steps;
    }

    private static long nanos(String all, String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            throw new KprobeException("--linear %s: %s is no time; write for example 500us".formatted(all, text));
        }
        long unit = switch (matcher.group(2)) {
            case "us" -> 1_000;
            case "ms" -> 1_000_000;
            case "s" -> 1_000_000_000;
            case null, default -> 1;
        };
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    }

    private Planted plant(ToolRun run) {
        List<FunctionGroup> groups = calls.groups(run, true, false);
        return plant(run, groups, KeyShape.of(groups.getFirst().asked().typed(), false));
    }

    private <K> Planted plant(ToolRun run, List<FunctionGroup> groups, KeyShape<K> first) {
        List<KeyColumn> columns = FunctionGroup.columns(groups);
        int room = calls.room(TimeStore.KEYS);
        var stores = new TimeStore.Plan<>(first, steps(linear), run.hasIntervals(), room);
        var table = new LatencyTable(
                run.output(), columns.stream().map(KeyColumn::column).toList(), cpuTime, histograms, calls.most());
        var planted = new LatencyPlanted<>(
                run,
                calls.target(),
                table,
                new KeyCells(columns),
                stores.open(),
                cpuTime ? Waiting.BySwitches.open() : new Waiting.NotAsked(),
                cpuTime ? new LatencyCalls.Parts<>(stores.open(), stores.open()) : new LatencyCalls.Whole<K>(),
                room);
        try {
            planted.plantSwitches();
            for (FunctionGroup group : groups) {
                Asked asked = group.asked();
                planted.plant(
                        group.target(),
                        new LatencyCalls<>(
                                new Wanted(run.scope(), asked.condition().atEntry()),
                                asked.condition().atReturn(),
                                KeyShape.alike(first, KeyShape.of(asked.typed(), false)),
                                planted.times(),
                                planted.waiting(),
                                planted.split()));
            }
            return planted;
        } catch (RuntimeException e) {
            planted.close();
            throw e;
        }
    }
}
