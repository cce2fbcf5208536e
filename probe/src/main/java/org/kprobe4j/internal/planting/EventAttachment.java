package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.tracefs.KprobeEvent;
import org.kprobe4j.bpf.tracefs.KprobeEvents;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Timing;
import org.kprobe4j.internal.Timing.Phase;

/** A kprobe event of tracefs for each place: the only way to set maxactive, and every kernel counts what they missed. */
public final class EventAttachment implements Attachment {
    private final KprobeEvents events;
    private final @Nullable KprobeEvent[] planted;
    private final List<PerfProbe> attached = new ArrayList<>();
    private long finalMissed = -1;

    private EventAttachment(KprobeEvents events, int count) {
        this.events = events;
        this.planted = new @Nullable KprobeEvent[count];
    }

    /**
     * Defines a return probe for each place; nothing is planted before {@link #attach}.
     *
     * @param prefix of the events' names, different for each probe of the process
     * @param maxactive 0 for the kernel's default
     */
    public static EventAttachment openReturns(List<Site> sites, String prefix, int maxactive, Refusal refusal) {
        Attachment.makeRoom(sites.size());
        var attachment = new EventAttachment(KprobeEvents.open(), sites.size());
        try (var _ = Timing.of(Phase.ATTACH)) {
            for (int i = 0; i < sites.size(); i++) {
                String name = sites.size() == 1 ? prefix : prefix + "_" + i;
                try {
                    attachment.planted[i] =
                            attachment.events.createReturn(name, sites.get(i).forTracefs(), maxactive);
                } catch (AttachException e) {
                    refusal.refused(i, e);
                }
            }
        } catch (RuntimeException e) {
            attachment.close();
            throw e;
        }
        return attachment;
    }

    @Override
    public void attach(LoadedProgram program) {
        try (var _ = Timing.of(Phase.ATTACH)) {
            for (int i = 0; i < planted.length; i++) {
                KprobeEvent event = planted[i];
                if (event == null) {
                    continue;
                }
                PerfProbe probe = PerfProbe.openTracepoint(event.id(), event.toString());
                attached.add(probe);
                program.attachTo(probe, i);
            }
        }
    }

    @Override
    public synchronized long missed() {
        return finalMissed >= 0 ? finalMissed : counted();
    }

    private long counted() {
        return Attachment.sum(Arrays.stream(events.misses(Arrays.asList(planted))));
    }

    /** What uses an event must go first; the kernel forgets its count with the event. */
    @Override
    public synchronized void close() {
        Threads.forEach(attached.size(), i -> attached.get(i).close());
        if (finalMissed < 0) {
            finalMissed = counted();
        }
        for (KprobeEvent event : planted) {
            if (event != null) {
                event.close();
            }
        }
    }
}
