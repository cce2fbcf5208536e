package org.kprobe4j;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KretprobePlanter.Part;
import org.kprobe4j.internal.Explaining;
import org.kprobe4j.internal.KernelSwitches.Way;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Shutdown;
import org.kprobe4j.internal.Switch;
import org.kprobe4j.internal.planting.Attachment;
import org.kprobe4j.internal.planting.FollowedPlace;
import org.kprobe4j.internal.planting.Planting.NumberedPlace;
import org.kprobe4j.internal.planting.Sessions;

/**
 * A probe at a function's return, with a handler at its entry and private data for each call in between.
 *
 * <p>Up to {@link Builder#maxactive} calls are followed at once; a call that finds no free instance is counted by the kernel in
 * {@link #nmissed()}. An ignored call (entry handler not 0) holds its instance until it returns, but under {@link Mechanism#KPROBE_SESSION},
 * where its return is left out. Since kernel: 5.8. Source: Documentation/trace/kprobes.rst, Documentation/trace/kprobetrace.rst. Thread-safe.
 */
public final class Kretprobe implements AutoCloseable {
    /** The most calls that can be followed at once. Source: KRETPROBE_MAXACTIVE_MAX in kernel/trace/trace_kprobe.c. */
    public static final int MAXACTIVE_MAX = 4096;

    private final String symbolName;
    private final List<Part> parts;
    private final Plan plan;
    private final boolean planned;
    private final List<SkippedPlace> skipped;
    private final long addr;
    private final ProbeLife life;
    private long finalMissed;
    private @Nullable ProbeAccount finalAccount;
    private Map<ProbePlace, Long> finalHits = Map.of();

    private Kretprobe(KretprobePlanter.Planted planted, @Nullable Mechanism forced) {
        this.planned = forced == null;
        this.symbolName = planted.symbolName();
        this.parts = List.of(planted.part());
        this.skipped = planted.skipped();
        this.plan = planted.plan();
        if (Explaining.isOn()) {
            Explaining.planted("kretprobe", symbolName, plan());
        }
        this.addr = parts.stream()
                .flatMap(part -> part.places().stream())
                .mapToLong(numbered -> numbered.place().addr())
                .min()
                .orElse(0);
        this.life = live(planted.followed());
        parts.forEach(part -> part.programs().start());
        Shutdown.opened(this);
    }

    private ProbeLife live(@Nullable FollowedPlace followed) {
        var gate = new Switch(
                parts.stream().map(Part::gate).toList(),
                () -> new Switch.Dropped(
                        missed(),
                        sum(part -> part.entryProgram() == null
                                ? 0
                                : part.entryProgram().recursionMisses()),
                        sum(part -> part.returnProgram().recursionMisses())));
        if (followed != null) {
            return ProbeLife.following("kretprobe", followed, gate);
        }
        boolean byLink = parts.stream().anyMatch(part -> part.atReturn().isLink());
        var living = ProbeLife.of("kretprobe", symbolName, gate, places(), byLink ? Way.LINK : Way.of(addr));
        for (Part part : parts) {
            for (NumberedPlace numbered : byLink ? List.<NumberedPlace>of() : part.places()) {
                living.at(numbered.place().addr(), true);
                if (part.entry() != null) {
                    living.at(numbered.place().addr(), false);
                }
            }
        }
        return living;
    }

    /**
     * Begins a return probe without private data.
     *
     * @param function the function's name, or several functions: a target as of {@link Kprobe}, without offsets
     * @return a builder; nothing is planted before {@link Builder#register()}
     */
    public static Builder<Void> at(String function) {
        return new Builder<>(function, null);
    }

    /**
     * Begins a return probe with private data for each call.
     *
     * @param function the function's name, or several functions: a target as of {@link Kprobe}, without offsets
     * @param data a class with fields of type boolean, byte, short, char, int, long
     * @param <D> that class
     * @return a builder; nothing is planted before {@link Builder#register()}
     */
    public static <D> Builder<D> at(String function, Class<D> data) {
        return new Builder<>(function, data);
    }

    /**
     * What a return probe is to be.
     *
     * @param <D> class of the private data
     */
    public static final class Builder<D> {
        private final String function;
        private final @Nullable Class<D> data;
        private int maxactive;
        private @Nullable EntryHandler<D> entryHandler;
        private @Nullable ReturnHandler<D> handler;
        private @Nullable Log log;
        private boolean disabled;
        private boolean followModule;
        private @Nullable Mechanism mechanism;

        private Builder(String function, @Nullable Class<D> data) {
            this.function = function;
            this.data = data;
        }

        /**
         * How many calls can be followed at once. The kernel's default, if this is not called: max(10, 2 × possible CPUs).
         *
         * @param calls from 1 to {@value Kretprobe#MAXACTIVE_MAX}
         * @return this
         * @throws UsageException for any other number
         */
        public Builder<D> maxactive(int calls) {
            if (calls < 1 || calls > MAXACTIVE_MAX) {
                throw new UsageException(
                        "maxactive=%d: the kernel takes 1 to %d; leave it out for its default, max(10, 2 × CPUs)"
                                .formatted(calls, MAXACTIVE_MAX));
            }
            maxactive = calls;
            return this;
        }

        /**
         * Called at the function's entry.
         *
         * @param entered a lambda or method reference; what it returns says whether the call is followed
         * @return this
         */
        public Builder<D> entryHandler(EntryHandler<D> entered) {
            entryHandler = entered;
            return this;
        }

        /**
         * Called when the function returns.
         *
         * @param returned a lambda or method reference
         * @return this
         */
        public Builder<D> handler(ReturnHandler<D> returned) {
            handler = returned;
            return this;
        }

        /**
         * Where the handlers' printed lines go.
         *
         * @param where standard output if this is not called
         * @return this
         */
        public Builder<D> log(Log where) {
            log = where;
            return this;
        }

        /**
         * Registers the probe switched off, like KPROBE_FLAG_DISABLED: it is planted, and no handler runs before {@link Kretprobe#enable()}.
         *
         * @return this
         */
        public Builder<D> disabled() {
            disabled = true;
            return this;
        }

        /**
         * Lets the probe follow its module: the target is {@code module:function}, and the kernel plants the probe whenever the module
         * is loaded, before the module's init function runs. It may be registered before the module is loaded for the first time. While it is
         * not loaded the state is {@link ProbeState#GONE}. Handlers do not know the address, because it changes; the kernel's count of
         * missed calls begins anew with each load, and what it counted since it was last asked is lost then. Since kernel: 5.8. Source:
         * trace_kprobe_module_callback() in kernel/trace/trace_kprobe.c.
         *
         * @return this
         */
        public Builder<D> followModule() {
            followModule = true;
            return this;
        }

        /**
         * Asks for a certain mechanism instead of the cheapest one that can do what the handlers ask.
         *
         * @param wanted the mechanism
         * @return this
         */
        public Builder<D> mechanism(Mechanism wanted) {
            mechanism = wanted;
            return this;
        }

        /**
         * Compiles the handlers, has them checked by the verifier and plants the probe.
         *
         * @return the probe, planted
         * @throws RegistrationException if the kernel refuses the function
         * @throws HandlerException if a handler cannot be compiled or the verifier refuses it
         */
        public Kretprobe register() {
            var registration = Registration.ofKretprobe(function);
            ReturnHandler<D> returned = handler;
            if (returned == null) {
                throw new UsageException("a kretprobe needs a handler");
            }
            var planter = new KretprobePlanter<>(
                    registration,
                    Explaining.target(function),
                    data,
                    maxactive,
                    log == null ? Log.stdout() : log,
                    disabled || Explaining.isOn(),
                    mechanism);
            return new Kretprobe(
                    followModule
                            ? planter.plantFollowing(entryHandler, returned)
                            : planter.plant(entryHandler, returned),
                    mechanism);
        }
    }

    /**
     * What the probe was asked for.
     *
     * @return the function's name; of several, the target as it was written
     */
    public String symbolName() {
        return symbolName;
    }

    /**
     * Where it is planted: at the function's entry behind the landing pad (ENDBR, BTI), if there is one.
     *
     * @return kernel address, of several functions the lowest; 0 if this process may not see it
     */
    public long addr() {
        return addr;
    }

    /**
     * All functions whose returns are probed.
     *
     * @return by rising address
     */
    public List<ProbePlace> places() {
        return parts.stream()
                .flatMap(part -> part.places().stream())
                .map(NumberedPlace::place)
                .toList();
    }

    /**
     * How it was planted, and why not more cheaply.
     *
     * @return the plan
     */
    public Plan plan() {
        // Whether there is fsession is found out only here: it takes a moment.
        return planned
                        && plan.chosen() == Mechanism.FENTRY
                        && parts.getFirst().entryProgram() != null
                        && Sessions.seenTrampolineLack().isEmpty()
                ? plan.and(new Plan.Refused(Mechanism.FSESSION, Sessions.DEARER))
                : plan;
    }

    /**
     * What the target matches and is not probed, each with the reason.
     *
     * @return empty for most targets that are no pattern
     */
    public List<SkippedPlace> skipped() {
        return skipped;
    }

    /**
     * How often each function was entered up to now, of a probe without entry program returned; after {@link #close()}, in all.
     *
     * @return by rising address
     */
    public synchronized Map<ProbePlace, Long> hits() {
        return finalAccount != null ? finalHits : countHits();
    }

    private Map<ProbePlace, Long> countHits() {
        var hits = new LinkedHashMap<ProbePlace, Long>();
        for (Part part : parts) {
            part.places()
                    .forEach(numbered -> hits.put(numbered.place(), part.first().hits(numbered.number())));
        }
        return Collections.unmodifiableMap(hits);
    }

    /**
     * Calls that were not followed because no instance was free: the kernel's own count. More than 0 suggests that maxactive was
     * set too low.
     *
     * @return the number, also after {@link #close()}; -1 if the kernel does not tell
     */
    public synchronized long nmissed() {
        return finalAccount != null ? finalMissed : life.dropped().missed();
    }

    private long missed() {
        return Attachment.sum(parts.stream().mapToLong(part -> part.atReturn().missed()));
    }

    /**
     * Switches the probe off: it stays planted, no handler runs and no hit is counted until {@link #enable()}. Calls in
     * flight whose entry handler ran still get their return handler; of a probe without a program at the entry, returns are passed over.
     *
     * <p>When this returns, every handler that was running has ended, and what it stored and counted can be read: it waits for a grace
     * period of RCU, some milliseconds. Does nothing if the probe is off. Source: disable_kretprobe() in include/linux/kprobes.h.
     *
     * @throws IllegalStateException if the probe is closed
     */
    public synchronized void disable() {
        life.disable();
    }

    /**
     * Switches the probe on again. Does nothing if it is on. Source: enable_kretprobe() in include/linux/kprobes.h.
     *
     * @throws RegistrationException if the module that it lies in was unloaded (EINVAL), unless the probe follows it
     * @throws IllegalStateException if the probe is closed
     */
    public synchronized void enable() {
        life.enable();
    }

    /**
     * Whether the probe is switched on: the last of {@link #enable()} and {@link #disable()}.
     *
     * @return false also if it is closed
     */
    public boolean isEnabled() {
        return life.isEnabled();
    }

    /**
     * What the probe does at the moment: its own switch, the kernel's, and whether its module is there. Of a module whose addresses are
     * hidden from this process it is not known that it was unloaded.
     *
     * @return the state
     */
    public ProbeState state() {
        return life.state();
    }

    /**
     * What became of the calls up to now; after {@link #close()}, of all.
     *
     * @return the account
     */
    public synchronized ProbeAccount account() {
        return finalAccount != null ? finalAccount : count(life.dropped());
    }

    private long sum(ToLongFunction<Part> count) {
        return parts.stream().mapToLong(count).sum();
    }

    /** What the kernel dropped is told for all together. */
    private ProbeAccount count(Switch.Dropped told) {
        Switch.Dropped dropped = told;
        ProbeAccount all = ProbeAccount.NOTHING;
        for (Part part : parts) {
            Programs programs = part.programs();
            all = all.plus(part.count()
                    .account(
                            dropped,
                            programs.recordsLost(),
                            programs.recordsContended(),
                            programs.entriesLost(),
                            programs.stacksLost()));
            dropped = Switch.Dropped.NONE;
        }
        return all;
    }

    /** Removes the probe; when this returns no handler runs any more, and all that they printed has been printed. */
    @Override
    public synchronized void close() {
        if (finalAccount != null) {
            return;
        }
        life.closing();
        for (Part part : parts) {
            // No call is followed any more; those that are may still return.
            if (part.entry() != null) {
                part.entry().close();
            }
            part.atReturn().close();
            part.programs().drain();
        }
        parts.forEach(part -> part.count().removed());
        Switch.Dropped dropped = life.dropped();
        finalMissed = dropped.missed();
        finalAccount = count(dropped);
        finalHits = countHits();
        parts.forEach(part -> part.count().close());
        parts.forEach(part -> part.programs().close());
        Shutdown.closed(this);
        Registration.closed(symbolName, places().size(), skipped, finalAccount);
        life.remark(finalAccount.hits());
        parts.forEach(part -> part.programs().faultLines().forEach(Runs::closed));
    }
}
