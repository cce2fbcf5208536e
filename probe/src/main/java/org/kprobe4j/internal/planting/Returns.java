package org.kprobe4j.internal.planting;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.PermissionException;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.internal.Shortfalls;

/**
 * Return probes, one for each place: events of tracefs, which take maxactive and whose misses every kernel counts; where tracefs is not
 * mounted or only root's, perf events with the kernel's default of maxactive, whose misses are told from Linux 6.7 on.
 */
public final class Returns {
    private Returns() {}

    /**
     * Makes them.
     *
     * @param prefix of tracefs events' names, different for each probe of the process
     * @param maxactive 0 for the kernel's default
     * @throws BpfException if maxactive is asked for and tracefs cannot be used
     */
    public static Attachment open(List<Site> sites, String prefix, int maxactive, Attachment.Refusal refusal) {
        try {
            return EventAttachment.openReturns(sites, prefix, maxactive, refusal);
        } catch (PermissionException | UnsupportedException e) {
            if (maxactive > 0) {
                throw withMaxactive(maxactive, e);
            }
            Attachment attachment = PerfAttachment.open(sites, true, refusal);
            Shortfalls.tracefs(e);
            return attachment;
        }
    }

    private static BpfException withMaxactive(int maxactive, BpfException refusal) {
        Failure cause = refusal.failure();
        @Nullable String remedy = cause.remedy();
        Failure failure = new Failure(
                "set",
                "maxactive=" + maxactive,
                cause.errno(),
                "only tracefs can, and it cannot be used: " + cause.reason(),
                (remedy == null ? "run as root" : remedy) + ", or leave maxactive out");
        return refusal instanceof PermissionException permission
                ? new PermissionException(failure, permission.obstacles())
                : new UnsupportedException(failure);
    }
}
