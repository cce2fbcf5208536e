package org.kprobe4j.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
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

    private static final String HEADING = "\n## ";
    private static final String TIMED =
            "Two processors, instructions not counted: these times depend on the machine and on what else it does.";
    private static final String COUNTED =
            "One processor whose clock advances by instructions and by what is waited for: these figures repeat.";

    private final List<Section> sections = new ArrayList<>();
    private int failures;
    private int shown;

    /** A table under its title. */
    private record Section(String title, Grid grid, String note, boolean documented) {
        String text() {
            return "\n%s\n\n%s%s\n".formatted(title, grid.text(), note);
        }

        String markdown() {
            return "%s\n\n%s\n%s\n".formatted(title, grid.markdown(), note);
        }
    }

    /**
     * The costs of hits.
     *
     * @param row the kernel
     * @param lines what the guest said
     * @param documented whether that was all there is to be measured, so that it may stand in the documentation
     */
    void hits(KernelRow row, List<String> lines, boolean documented) {
        List<Result> results =
                lines.stream().map(Result::parse).flatMap(Optional::stream).toList();
        Map<String, Double> ours = new HashMap<>();
        List<String> baselines = new ArrayList<>();
        var grid = new Grid("case", "by", "added", "in the task", "to reach", "ratio", "");
        for (Result result : results) {
            if (result.isBaseline()) {
                baselines.add(one(result.added()));
            } else if (!result.isVersion()) {
                if (result.isPlanned()) {
                    ours.put(result.name(), result.added());
                }
                hit(grid, result, ours.getOrDefault(result.name(), Double.NaN));
            }
        }
        sections.add(new Section(
                "Instructions added per hit, Linux " + row.id(),
                grid,
                "A call without a probe: %s. %s"
                        .formatted(String.join(" before all this, after it ", baselines), versions(lines)),
                documented));
    }

    private void hit(Grid grid, Result result, double ours) {
        Optional<Case> known = Case.named(result.name());
        boolean own = result.by().startsWith(Result.OURS);
        String name = result.isPlanned() ? result.name() : "";
        if (result.failed()) {
            failures++;
            grid.row(name, result.by(), "failed", "", "", "", result.remark());
            return;
        }
        String goal =
                result.isPlanned() && known.isPresent() && known.get().goal().isPresent()
                        ? Integer.toString(known.get().goal().getAsInt())
                        : "";
        String remark = result.remark();
        if (result.isPlanned() && known.isPresent()) {
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

    /** The tools that the guest named. */
    private static String versions(List<String> lines) {
        String names = lines.stream()
                .map(Result::parse)
                .flatMap(Optional::stream)
                .filter(Result::isVersion)
                .map(Result::remark)
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "" : "Measured with " + names + ".";
    }

    /**
     * The times of commands.
     *
     * @param what the case
     * @param row the kernel
     * @param counted whether they are instructions
     * @param lines what the guest said
     * @param documented whether that was all there is to be measured, so that it may stand in the documentation
     */
    void timings(String what, KernelRow row, boolean counted, List<String> lines, boolean documented) {
        var grid =
                new Grid("what", "by", "functions", "attach", "detach", "to planted", "whole run", "ratio", "MiB", "");
        Map<String, Double> ours = new HashMap<>();
        for (String line : lines) {
            Timing.parse(line).ifPresent(timing -> {
                if (timing.by().equals(Result.OURS) || timing.by().equals(TimingMain.TOOL)) {
                    ours.put(timing.name(), timing.whole());
                }
                timing(grid, timing, ours.getOrDefault(timing.name(), Double.NaN));
            });
        }
        String title = what.equals(Options.START) ? "From the command to planted, and away again" : "Attach and detach";
        sections.add(new Section(
                "%s, Linux %s, %s".formatted(title, row.id(), counted ? "10⁹ instructions" : "seconds"),
                grid,
                (counted ? COUNTED : TIMED) + " " + versions(lines),
                documented));
    }

    private void timing(Grid grid, Timing timing, double ours) {
        if (timing.failed()) {
            failures++;
            grid.row(timing.name(), timing.by(), "", "", "", "", "failed", "", "", timing.remark());
            return;
        }
        boolean own = List.of(Result.OURS, TimingMain.LAUNCHER, TimingMain.TOOL).contains(timing.by());
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

    /** The tables that were not asked for yet. */
    String news() {
        List<Section> fresh = sections.subList(shown, sections.size());
        shown = sections.size();
        return fresh.stream().map(Section::text).collect(Collectors.joining()).replace(" \n", "\n");
    }

    /** The documentation: what was measured now in the place of what stands there under the same title. */
    String markdown(String before) {
        Map<String, String> all = new LinkedHashMap<>();
        List<String> parts = List.of(before.split(HEADING));
        parts.subList(1, parts.size()).forEach(part -> all.put(part.substring(0, part.indexOf('\n')), part));
        sections.stream().filter(Section::documented).forEach(section -> all.put(section.title(), section.markdown()));
        return INTRODUCTION.formatted(GuestMain.ROUNDS, GuestMain.CALLS)
                + all.values().stream()
                        .map(part -> HEADING + part.replace(" \n", "\n").stripTrailing() + "\n")
                        .collect(Collectors.joining());
    }

    /** Whether something was measured that belongs into the documentation. */
    boolean isDocumented() {
        return sections.stream().anyMatch(Section::documented);
    }
}
