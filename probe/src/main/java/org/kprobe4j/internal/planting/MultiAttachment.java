package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.BpfLink;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.Switch;
import org.kprobe4j.internal.Timing;
import org.kprobe4j.internal.Timing.Phase;

/**
 * One link for all places: functions' entries or returns, thousands at once. The places' numbers are the link's cookies. Since kernel:
 * 5.18 with CONFIG_FPROBE. Source: kernel/trace/bpf_trace.c.
 */
public final class MultiAttachment implements Attachment, LinkGate.Links {
    private final List<Site> sites;
    private final boolean isReturn;
    private final Refusal refusal;
    private final List<BpfLink> links = new ArrayList<>();
    private final boolean switchesItself;
    private long missedByEarlier;
    private boolean closed;

    /** For functions that ftrace can trace; nothing is planted before {@link #attach}. */
    public MultiAttachment(List<Site> sites, boolean isReturn, Refusal refusal) {
        this(sites, isReturn, true, refusal);
    }

    private MultiAttachment(List<Site> sites, boolean isReturn, boolean programIsSwitched, Refusal refusal) {
        this.switchesItself = !programIsSwitched;
        this.sites = sites;
        this.isReturn = isReturn;
        this.refusal = refusal;
    }

    /** For one function whose place is known, and a program with a switch of its own or without. */
    public static MultiAttachment one(Site site, boolean isReturn, boolean programIsSwitched) {
        return new MultiAttachment(List.of(site), isReturn, programIsSwitched, (_, refusal) -> {
            throw refusal;
        });
    }

    @Override
    public synchronized void attach(LoadedProgram program) {
        long[] addresses = sites.stream().mapToLong(site -> site.place().addr()).toArray();
        try (var _ = Timing.of(Phase.ATTACH)) {
            attach(program, addresses, 0, addresses.length);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The kernel says only that some place is wrong, or that it lacks memory for so many: so the half is tried, and the other half. */
    private void attach(LoadedProgram program, long[] addresses, int from, int to) {
        try {
            links.add(BpfLink.kprobeMulti(
                    program.program(),
                    isReturn,
                    Arrays.copyOfRange(addresses, from, to),
                    addresses.length == 1
                            ? new long[0]
                            : LongStream.range(from, to).toArray()));
        } catch (AttachException e) {
            if (to - from == 1) {
                refusal.refused(from, e);
                return;
            }
            int middle = (from + to) >>> 1;
            attach(program, addresses, from, middle);
            attach(program, addresses, middle, to);
        }
    }

    @Override
    public synchronized long missed() {
        return Attachment.sum(
                LongStream.concat(LongStream.of(missedByEarlier), links.stream().mapToLong(BpfLink::missed)));
    }

    @Override
    public Switch.Gate gate(LoadedProgram program) {
        return switchesItself ? new LinkGate(this, program) : program;
    }

    @Override
    public synchronized boolean areAttached() {
        return !links.isEmpty();
    }

    /** Closes all links, also when one of them fails. */
    @Override
    public synchronized void detach() {
        missedByEarlier = missed();
        BpfException failure = null;
        for (BpfLink link : links) {
            try {
                link.close();
            } catch (BpfException e) {
                failure = e;
            }
        }
        links.clear();
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public boolean isLink() {
        return true;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            detach();
        }
    }
}
