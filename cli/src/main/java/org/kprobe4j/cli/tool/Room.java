package org.kprobe4j.cli.tool;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.internal.Runs;

/** The room for keys in the kernel, and what is said when it was too little. */
final class Room {
    private Room() {}

    static void check(String option, @Nullable Integer keys) {
        if (keys != null && keys < 1) {
            throw new KprobeException("%s %d: at least 1".formatted(option, keys));
        }
    }

    /** Says behind the closing account how there would be more room, if something was lost for want of it. */
    static void remark(ProbeAccount account, String option, int keys) {
        // A stack without a place is counted at each use.
        long lost = account.entriesLost() == 0 ? account.stacksLost() : account.entriesLost();
        if (lost > 0) {
            Runs.closed("lost: %d hits found the map full: it has room for %d keys; %s %d makes more"
                    .formatted(lost, keys, option, more(keys)));
        }
    }

    private static int more(int keys) {
        return keys > Integer.MAX_VALUE / 4 ? Integer.MAX_VALUE : Integer.highestOneBit(Math.max(1, keys - 1)) * 8;
    }
}
