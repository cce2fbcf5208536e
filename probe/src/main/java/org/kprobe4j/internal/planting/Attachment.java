package org.kprobe4j.internal.planting;

import java.util.stream.LongStream;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.OpenFiles;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Switch;

/** What lets a program run at all places of a probe. Closing it removes the probe; when that returns no program runs any more. */
public sealed interface Attachment extends AutoCloseable
        permits PerfAttachment, TrampolineAttachment, MultiAttachment, EventAttachment, FollowingAttachment {
    /** What a perf event may need. */
    int DESCRIPTORS_PER_PLACE = 3;

    /** Asked for each place that the kernel refuses: throws the refusal, or notes it and lets the others be planted. */
    interface Refusal {
        /** The kernel refused the place of this number. */
        void refused(int number, BpfException refusal);
    }

    /** From now on the program runs at each hit. */
    void attach(LoadedProgram program);

    /** Hits that the kernel dropped, as it counts them, of a closed attachment in all; -1 where it does not tell. */
    long missed();

    /** What switches the attached program. */
    default Switch.Gate gate(LoadedProgram program) {
        return program;
    }

    /** Whether it holds without a kprobe, so that the kernel's switch of all kprobes does not reach it. */
    default boolean isLink() {
        return false;
    }

    /** Whether the kernel counts the runs that it drops because another program is running on the CPU. */
    default boolean tellsRecursion() {
        return KernelVersion.running().atLeast(6, 7);
    }

    /** The sum of such counts: -1 if one of them is not told. */
    static long sum(LongStream counts) {
        return counts.reduce(0, (sum, count) -> sum < 0 || count < 0 ? -1 : sum + count);
    }

    /** Makes room for the descriptors of a perf event at each place: the event, its link, and a program of its own without cookies. */
    static void makeRoom(int places) {
        OpenFiles.makeRoom(places * DESCRIPTORS_PER_PLACE);
    }

    @Override
    void close();
}
