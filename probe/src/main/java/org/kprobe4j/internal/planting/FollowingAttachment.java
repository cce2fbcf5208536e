package org.kprobe4j.internal.planting;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.tracefs.KprobeEvent;
import org.kprobe4j.bpf.tracefs.KprobeEvents;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.OwnProbes;

/**
 * A kprobe event of tracefs at {@code MODULE:FUNCTION}: the kernel plants it when the module is loaded, before the module's own init
 * function runs, as often as that happens. Events of one module are planted in the order in which they were defined.
 *
 * <p>Source: trace_kprobe_module_callback() in kernel/trace/trace_kprobe.c.
 */
public final class FollowingAttachment implements Attachment {
    private final FollowedPlace place;
    private final boolean isReturn;
    private final KprobeEvent event;
    private @Nullable PerfProbe probe;
    private boolean closed;
    /** The kernel begins its count anew with each load. */
    private long missedBefore;

    private long lastMissed;

    private FollowingAttachment(FollowedPlace place, boolean isReturn, KprobeEvent event) {
        this.place = place;
        this.isReturn = isReturn;
        this.event = event;
        OwnProbes.following(place.module(), place.function(), isReturn);
    }

    /** Defines a probe; nothing runs before {@link #attach}. The event's name must be new in this process. */
    public static FollowingAttachment entry(FollowedPlace place, String name) {
        return new FollowingAttachment(place, false, KprobeEvents.open().create(name, place.toString()));
    }

    /** Defines a return probe. */
    public static FollowingAttachment returns(FollowedPlace place, String name, int maxactive) {
        return new FollowingAttachment(
                place, true, KprobeEvents.open().createReturn(name, place.toString(), maxactive));
    }

    @Override
    public synchronized void attach(LoadedProgram program) {
        probe = PerfProbe.openTracepoint(event.id(), event.toString());
        probe.attach(program.program());
    }

    @Override
    public synchronized long missed() {
        if (closed) {
            return missedBefore + lastMissed;
        }
        long now = event.profile().misses();
        if (now < lastMissed) {
            missedBefore += lastMissed;
        }
        lastMissed = now;
        return missedBefore + now;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        if (probe != null) {
            probe.close();
        }
        missed();
        closed = true;
        OwnProbes.followsNoMore(place.module(), place.function(), isReturn);
        event.close();
    }
}
