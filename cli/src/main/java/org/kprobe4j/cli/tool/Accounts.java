package org.kprobe4j.cli.tool;

import java.util.List;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ProbeAccount;

/** The accounts of tools' probes. */
public final class Accounts {
    private Accounts() {}

    /** The account in which some of the delivered hits are those that a filter left out. */
    public static ProbeAccount filtered(ProbeAccount all, long filtered) {
        return of(all, filtered, all.entriesLost(), all.stacksLost());
    }

    /** The same, with another number of entries lost, where one hit makes several. */
    static ProbeAccount filtered(ProbeAccount all, long filtered, long entriesLost) {
        return of(all, filtered, entriesLost, all.stacksLost());
    }

    /** With what another probe lost that hit for the same calls. */
    static ProbeAccount withLost(ProbeAccount all, ProbeAccount other) {
        return of(all, 0, all.entriesLost() + other.entriesLost(), all.stacksLost() + other.stacksLost());
    }

    private static ProbeAccount of(ProbeAccount all, long filtered, long entriesLost, long stacksLost) {
        return new ProbeAccount(
                all.hits(),
                all.delivered() - filtered,
                all.filtered() + filtered,
                all.inFlight(),
                all.endedInside(),
                all.missed(),
                all.recursion(),
                all.mapFull(),
                all.faulted(),
                all.recordsLost(),
                all.recordsContended(),
                entriesLost,
                stacksLost,
                all.untold());
    }

    /** Of several return probes together. */
    static ProbeAccount sum(List<Kretprobe> probes) {
        return probes.stream()
                .map(Kretprobe::account)
                .reduce(ProbeAccount::plus)
                .orElseThrow();
    }

    /** The target, with the number of places if there are several. */
    public static String what(String target, int places) {
        return places == 1 ? target : "%s (%d places)".formatted(target, places);
    }
}
