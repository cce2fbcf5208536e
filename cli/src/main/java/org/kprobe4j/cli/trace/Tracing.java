package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.List;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.cli.tool.Accounts;
import org.kprobe4j.cli.tool.Planted;
import org.kprobe4j.cli.tool.Targets;
import org.kprobe4j.cli.tool.ToolRun;
import org.kprobe4j.internal.Machine;

/** The planted probes of a trace, and who shows what they send. */
final class Tracing implements Planted {
    /** Room for tens of thousands of calls: what comes while this process waits for a processor. */
    private static final int RING_BYTES = 1 << 23;

    /** Planted at a group of functions. */
    private sealed interface Probe {
        record OfEntries(Kprobe probe) implements Probe {}

        record OfCalls(Kretprobe probe) implements Probe {}

        default ProbeAccount account() {
            return switch (this) {
                case OfEntries(Kprobe probe) -> probe.account();
                case OfCalls(Kretprobe probe) -> probe.account();
            };
        }

        default List<ProbePlace> places() {
            return switch (this) {
                case OfEntries(Kprobe probe) -> probe.places();
                case OfCalls(Kretprobe probe) -> probe.places();
            };
        }

        default void close() {
            switch (this) {
                case OfEntries(Kprobe probe) -> probe.close();
                case OfCalls(Kretprobe probe) -> probe.close();
            }
        }
    }

    private final String target;
    private final RingBuffer<TraceEvent> events;
    private final Nesting nesting;
    private final Showing showing;
    private final List<Probe> probes = new ArrayList<>();
    private final Assembly assembly;
    private final TraceReader reader;
    private boolean removed;

    private Tracing(String target, ToolRun run, Showing showing) {
        this.target = target;
        this.showing = showing;
        this.events = RingBuffer.of(TraceEvent.class, RING_BYTES);
        this.nesting = Nesting.make(Machine.btf().isPresent());
        this.assembly = new Assembly(showing::accept);
        this.reader = new TraceReader(events, assembly::accept, showing::rest, run::fail);
    }

    /**
     * Plants a trace.
     *
     * @param target as it was written
     * @param returns whether returns are waited for
     */
    static Tracing plant(
            String target,
            ToolRun run,
            List<TraceTargets.Group> groups,
            boolean returns,
            Tracer.Extras extras,
            Showing showing) {
        var tracing = new Tracing(target, run, showing);
        try {
            for (TraceTargets.Group group : groups) {
                var tracer = new Tracer(
                        tracing.events,
                        run.scope(),
                        group.shared().condition(),
                        group.shared().reads(),
                        tracing.nesting,
                        extras);
                tracing.plant(group, tracer, returns);
            }
            return tracing;
        } catch (RuntimeException e) {
            tracing.close();
            throw e;
        }
    }

    private void plant(TraceTargets.Group group, Tracer tracer, boolean returns) {
        // What is sent before the places are known waits.
        synchronized (assembly) {
            Probe probe = returns
                    ? new Probe.OfCalls(Kretprobe.at(group.target(), Tracer.Call.class)
                            .entryHandler(tracer.entry())
                            .handler(tracer.back())
                            .register())
                    : new Probe.OfEntries(
                            Kprobe.at(group.target()).preHandler(tracer.hit()).register());
            probes.add(probe);
            for (ProbePlace place : probe.places()) {
                FunctionView view = group.views().get(place.symbolName());
                assembly.place(
                        place.addr(),
                        Targets.name(group.target(), place),
                        view == null ? group.views().values().iterator().next() : view);
            }
        }
    }

    @Override
    public void interval(boolean isLast) {
        // Calls are shown as they come.
    }

    @Override
    public void remove() {
        if (removed) {
            return;
        }
        removed = true;
        probes.forEach(Probe::close);
        reader.end();
        showing.close();
    }

    @Override
    public ProbeAccount account() {
        ProbeAccount all =
                probes.stream().map(Probe::account).reduce(ProbeAccount::plus).orElseThrow();
        // A handler that ran to its end and sent nothing has found that the call is not wanted. Of what was lost it is
        // not known
        // whether it was a call's record or a text of one.
        boolean lossless = all.recordsLost() == 0 && all.recordsContended() == 0;
        return lossless ? Accounts.filtered(all, all.delivered() - assembly.calls()) : all;
    }

    @Override
    public String what() {
        return Accounts.what(
                target, probes.stream().mapToInt(probe -> probe.places().size()).sum());
    }

    @Override
    public void close() {
        remove();
        events.close();
        nesting.close();
    }
}
