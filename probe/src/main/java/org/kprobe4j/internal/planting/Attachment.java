package org.kprobe4j.internal.planting;

import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.internal.LoadedProgram;

/** What lets a program run at all places of a probe. Closing it removes the probe; when that returns no program runs any more. */
public sealed interface Attachment extends AutoCloseable
        permits PerfAttachment, MultiAttachment, EventAttachment, FollowingAttachment {
    /** Asked for each place that the kernel refuses: throws the refusal, or notes it and lets the others be planted. */
    interface Refusal {
        /** The kernel refused the place of this number. */
        void refused(int number, BpfException refusal);
    }

    /** From now on the program runs at each hit. */
    void attach(LoadedProgram program);

    /** Hits that the kernel dropped, as it counts them; -1 where it does not tell. */
    long missed();

    @Override
    void close();
}
