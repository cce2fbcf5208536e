package org.kprobe4j;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.internal.CallsInFlight;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Switch;

/**
 * The account of a return probe, from the counters of its two programs. The counters go on while they are read, so what a call does
 * later is read earlier: then no call is missing, and one that moves on meanwhile counts as in flight.
 */
final class ReturnCount {
    private final @Nullable LoadedProgram entry;
    private final LoadedProgram back;
    private final @Nullable CallsInFlight calls;
    private final boolean missedEnter;
    private final boolean tellsRecursion;
    private final boolean dropsAreOne;
    private CallsInFlight.@Nullable Sorted sorted;

    /**
     * Without an entry program: what is at the return alone.
     *
     * @param missedEnter whether the entry program runs for calls that the return probe misses, too
     * @param tellsRecursion whether the kernel counts runs that it drops
     * @param dropsAreOne whether its count of entries has the returns in it
     */
    ReturnCount(
            @Nullable LoadedProgram entry,
            LoadedProgram back,
            @Nullable CallsInFlight calls,
            boolean missedEnter,
            boolean tellsRecursion,
            boolean dropsAreOne) {
        this.tellsRecursion = tellsRecursion;
        this.dropsAreOne = dropsAreOne;
        this.missedEnter = missedEnter;
        this.entry = entry;
        this.back = back;
        this.calls = calls;
        if (calls != null) {
            calls.watch(this::left);
        }
    }

    /** The probe is removed: what is still in the map is in flight, or its task is gone. */
    void removed() {
        if (calls != null) {
            calls.unwatch();
            sorted = calls.sort();
        }
    }

    /** Frees the map of the calls; the counters are the programs'. */
    void close() {
        if (calls != null) {
            calls.close();
        }
    }

    private long returned() {
        return back.hits() - back.count(Account.FILTERED);
    }

    /** How many calls the entry program has put into the map. */
    private static long entered(LoadedProgram program) {
        long ended = program.count(Account.FILTERED)
                + program.count(Account.MAP_FULL)
                + program.faults()
                + program.count(Account.NO_INSTANCE);
        return program.hits() - ended;
    }

    private static long takenOut(LoadedProgram program, CallsInFlight calls) {
        return program.count(Account.ENDED_INSIDE) + program.count(Account.RETURN_LOST) + calls.swept();
    }

    private long left() {
        return entry == null || calls == null ? 0 : entered(entry) - returned() - takenOut(entry, calls);
    }

    /**
     * What became of the calls up to now.
     *
     * @param dropped the kernel's counts; negative what it does not tell
     */
    ProbeAccount account(
            Switch.Dropped dropped, long recordsLost, long recordsContended, long entriesLost, long stacksLost) {
        Set<ProbeAccount.Untold> untold = untold(dropped.missed());
        long told = Math.max(0, dropped.missed());
        long returnsDropped = Math.max(0, dropped.atReturn());
        long faultedAtReturn = back.faults();
        long returned = returned();
        if (entry == null || calls == null) {
            return new ProbeAccount(
                    returned + told + returnsDropped,
                    returned - faultedAtReturn,
                    0,
                    0,
                    0,
                    told,
                    returnsDropped,
                    0,
                    faultedAtReturn,
                    recordsLost,
                    recordsContended,
                    entriesLost,
                    stacksLost,
                    untold);
        }
        long returnsLost = entry.count(Account.RETURN_LOST);
        long ended = entry.count(Account.ENDED_INSIDE) + calls.swept() + (sorted == null ? 0 : sorted.endedInside());
        long filtered = entry.count(Account.FILTERED);
        long mapFull = entry.count(Account.MAP_FULL);
        long faultedAtEntry = entry.faults();
        long entriesDropped = dropsAreOne ? 0 : Math.max(0, dropped.atEntry());
        if (dropsAreOne && dropped.atEntry() > returnsLost) {
            untold.add(ProbeAccount.Untold.RECURSION_AT_ENTRY);
        }
        long notFollowed = entry.count(Account.NO_INSTANCE) + filtered + mapFull + faultedAtEntry;
        long entered = entry.hits() - notFollowed;
        // The kernel may have missed calls that the entry program did not see: when one of the two was removed already.
        long followed = missedEnter ? Math.max(entered - told, returned + ended + returnsLost) : entered;
        // A return that is not of a followed call counts as one for a moment, until its program has found out.
        returned = Math.min(returned, followed - ended - returnsLost);
        long inFlight = followed - returned - ended - returnsLost;
        // A dropped return leaves its call in the map, where it looks like one in flight, or like one that ended
        // inside.
        long likeInFlight = Math.clamp(returnsDropped - returnsLost, 0, Math.max(0, inFlight));
        long likeEnded = Math.clamp(returnsDropped - returnsLost - likeInFlight, 0, ended);
        return new ProbeAccount(
                followed + filtered + mapFull + faultedAtEntry + told + entriesDropped,
                returned - faultedAtReturn,
                filtered,
                inFlight - likeInFlight,
                ended - likeEnded,
                told,
                entriesDropped + returnsLost + likeInFlight + likeEnded,
                mapFull,
                faultedAtEntry + faultedAtReturn,
                recordsLost,
                recordsContended,
                entriesLost,
                stacksLost,
                untold);
    }

    private Set<ProbeAccount.Untold> untold(long missed) {
        Set<ProbeAccount.Untold> untold = untold(missed, tellsRecursion);
        if (calls != null && !calls.areTold()) {
            untold.add(ProbeAccount.Untold.ENDED_INSIDE);
        }
        return untold;
    }

    /** What every probe on a perf event lacks on a kernel. */
    static Set<ProbeAccount.Untold> untold(long missed, boolean tellsRecursion) {
        var untold = EnumSet.noneOf(ProbeAccount.Untold.class);
        if (missed < 0) {
            untold.add(ProbeAccount.Untold.MISSED);
        }
        if (!tellsRecursion) {
            untold.add(ProbeAccount.Untold.RECURSION);
        }
        return untold;
    }
}
