package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.Timing;
import org.kprobe4j.internal.Timing.Phase;

/** A perf event for each place: any instruction, on every kernel. */
public final class PerfAttachment implements Attachment {
    private final @Nullable PerfProbe[] probes;
    private boolean closed;
    private long finalMissed;

    private PerfAttachment(@Nullable PerfProbe[] probes) {
        this.probes = probes;
    }

    /**
     * Plants a probe at one place; nothing runs before {@link #attach}.
     *
     * @throws SiteRefusedException if the kernel refuses it
     */
    public static PerfAttachment open(Site site) {
        return open(List.of(site), false, (_, refusal) -> {
            throw new SiteRefusedException(site, refusal);
        });
    }

    /** Plants a probe at each place; nothing runs before {@link #attach}. */
    public static PerfAttachment open(List<Site> sites, boolean isReturn, Refusal refusal) {
        Attachment.makeRoom(sites.size());
        @Nullable PerfProbe[] probes = new @Nullable PerfProbe[sites.size()];
        var attachment = new PerfAttachment(probes);
        try (var _ = Timing.of(Phase.ATTACH)) {
            Threads.forEach(sites.size(), i -> {
                try {
                    probes[i] = open(sites.get(i), isReturn);
                } catch (AttachException e) {
                    refusal.refused(i, e);
                }
            });
        } catch (RuntimeException e) {
            attachment.close();
            throw e;
        }
        return attachment;
    }

    private static PerfProbe open(Site site, boolean isReturn) {
        Target named = site.named();
        return named != null
                ? PerfProbe.openKprobe(named.symbol(), named.offset(), isReturn)
                : PerfProbe.openKprobe(null, site.place().addr(), isReturn);
    }

    /** The probe of an attachment that has one place. */
    public PerfProbe only() {
        return Objects.requireNonNull(probes[0]);
    }

    @Override
    public void attach(LoadedProgram program) {
        try (var _ = Timing.of(Phase.ATTACH)) {
            Threads.forEach(probes.length, i -> {
                PerfProbe probe = probes[i];
                if (probe == null) {
                    return;
                }
                program.attachTo(probe, i);
            });
        }
    }

    /** Whether it was closed. */
    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized long missed() {
        return closed ? finalMissed : counted();
    }

    private long counted() {
        return Attachment.sum(Arrays.stream(probes).mapToLong(probe -> probe == null ? 0 : probe.missed()));
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        finalMissed = counted();
        closed = true;
        var open = new ArrayList<PerfProbe>();
        for (PerfProbe probe : probes) {
            if (probe != null) {
                open.add(probe);
            }
        }
        Threads.forEach(open.size(), i -> open.get(i).close());
    }
}
