package org.kprobe4j;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What became of a probe's hits: {@code hits = delivered + filtered + inFlight + endedInside + missed + recursion + mapFull + faulted},
 * always. A record that found no place in its ring buffer, or an entry none in its map, is counted beside it: its hit was delivered, its output was
 * not. A number that cannot be had here is 0, is no part of the hits, and is named in {@code untold}.
 *
 * @param hits how often the probed place was reached, as far as the kernel tells; of a return probe without an entry handler and
 *     without kept arguments, the returns and what was missed
 * @param delivered handlers that ran to their end; of a return probe, the return handlers
 * @param filtered calls that the entry handler ignored
 * @param inFlight calls that were entered and have not returned; known where something runs at the entry
 * @param endedInside calls that never return because their task ended inside the function, as in do_exit(). Until the probe is closed
 *     some of them may still be among those in flight
 * @param missed the kernel's nmissed: hits inside another probe's handler, and calls without a free instance
 * @param recursion hits dropped because another program was running on the CPU; since kernel 6.7 for perf events
 * @param mapFull calls whose private data found no room
 * @param faulted handlers that stopped where Java would throw
 * @param recordsLost records that found their ring buffer full
 * @param recordsContended records that found their ring buffer locked by another CPU at each of several attempts. Where the kernel
 *     ran into the probe's breakpoint, within a function or where ftrace does not serve it, the program cannot wait for the lock
 * @param entriesLost entries that found a handler's map full
 * @param stacksLost stacks of keys that found no place in the map of stacks: their entries were counted under the lost stack
 * @param untold the numbers that cannot be had here
 */
public record ProbeAccount(
        long hits,
        long delivered,
        long filtered,
        long inFlight,
        long endedInside,
        long missed,
        long recursion,
        long mapFull,
        long faulted,
        long recordsLost,
        long recordsContended,
        long entriesLost,
        long stacksLost,
        Set<Untold> untold) {
    /** A number that cannot be had everywhere. */
    public enum Untold {
        /** {@link ProbeAccount#missed}: a bpf_link of a perf event tells it since kernel 6.7. */
        MISSED("missed (nmissed) before Linux 6.7"),
        /** {@link ProbeAccount#recursion}: programs of perf events have it counted since kernel 6.7. */
        RECURSION("lost to recursion before Linux 6.7"),
        /** {@link ProbeAccount#recursion}, of {@link Mechanism#FSESSION}, where the kernel dropped runs: it counts those of both ends as one. */
        RECURSION_AT_ENTRY("lost to recursion at entries, which fsession counts with returns"),
        /** {@link ProbeAccount#endedInside}: tasks are known by their numbers in the initial PID namespace; counted as in flight. */
        ENDED_INSIDE("ended inside, in a PID namespace, so they are among those in flight");

        private final String text;

        Untold(String text) {
            this.text = text;
        }
    }

    /** Of a probe that was not hit. */
    static final ProbeAccount NOTHING = new ProbeAccount(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of());

    /**
     * The account of several probes together.
     *
     * @param other another account
     * @return the sums; what one of them cannot tell, the two cannot
     */
    public ProbeAccount plus(ProbeAccount other) {
        var both = EnumSet.noneOf(Untold.class);
        both.addAll(untold);
        both.addAll(other.untold);
        return new ProbeAccount(
                hits + other.hits,
                delivered + other.delivered,
                filtered + other.filtered,
                inFlight + other.inFlight,
                endedInside + other.endedInside,
                missed + other.missed,
                recursion + other.recursion,
                mapFull + other.mapFull,
                faulted + other.faulted,
                recordsLost + other.recordsLost,
                recordsContended + other.recordsContended,
                entriesLost + other.entriesLost,
                stacksLost + other.stacksLost,
                both);
    }

    /** Copies the set. */
    public ProbeAccount {
        untold = untold.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(untold));
    }

    /**
     * The closing line.
     *
     * @return {@code 12 hits = 11 delivered + 1 missed (nmissed)}, then what was lost beside the hits, then what is not told here
     */
    @Override
    public String toString() {
        var parts = new ArrayList<String>(List.of(delivered + " delivered"));
        add(parts, filtered, "filtered");
        add(parts, inFlight, "in flight");
        add(parts, endedInside, "ended inside (their tasks exited)");
        add(parts, missed, "missed (nmissed)");
        add(parts, recursion, "lost to recursion");
        add(parts, mapFull, "lost to a full map");
        add(parts, faulted, "faulted");
        String text = "%d hits = %s".formatted(hits, String.join(" + ", parts));
        text += recordsLost == 0 ? "" : "; %d records lost to a full ring buffer".formatted(recordsLost);
        text += recordsContended == 0 ? "" : "; %d records lost to a busy ring buffer".formatted(recordsContended);
        text += entriesLost == 0 ? "" : "; %d entries lost to a full map".formatted(entriesLost);
        text += stacksLost == 0 ? "" : "; %d stacks lost to a taken place".formatted(stacksLost);
        return untold.isEmpty() ? text : text + "; not told here: " + untoldText();
    }

    private String untoldText() {
        return untold.stream().sorted().map(what -> what.text).collect(Collectors.joining(", "));
    }

    private static void add(List<String> parts, long count, String name) {
        if (count != 0) {
            parts.add(count + " " + name);
        }
    }
}
