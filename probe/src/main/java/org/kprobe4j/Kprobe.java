package org.kprobe4j;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.KprobePlanter.Part;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.internal.Explaining;
import org.kprobe4j.internal.KernelSwitches.Way;
import org.kprobe4j.internal.PostProbe;
import org.kprobe4j.internal.Runs;
import org.kprobe4j.internal.Shutdown;
import org.kprobe4j.internal.Switch;
import org.kprobe4j.internal.planting.Attachment;
import org.kprobe4j.internal.planting.FollowedPlace;
import org.kprobe4j.internal.planting.Planting.NumberedPlace;

/**
 * A probe at an instruction of the kernel, or at many, with a handler before and one after it.
 *
 * <pre>{@code
 * try (var kp = Kprobe.at("vfs_read").preHandler((p, regs) -> {
 *     Kernel.printf("%s reads %d bytes", Kernel.comm(), regs.arg(2));
 *     return 0;
 * }).register()) { … }
 * }</pre>
 *
 * <p>A target may be a function ({@code vfs_read}), an instruction ({@code vfs_read+0x10}), an address, a module's function
 * ({@code nf_tables:nft_do_chain}), a pattern ({@code tcp_*,!tcp_v6_*}), a regular expression ({@code /^vfs_(read|write)$/}), functions
 * by a type that they take ({@code (struct file *)}), or a file of names ({@code @names.txt}). One program serves all of a target's places;
 * in the handler, {@code p.symbolName()} and {@code p.addr()} tell which was hit. Where the kernel has kprobe.multi (5.18, with
 * CONFIG_FPROBE) and the handler reads only arguments of the registers, one link holds thousands of functions; else each place is a perf event.
 *
 * <p>The post handler runs after the probed instruction; {@link PostHandler} says where and what it sees. Since kernel: 5.8. Source: Documentation/trace/kprobes.rst. Thread-safe.
 */
public final class Kprobe implements AutoCloseable {
    private final String symbolName;
    private static final Plan SIMULATED = new Plan(Mechanism.PERF_KPROBE, List.of());

    private final List<Part> parts;
    private final Plan plan;
    private final List<SkippedPlace> skipped;
    private final long addr;
    private final @Nullable ProbeLife life;
    private long finalMissed;
    private long finalOverridden;
    private @Nullable ProbeAccount finalAccount;
    private @Nullable PostAccount finalPost;
    private Map<ProbePlace, Long> finalHits = Map.of();

    private Kprobe(KprobePlanter.Planted planted) {
        this.symbolName = planted.symbolName();
        this.parts = planted.parts();
        this.skipped = planted.skipped();
        this.plan = planted.plan();
        Explaining.planted("kprobe", symbolName, plan);
        this.addr = lowest(parts);
        this.life = live(planted.followed());
        parts.forEach(part -> part.programs().start());
        Shutdown.opened(this);
    }

    private static long lowest(List<Part> parts) {
        return parts.stream()
                .flatMap(part -> part.places().stream())
                .mapToLong(numbered -> numbered.place().addr())
                .min()
                .orElse(0);
    }

    /** A probe of a simulated kernel: planted nowhere. */
    Kprobe(String symbolName, long addr) {
        this.symbolName = symbolName;
        this.addr = addr;
        this.parts = List.of();
        this.skipped = List.of();
        this.plan = SIMULATED;
        this.life = null;
    }

    private ProbeLife live(@Nullable FollowedPlace followed) {
        var gate = new Switch(
                parts.stream().map(part -> part.pre().gate(part.preProgram())).toList(),
                () -> new Switch.Dropped(missed(), sum(part -> part.preProgram().recursionMisses()), 0));
        if (followed != null) {
            return ProbeLife.following("kprobe", followed, gate);
        }
        boolean byLink = parts.stream().anyMatch(part -> part.pre().isLink());
        var living = ProbeLife.of("kprobe", symbolName, gate, places(), byLink ? Way.LINK : Way.of(addr));
        if (!byLink) {
            places().forEach(place -> living.at(place.addr(), false));
        }
        parts.stream()
                .map(Part::post)
                .filter(Objects::nonNull)
                .forEach(post -> living.at(post.probe().addr(), false));
        return living;
    }

    private ProbeLife life() {
        if (life == null) {
            throw new UsageException("the probe of %s is simulated: it cannot be switched".formatted(symbolName));
        }
        return life;
    }

    private List<Part> parts() {
        if (parts.isEmpty()) {
            throw new UsageException("the probe of %s is simulated: no kernel counts its hits".formatted(symbolName));
        }
        return parts;
    }

    /**
     * Begins a probe.
     *
     * @param target a symbol, {@code symbol+offset}, an address, or several places by a pattern
     * @return a builder; nothing is planted before {@link Builder#register()}
     */
    public static Builder at(String target) {
        return new Builder(target);
    }

    /** What a probe is to be. */
    public static final class Builder {
        private final String target;
        private @Nullable PreHandler preHandler;
        private @Nullable PostHandler postHandler;
        private @Nullable Log log;
        private boolean injectsErrors;
        private boolean disabled;
        private boolean followModule;
        private @Nullable Mechanism mechanism;

        private Builder(String target) {
            this.target = target;
        }

        /**
         * Called just before the probed instruction is executed.
         *
         * @param handler a lambda or method reference
         * @return this
         */
        public Builder preHandler(PreHandler handler) {
            preHandler = handler;
            return this;
        }

        /**
         * Called just after the probed instruction was executed.
         *
         * @param handler a lambda or method reference
         * @return this
         */
        public Builder postHandler(PostHandler handler) {
            postHandler = handler;
            return this;
        }

        /**
         * <strong>Dangerous.</strong> Allows the pre handler to make the probed function return without having run: {@link
         * Kernel#overrideReturn}. A probe without this cannot change what the kernel does. It is for one function, at its entry, and has no
         * post handler.
         *
         * @return this
         */
        public Builder allowErrorInjection() {
            injectsErrors = true;
            return this;
        }

        /**
         * Where the handlers' printed lines go.
         *
         * @param where standard output if this is not called
         * @return this
         */
        public Builder log(Log where) {
            log = where;
            return this;
        }

        /**
         * Registers the probe switched off, like KPROBE_FLAG_DISABLED: it is planted, and no handler runs before {@link Kprobe#enable()}.
         *
         * @return this
         */
        public Builder disabled() {
            disabled = true;
            return this;
        }

        /**
         * Lets the probe follow its module: the target is {@code module:function+offset}, and the kernel plants the probe whenever the module
         * is loaded, before the module's init function runs. It may be registered before the module is loaded for the first time. While it is
         * not loaded the state is {@link ProbeState#GONE}. Handlers do not know the address, because it changes; the kernel's count of
         * missed hits begins anew with each load, and what it counted since it was last asked is lost then. Not with a post handler. Since kernel: 5.8. Source:
         * trace_kprobe_module_callback() in kernel/trace/trace_kprobe.c.
         *
         * @return this
         */
        public Builder followModule() {
            followModule = true;
            return this;
        }

        /**
         * Asks for a certain mechanism instead of the cheapest one that can do what the handlers ask.
         *
         * @param wanted the mechanism
         * @return this
         */
        public Builder mechanism(Mechanism wanted) {
            mechanism = wanted;
            return this;
        }

        /**
         * Compiles the handlers, has them checked by the verifier and plants the probe.
         *
         * @return the probe, planted
         * @throws RegistrationException if the kernel refuses the place, or no place of a pattern can be probed
         * @throws HandlerException if a handler cannot be compiled or the verifier refuses it
         */
        public Kprobe register() {
            var registration = Registration.ofKprobe(target);
            if (preHandler == null && postHandler == null) {
                throw new UsageException("a kprobe needs a pre handler or a post handler");
            }
            if (injectsErrors && postHandler != null) {
                throw new UsageException(
                        "a probe whose handler may have the function return without having run has no post handler: the probed instruction is not executed then; leave out postHandler or allowErrorInjection");
            }
            if (followModule && postHandler != null) {
                throw new UsageException(
                        "followModule() has no post handler: the place behind the instruction is found in the code that is loaded; "
                                + "plant a second probe at the instruction that follows");
            }
            var planter = new KprobePlanter(
                    registration,
                    Explaining.target(target),
                    log == null ? Log.stdout() : log,
                    disabled || Explaining.isOn(),
                    mechanism);
            return new Kprobe(
                    followModule
                            ? planter.plantFollowing(preHandler)
                            : planter.plant(preHandler, postHandler, injectsErrors));
        }
    }

    /**
     * What the probe was asked for.
     *
     * @return {@code symbol} or {@code symbol+0xoffset}; of several places, the target as it was written
     */
    public String symbolName() {
        return symbolName;
    }

    /**
     * Where it is planted: at a function's entry behind the landing pad (ENDBR, BTI), if there is one.
     *
     * @return kernel address, of several places the lowest; 0 if this process may not see it
     */
    public long addr() {
        return addr;
    }

    /**
     * All places where it is planted.
     *
     * @return by rising address
     */
    public List<ProbePlace> places() {
        return parts().stream()
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
        return plan;
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
     * How often each place was hit up to now; after {@link #close()}, in all. Hits that the kernel dropped are in {@link #account()} only.
     *
     * @return by rising address
     */
    public synchronized Map<ProbePlace, Long> hits() {
        return finalAccount != null ? finalHits : countHits();
    }

    private Map<ProbePlace, Long> countHits() {
        var hits = new LinkedHashMap<ProbePlace, Long>();
        for (Part part : parts()) {
            part.places()
                    .forEach(numbered ->
                            hits.put(numbered.place(), part.preProgram().hits(numbered.number())));
        }
        return Collections.unmodifiableMap(hits);
    }

    /**
     * Hits that the kernel did not hand to the handler because another probe's handler was running.
     *
     * @return the number; -1 before kernel 6.7, which does not tell
     */
    public synchronized long nmissed() {
        return finalAccount != null ? finalMissed : dropped().missed();
    }

    private long missed() {
        return Attachment.sum(parts().stream().mapToLong(part -> part.pre().missed()));
    }

    /**
     * Calls that the pre handler had return without having run: {@link Kernel#overrideReturn}. They are among the hits that were
     * delivered.
     *
     * @return the number up to now; after {@link #close()}, of all
     */
    public synchronized long overridden() {
        return finalAccount != null ? finalOverridden : countOverridden();
    }

    private long countOverridden() {
        return parts().stream()
                .mapToLong(part -> part.preProgram().overridden())
                .sum();
    }

    /**
     * Switches the probe off: it stays planted, no handler runs and no hit is counted until {@link #enable()}. What the
     * kernel misses meanwhile does not count either. A post handler whose pre handler ran still runs.
     *
     * <p>When this returns, every handler that was running has ended, and what it stored and counted can be read: it waits for a grace
     * period of RCU, some milliseconds. Does nothing if the probe is off. Source: disable_kprobe() in kernel/kprobes.c.
     *
     * @throws IllegalStateException if the probe is closed
     */
    public synchronized void disable() {
        life().disable();
    }

    /**
     * Switches the probe on again. Does nothing if it is on. Source: enable_kprobe() in kernel/kprobes.c.
     *
     * @throws RegistrationException if the module that it lies in was unloaded (EINVAL), unless the probe follows it
     * @throws IllegalStateException if the probe is closed
     */
    public synchronized void enable() {
        life().enable();
    }

    /**
     * Whether the probe is switched on: the last of {@link #enable()} and {@link #disable()}.
     *
     * @return false also if it is closed
     */
    public boolean isEnabled() {
        return life().isEnabled();
    }

    /**
     * What the probe does at the moment: its own switch, the kernel's, and whether its module is there. Of a module whose addresses are
     * hidden from this process it is not known that it was unloaded.
     *
     * @return the state
     */
    public ProbeState state() {
        return life().state();
    }

    /**
     * What became of the hits up to now; after {@link #close()}, of all.
     *
     * @return the account
     */
    public synchronized ProbeAccount account() {
        return finalAccount != null ? finalAccount : count(dropped());
    }

    private Switch.Dropped dropped() {
        var _ = parts();
        return life().dropped();
    }

    private ProbeAccount count(Switch.Dropped dropped) {
        long missed = Math.max(0, dropped.missed());
        long recursion = Math.max(0, dropped.atEntry());
        long ran = sum(part -> part.preProgram().hits());
        long faulted = sum(part -> part.preProgram().faults());
        long mapFull = sum(part -> part.preProgram().count(Account.MAP_FULL));
        return new ProbeAccount(
                ran + missed + recursion,
                ran - faulted - mapFull,
                0,
                0,
                0,
                missed,
                recursion,
                mapFull,
                faulted,
                sum(part -> part.programs().recordsLost()),
                sum(part -> part.programs().recordsContended()),
                sum(part -> part.programs().entriesLost()),
                sum(part -> part.programs().stacksLost()),
                ReturnCount.untold(
                        dropped.missed(),
                        parts().stream().allMatch(part -> part.pre().tellsRecursion())));
    }

    /**
     * What became of the post handler's runs up to now; after {@link #close()}, of all.
     *
     * @return the account; all 0 if there is no post handler
     */
    public synchronized PostAccount postAccount() {
        return finalPost != null ? finalPost : countPost();
    }

    private PostAccount countPost() {
        long armed = 0;
        long ran = 0;
        long faulted = 0;
        for (Part part : parts()) {
            PostProbe post = part.post();
            if (post != null) {
                // In this order: a hit in between is not taken for a lost one.
                long armedHere = PostProbe.armed(part.preProgram());
                long ranHere = post.ran();
                ran += ranHere;
                armed += Math.max(ranHere, armedHere);
                faulted += post.faulted();
            }
        }
        return new PostAccount(armed, ran - faulted, faulted, armed - ran);
    }

    private long sum(ToLongFunction<Part> count) {
        return parts().stream().mapToLong(count).sum();
    }

    /** Removes the probe; when this returns no handler runs any more, and all that they printed has been printed. */
    @Override
    public synchronized void close() {
        if (finalAccount != null || parts.isEmpty()) {
            return;
        }
        life().closing();
        for (Part part : parts) {
            part.pre().close();
            if (part.post() != null) {
                part.post().close(part.preProgram());
            }
            part.programs().drain();
        }
        finalOverridden = countOverridden();
        Switch.Dropped dropped = life().dropped();
        finalMissed = dropped.missed();
        finalAccount = count(dropped);
        finalPost = countPost();
        finalHits = countHits();
        parts.forEach(part -> part.programs().close());
        Shutdown.closed(this);
        Registration.closed(symbolName, places().size(), skipped, finalAccount);
        if (parts.stream().anyMatch(part -> part.post() != null)) {
            Runs.closed("%s, post handler: %s".formatted(symbolName, finalPost));
        }
        life().remark(finalAccount.hits());
        parts.forEach(part -> part.programs().faultLines().forEach(Runs::closed));
    }
}
