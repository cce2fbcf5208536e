package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.Errno;

/**
 * What a target means on a kernel.
 *
 * @param places what can be probed, by rising address
 * @param leftOut what the target names and cannot be probed, or should not
 * @param paddings how many symbols of bytes before functions a pattern matched, {@code __pfx_} and {@code __cfi_}; not listed
 * @param unmatched clauses that gave no place
 * @param unknown what could not be found out, in words, such as that the blacklist cannot be read
 */
public record Resolution(
        List<Place> places, List<LeftOut> leftOut, int paddings, List<Unmatched> unmatched, List<String> unknown) {
    /**
     * A clause that gave no place.
     *
     * @param clause as it is written
     * @param errno as register_kprobe() would say: ENOENT or EINVAL
     * @param reason why, and what to write instead
     */
    public record Unmatched(String clause, int errno, String reason) {
        @Override
        public String toString() {
            return "%s: %s (%s)".formatted(clause, reason, Errno.name(errno));
        }
    }

    /** How many were left out for each reason, those that are not listed included. */
    public Map<LeftOut.Reason, Long> leftOutCounts() {
        var counts = new EnumMap<LeftOut.Reason, Long>(LeftOut.Reason.class);
        if (paddings > 0) {
            counts.put(LeftOut.Reason.PADDING, (long) paddings);
        }
        leftOut.forEach(left -> counts.merge(left.reason(), 1L, Long::sum));
        return counts;
    }

    /** In a line: {@code 3 left out: 2 notrace, 1 on the blacklist}; empty if nothing was left out. */
    public String leftOutSummary() {
        Map<LeftOut.Reason, Long> counts = leftOutCounts();
        if (counts.isEmpty()) {
            return "";
        }
        long all = 0;
        var reasons = new ArrayList<String>();
        for (Map.Entry<LeftOut.Reason, Long> count : counts.entrySet()) {
            all += count.getValue();
            reasons.add(count.getValue() + " " + count.getKey().brief());
        }
        return "%d left out: %s".formatted(all, String.join(", ", reasons));
    }

    /** What was left out, a line each: {@code tcp_v6_connect: left out by the target}; without paddings, by rising address. */
    public List<String> leftOutLines() {
        return leftOut.stream().map(LeftOut::toString).toList();
    }

    /**
     * What the places' names do not say, a line for each such function: that it is a variant by the compiler, which one of several of a
     * name it is, how else it is named.
     */
    public List<String> notes() {
        var notes = new ArrayList<String>();
        Place.@Nullable Function before = null;
        for (Place place : places) {
            Place.Function function = place.function();
            if (function.equals(before)) {
                continue;
            }
            before = function;
            var said = new ArrayList<String>();
            if (function.variantOf() != null) {
                said.add(Variant.describe(function.name()));
            }
            if (function.sameName() != null) {
                said.add("one of the functions of this name, at 0x%x".formatted(function.address()));
            }
            if (!function.aliases().isEmpty()) {
                said.add("also named " + String.join(", ", function.aliases()));
            }
            if (!said.isEmpty()) {
                notes.add(function + ": " + String.join("; ", said));
            }
        }
        return notes;
    }

    /** In a few lines: how many places, how many left out and why, what matched nothing. */
    public String summary() {
        var text = new StringBuilder("%d place%s".formatted(places.size(), places.size() == 1 ? "" : "s"));
        leftOutCounts().forEach((reason, count) -> text.append("%n  %d left out: %s".formatted(count, reason.text())));
        unmatched.forEach(clause -> text.append("%n  %s".formatted(clause)));
        unknown.forEach(line -> text.append("%n  %s".formatted(line)));
        return text.toString();
    }
}
