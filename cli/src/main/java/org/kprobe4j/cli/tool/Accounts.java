package org.kprobe4j.cli.tool;

import org.kprobe4j.ProbeAccount;

/** The accounts of tools' probes. */
public final class Accounts {
    private Accounts() {}

    /** The account in which some of the delivered hits are those that a filter left out. */
    public static ProbeAccount filtered(ProbeAccount all, long filtered) {
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
                all.entriesLost(),
                all.stacksLost(),
                all.untold());
    }

    /** The target, with the number of places if there are several. */
    public static String what(String target, int places) {
        return places == 1 ? target : "%s (%d places)".formatted(target, places);
    }
}
