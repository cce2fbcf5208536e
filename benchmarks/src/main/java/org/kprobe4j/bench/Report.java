package org.kprobe4j.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.kprobe4j.lab.KernelRow;

/** The tables. */
final class Report {
    private static final String INTRODUCTION = """
            # What a probe costs

            Made by `./bench`. Hits are counted in guest instructions: under QEMU's `-icount shift=0` the guest's clock advances by one
            nanosecond with each instruction, so a figure repeats to within 1 in 300 whatever else the machine does. The work is
            lseek(2) on /dev/null in a loop of a few instructions, the probe is on `null_lseek`; *added* is what a probe adds to each
            call, *in the task* the calling process's share of it. Each figure is the median of %d rounds of %d calls. The other tools
            are Debian's of the same suite, in the same guest; *ratio* is kprobe4j's figure divided by theirs.
            """;

    private final List<Section> sections = new ArrayList<>();
    private final Set<String> versions = new LinkedHashSet<>();
    private int failures;

    /** A table under its title. */
    private record Section(String title, Grid grid, String note) {}

    void hits(List<String> lines) {
        List<Result> results =
                lines.stream().map(Result::parse).flatMap(Optional::stream).toList();
        results.stream().filter(Result::isVersion).map(Result::remark).forEach(versions::add);
        Map<String, Double> ours = new HashMap<>();
        List<String> baselines = new ArrayList<>();
        var grid = new Grid("case", "by", "added", "in the task", "to reach", "ratio", "");
        for (Result result : results) {
            if (result.isBaseline()) {
                baselines.add(one(result.added()));
            } else if (!result.isVersion()) {
                if (result.by().equals(Result.OURS)) {
                    ours.put(result.name(), result.added());
                }
                hit(grid, result, ours.getOrDefault(result.name(), Double.NaN));
            }
        }
        sections.add(new Section(
                "Instructions added per hit",
                grid,
                "A call without a probe: %s.".formatted(String.join(" before all this, after it ", baselines))));
    }

    private void hit(Grid grid, Result result, double ours) {
        Optional<Case> known = Case.named(result.name());
        boolean own = result.by().startsWith(Result.OURS);
        String name = result.by().equals(Result.OURS) ? result.name() : "";
        if (result.failed()) {
            failures++;
            grid.row(name, result.by(), "failed", "", "", "", result.remark());
            return;
        }
        String goal = own && known.isPresent() && known.get().goal().isPresent()
                ? Integer.toString(known.get().goal().getAsInt())
                : "";
        String remark = result.remark();
        if (result.by().equals(Result.OURS) && known.isPresent()) {
            remark = known.get().work() + (remark.isEmpty() ? "" : "; " + remark);
        }
        grid.row(
                name,
                result.by(),
                one(result.added()),
                one(result.task()),
                goal,
                own ? "" : "%.2f".formatted(ours / result.added()),
                remark);
    }

    void timings(String what, KernelRow row, List<String> lines) {
        lines.stream()
                .map(Result::parse)
                .flatMap(Optional::stream)
                .filter(Result::isVersion)
                .forEach(version -> versions.add(version.remark()));
        var grid =
                new Grid("what", "by", "functions", "attach", "detach", "to planted", "whole run", "ratio", "MiB", "");
        Map<String, Double> ours = new HashMap<>();
        for (String line : lines) {
            Timing.parse(line).ifPresent(timing -> {
                if (timing.by().equals(Result.OURS)) {
                    ours.put(timing.name(), timing.whole());
                }
                timing(grid, timing, ours.getOrDefault(timing.name(), Double.NaN));
            });
        }
        String title = what.equals(Options.START) ? "From the command to planted, and away again" : "Attach and detach";
        sections.add(
                new Section(
                        title + ", Linux " + row.id(),
                        grid,
                        "Seconds of the guest's clock, two processors, instructions not counted: these depend on the machine and on what else it does."));
    }

    private void timing(Grid grid, Timing timing, double ours) {
        if (timing.failed()) {
            failures++;
            grid.row(timing.name(), timing.by(), "", "", "", "", "failed", "", "", timing.remark());
            return;
        }
        boolean own = timing.by().equals(Result.OURS);
        grid.row(
                timing.name(),
                timing.by(),
                timing.places() == 0 ? "" : Long.toString(timing.places()),
                seconds(timing.attach()),
                seconds(timing.detach()),
                seconds(timing.planted()),
                seconds(timing.whole()),
                own ? "" : "%.2f".formatted(ours / timing.whole()),
                one(timing.megabytes()),
                timing.remark());
    }

    private static String seconds(double value) {
        return value == 0 ? "" : String.format(Locale.ROOT, "%.2f", value);
    }

    private static String one(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    int failures() {
        return failures;
    }

    String text() {
        var out = new StringBuilder();
        for (Section section : sections) {
            out.append('\n')
                    .append(section.title())
                    .append("\n\n")
                    .append(section.grid().text());
            out.append(section.note()).append('\n');
        }
        if (!versions.isEmpty()) {
            out.append('\n').append(String.join(", ", versions)).append('\n');
        }
        return out.toString();
    }

    String markdown() {
        var out = new StringBuilder(INTRODUCTION.formatted(GuestMain.ROUNDS, GuestMain.CALLS));
        if (!versions.isEmpty()) {
            out.append("\nMeasured with ").append(String.join(", ", versions)).append(".\n");
        }
        for (Section section : sections) {
            out.append("\n## ").append(section.title()).append("\n\n");
            out.append(section.grid().markdown())
                    .append('\n')
                    .append(section.note())
                    .append('\n');
        }
        return out.toString();
    }
}
