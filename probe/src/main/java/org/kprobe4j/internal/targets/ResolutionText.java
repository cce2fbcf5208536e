package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a target means on a kernel, in lines to read: of few places all that is known, of many a line for each.
 *
 * @param found what the target means
 * @param prototype what a place's function takes and gives
 * @param trial what the kernel says of a probe there; empty if it was not asked
 */
record ResolutionText(
        Resolution found, Function<Place, Optional<String>> prototype, Function<Place, Optional<String>> trial) {
    /** So many places are described, and the kernel is asked about them: that takes a grace period for each. */
    static final int FEW = 8;

    private static final int SHOWN = 15;
    private static final int EXAMPLES = 3;

    /** All lines; of long lists the beginning only, unless {@code all}. */
    List<String> lines(String target, boolean all) {
        var lines = new ArrayList<String>();
        List<Place> places = found.places();
        lines.add("%s: %s".formatted(target, counted(places.size(), "place")));
        if (places.size() <= FEW) {
            places.forEach(place -> describe(place, lines));
        } else {
            int shown = all ? places.size() : Math.min(SHOWN, places.size());
            places.subList(0, shown).forEach(place -> lines.add(line(place)));
            if (shown < places.size()) {
                lines.add("  and %d more (--all lists them)".formatted(places.size() - shown));
            }
        }
        addLeftOut(lines, all);
        found.unknown().forEach(lines::add);
        return lines;
    }

    private static String counted(int number, String what) {
        return number == 0 ? "no " + what : number == 1 ? "1 " + what : number + " " + what + "s";
    }

    private static String line(Place place) {
        Place.Function function = place.function();
        var line = new StringBuilder("  0x%x  %s".formatted(place.address(), place));
        if (!function.aliases().isEmpty()) {
            line.append(", also named ").append(String.join(", ", function.aliases()));
        }
        if (function.variantOf() != null) {
            line.append(": ").append(Variant.describe(function.name()));
        }
        return line.toString();
    }

    private void describe(Place place, List<String> lines) {
        Place.Function function = place.function();
        lines.add("  0x%x  %s".formatted(place.address(), place));
        var said = new ArrayList<String>();
        if (!function.aliases().isEmpty()) {
            said.add("also named " + String.join(", ", function.aliases()));
        }
        if (function.variantOf() != null) {
            said.add(Variant.describe(function.name()));
        }
        prototype.apply(place).ifPresent(said::add);
        if (function.sizeBytes() > 0) {
            said.add("%d bytes up to the next symbol".formatted(function.sizeBytes()));
        }
        switch (function.traceable()) {
            case YES -> said.add("ftrace can trace it");
            case NO -> said.add("ftrace cannot trace it");
            case UNKNOWN -> said.add("not known whether ftrace can trace it");
        }
        trial.apply(place).ifPresent(said::add);
        said.forEach(line -> lines.add("      " + line));
    }

    private void addLeftOut(List<String> lines, boolean all) {
        if (found.leftOutCounts().isEmpty()) {
            return;
        }
        var byReason = new LinkedHashMap<LeftOut.Reason, List<LeftOut>>();
        for (LeftOut left : found.leftOut()) {
            byReason.computeIfAbsent(left.reason(), _ -> new ArrayList<>()).add(left);
        }
        long sum = found.leftOutCounts().values().stream()
                .mapToLong(Long::longValue)
                .sum();
        lines.add("not probed: %d".formatted(sum));
        for (Map.Entry<LeftOut.Reason, Long> count : found.leftOutCounts().entrySet()) {
            List<LeftOut> left = byReason.getOrDefault(count.getKey(), List.of());
            String text = count.getKey().text();
            if (all && left.size() > EXAMPLES) {
                lines.add("  %d %s".formatted(count.getValue(), text));
                left.forEach(one -> lines.add("      0x%x  %s".formatted(one.address(), name(one))));
            } else {
                lines.add("  %d %s%s".formatted(count.getValue(), text, examples(left)));
            }
        }
    }

    private static String examples(List<LeftOut> left) {
        if (left.isEmpty()) {
            return "";
        }
        String names = String.join(
                ", ", left.stream().limit(EXAMPLES).map(ResolutionText::name).toList());
        return ": " + names + (left.size() > EXAMPLES ? ", …" : "");
    }

    private static String name(LeftOut left) {
        return left.module() == null ? left.name() : left.module() + ":" + left.name();
    }
}
