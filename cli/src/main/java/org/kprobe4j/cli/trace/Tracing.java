package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Counter;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.ProbeAccount;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.TaskLocal;
import org.kprobe4j.cli.tool.Accounts;
import org.kprobe4j.cli.tool.Planted;
import org.kprobe4j.cli.tool.Targets;
import org.kprobe4j.cli.tool.ToolRun;
import org.kprobe4j.cli.tool.Unwinding;
import org.kprobe4j.internal.Machine;

/** The planted probes of a trace, and who shows what they send. */
final class Tracing implements Planted {
    /**
     * Room for what comes while this process waits for a processor: at 200 000 calls a second, which take 144 bytes each with their
     * header, for half a second; a name of a file takes four times as much.
     */
    static final int BUFFER_BYTES = 1 << 24;

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
    private final int bufferBytes;
    private final RingBuffer<TraceEvent> events;
    private final Counter wanted;
    private final Nesting nesting;
    private final Showing showing;
    private final List<Probe> probes = new ArrayList<>();
    /** Where return probes hide the callers: these send the stacks. */
    private final List<Kprobe> inFront = new ArrayList<>();

    private @Nullable TaskLocal<Long> reached;
    private final Assembly assembly;
    private final TraceReader reader;
    private boolean removed;

    private Tracing(String target, ToolRun run, int bufferBytes, Showing showing) {
        this.target = target;
        this.showing = showing;
        this.bufferBytes = bufferBytes;
        this.events = RingBuffer.of(TraceEvent.class, bufferBytes);
        this.wanted = Counter.of();
        this.nesting = Nesting.make(Machine.btf().isPresent());
        this.assembly = new Assembly(showing::accept);
        this.reader = new TraceReader(events, assembly::accept, showing::rest, run::fail);
    }

    /**
     * Plants a trace.
     *
     * @param target as it was written
     * @param bufferBytes room for what is not shown yet
     * @param returns whether returns are waited for
     */
    static Tracing plant(
            String target,
            ToolRun run,
            int bufferBytes,
            List<TraceTargets.Group> groups,
            boolean returns,
            Tracer.Extras extras,
            Showing showing) {
        var tracing = new Tracing(target, run, bufferBytes, showing);
        try {
            TaskLocal<Long> before =
                    returns && extras.stack() && !Unwinding.passesReturnProbes() ? TaskLocal.of(Long.class) : null;
            tracing.reached = before;
            for (TraceTargets.Group group : groups) {
                var tracer = new Tracer(
                        tracing.events,
                        tracing.wanted,
                        run.scope(),
                        group.shared().condition(),
                        group.shared().reads(),
                        tracing.nesting,
                        before == null ? extras : extras.withoutStack(),
                        before == null ? new Callers.InTheCall() : new Callers.Before(before));
                tracing.plant(group, tracer, returns);
                if (before != null) {
                    tracing.inFront.add(Kprobe.at(group.target())
                            .preHandler(tracer.before(before))
                            .register());
                }
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
                        view == null ? group.views().values().iterator().next() : view,
                        !group.shared().condition().needsReturn());
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
        inFront.forEach(Kprobe::close);
        probes.forEach(Probe::close);
        reader.end();
        assembly.end(
                probes.stream().map(Probe::account).allMatch(all -> all.inFlight() == 0 && all.endedInside() == 0));
        showing.close();
    }

    private ProbeAccount probes() {
        return probes.stream().map(Probe::account).reduce(ProbeAccount::plus).orElseThrow();
    }

    private CallAccount calls() {
        return new CallAccount(
                probes(), wanted.sum(), assembly.calls(), assembly.partial(), assembly.withoutReturn(), bufferBytes);
    }

    @Override
    public ProbeAccount account() {
        return calls().account();
    }

    @Override
    public String closing() {
        return calls().toString();
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
        if (reached != null) {
            reached.close();
        }
        wanted.close();
    }
}
