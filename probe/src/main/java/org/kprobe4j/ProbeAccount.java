package org.kprobe4j;

import java.util.ArrayList;
import java.util.List;

/**
 * What became of a probe's hits: {@code hits = delivered + filtered + inFlight + missed + recursion + mapFull + faulted}. A
 * record that found its ring buffer full, or an entry its map, is counted beside it: its hit was delivered, its output was not.
 *
 * @param hits how often the probed place was reached, as far as the kernel tells
 * @param delivered handlers that ran to their end; of a return probe, the return handlers
 * @param filtered calls that the entry handler ignored
 * @param inFlight calls that were entered and have not returned
 * @param missed the kernel's nmissed: hits inside another probe's handler, and calls without a free instance
 * @param recursion hits dropped because another program was running on the CPU; since kernel 6.7 for perf events
 * @param mapFull calls whose private data found no room
 * @param faulted handlers that stopped where Java would throw
 * @param recordsLost records that found their ring buffer full
 * @param entriesLost entries that found a handler's map full
 * @param stacksLost stacks of keys that found no place in the map of stacks: their entries were counted under the lost stack
 */
public record ProbeAccount(
        long hits,
        long delivered,
        long filtered,
        long inFlight,
        long missed,
        long recursion,
        long mapFull,
        long faulted,
        long recordsLost,
        long entriesLost,
        long stacksLost) {
    /**
     * The closing line.
     *
     * @return {@code 12 hits = 11 delivered + 1 missed; 0 records lost}
     */
    @Override
    public String toString() {
        var parts = new ArrayList<String>(List.of(delivered + " delivered"));
        add(parts, filtered, "filtered");
        add(parts, inFlight, "in flight");
        add(parts, missed, "missed (nmissed)");
        add(parts, recursion, "lost to recursion");
        add(parts, mapFull, "lost to a full map");
        add(parts, faulted, "faulted");
        String text = "%d hits = %s".formatted(hits, String.join(" + ", parts));
        text += recordsLost == 0 ? "" : "; %d records lost to a full ring buffer".formatted(recordsLost);
        text += entriesLost == 0 ? "" : "; %d entries lost to a full map".formatted(entriesLost);
        return text + (stacksLost == 0 ? "" : "; %d stacks lost to a taken place".formatted(stacksLost));
    }

    private static void add(List<String> parts, long count, String name) {
        if (count != 0) {
            parts.add(count + " " + name);
        }
    }
}
