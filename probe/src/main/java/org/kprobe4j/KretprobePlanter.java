package org.kprobe4j;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Planted.One;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.CallsInFlight;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.PlaceTable;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.ReturnTrampoline;
import org.kprobe4j.internal.Switch;
import org.kprobe4j.internal.planting.Attachment;
import org.kprobe4j.internal.planting.FollowedPlace;
import org.kprobe4j.internal.planting.FollowingAttachment;
import org.kprobe4j.internal.planting.MultiAttachment;
import org.kprobe4j.internal.planting.OnePlace;
import org.kprobe4j.internal.planting.PerfAttachment;
import org.kprobe4j.internal.planting.Planner;
import org.kprobe4j.internal.planting.Planner.Way;
import org.kprobe4j.internal.planting.Planting;
import org.kprobe4j.internal.planting.Planting.NumberedPlace;
import org.kprobe4j.internal.planting.Returns;
import org.kprobe4j.internal.planting.Sessions;
import org.kprobe4j.internal.planting.Site;
import org.kprobe4j.internal.planting.SiteRefusedException;
import org.kprobe4j.internal.planting.Sites;
import org.kprobe4j.internal.planting.Trampoline;
import org.kprobe4j.internal.planting.TrampolineAttachment;

/**
 * Compiles a kretprobe's handlers, loads their programs and plants them.
 *
 * @param <D> class of the private data
 */
final class KretprobePlanter<D> {
    private final Registration registration;
    private final String target;
    private final @Nullable Class<D> data;
    private final int maxactive;
    private final Log log;
    private final boolean disabled;
    private final @Nullable Mechanism forced;

    /** For one registration of a target; {@code disabled} if its programs begin switched off, {@code forced} a mechanism that was asked for. */
    KretprobePlanter(
            Registration registration,
            String target,
            @Nullable Class<D> data,
            int maxactive,
            Log log,
            boolean disabled,
            @Nullable Mechanism forced) {
        this.forced = forced;
        this.registration = registration;
        this.target = target;
        this.data = data;
        this.maxactive = maxactive;
        this.log = log;
        this.disabled = disabled;
    }

    /** What is in the kernel: the functions that share programs. */
    record Part(
            List<NumberedPlace> places,
            @Nullable Attachment entry,
            Attachment atReturn,
            Programs programs,
            @Nullable LoadedProgram entryProgram,
            LoadedProgram returnProgram,
            ReturnCount count) {
        /** What switches the program with which a call begins. */
        Switch.Gate gate() {
            return (entry == null ? atReturn : entry).gate(first());
        }

        /** Where a call begins to count. */
        LoadedProgram first() {
            return entryProgram == null ? returnProgram : entryProgram;
        }
    }

    /**
     * All of a probe.
     *
     * @param symbolName what the probe is called
     * @param skipped what the target matches and is not probed
     * @param followed of a probe that follows its module
     * @param plan how
     */
    record Planted(
            String symbolName,
            Part part,
            List<SkippedPlace> skipped,
            @Nullable FollowedPlace followed,
            Plan plan) {}

    /** What was planted, and how. */
    private record Planned(Part part, Plan plan) {}

    Planted plantFollowing(@Nullable EntryHandler<D> entryHandler, ReturnHandler<D> handler) {
        return registration.follow(place -> follow(place, entry(entryHandler), handler), entryHandler, handler);
    }

    Planted plant(@Nullable EntryHandler<D> entryHandler, ReturnHandler<D> handler) {
        return registration.run(sites -> plant(sites, entry(entryHandler), handler), entryHandler, handler);
    }

    /** The entry handler, if something must be done at the entry. */
    private @Nullable EntryHandler<D> entry(@Nullable EntryHandler<D> entryHandler) {
        return entryHandler == null && data != null ? followed() : entryHandler;
    }

    /** For a return handler alone that needs something from the entry. */
    private static <D> EntryHandler<D> followed() {
        return (ri, regs) -> 0;
    }

    private Optional<String> dataClass() {
        return Optional.ofNullable(data).map(type -> type.getName().replace('.', '/'));
    }

    private String eventName() {
        return "r_" + registration.number();
    }

    /** Both halves are events of tracefs, which the kernel plants in the order in which they were defined, each time. */
    private Planted follow(FollowedPlace place, @Nullable EntryHandler<D> wanted, ReturnHandler<D> handler) {
        var programs = registration.opened(Programs.at(One.moving(place.name()), dataClass(), KernelObjects::captured));
        CompiledProgram returnCode = programs.compile(handler, new ProgramShape.Return(wanted != null));
        EntryHandler<D> entryHandler =
                wanted == null && !returnCode.keptArguments().isEmpty() ? followed() : wanted;
        CompiledProgram entryCode = entryHandler == null
                ? null
                : programs.compile(entryHandler, entryShape(returnCode.keptArguments(), false));
        Attachment entry = entryCode == null
                ? null
                : registration.opened(FollowingAttachment.entry(place, "p_" + registration.number()));
        Attachment atReturn = registration.opened(FollowingAttachment.returns(place, eventName(), maxactive));
        Part part = attach(
                () -> List.of(new NumberedPlace(0, place.place())),
                1,
                ReturnCode.loaded(programs, entryCode, returnCode, AttachType.NONE),
                entry,
                atReturn);
        return new Planted(
                place.toString(), part, List.of(), place, Plan.only(Mechanism.TRACEFS, "the probe follows its module"));
    }

    private Planted plant(Sites sites, @Nullable EntryHandler<D> entryHandler, ReturnHandler<D> handler) {
        var planting = new Planting(sites);
        Planned planned = sites.areSeveral()
                ? plantTogether(sites, planting, entryHandler, handler)
                : plantOne(sites.only(), entryHandler, handler);
        String name = sites.areSeveral() ? target : sites.only().place().name();
        return new Planted(name, planned.part(), planting.skipped(), null, planned.plan());
    }

    /** The handlers of a probe at one function, and where it is. */
    record Handlers(
            Site asked,
            Site site,
            Programs programs,
            @Nullable TranslatedHandler entry,
            TranslatedHandler atReturn) {
        /** Whether something must be done at the entry: argument registers hold other values at the return. */
        boolean needsEntry() {
            return entry != null || !atReturn.keptArguments().isEmpty();
        }

        List<NumberedPlace> places() {
            return List.of(new NumberedPlace(0, site.place()));
        }
    }

    /** The kernel plants a kprobe at the entry first: that tells whether the function can be probed, and where it is. */
    private Planned plantOne(Site asked, @Nullable EntryHandler<D> entryHandler, ReturnHandler<D> handler) {
        PerfAttachment kprobe = registration.opened(PerfAttachment.open(asked));
        ProbeLocation location = asked.confirmed(kprobe.only().location());
        Site site = asked.at(location);
        var programs = registration.opened(
                Programs.at(new One(asked.place().name(), location.addr()), dataClass(), KernelObjects::captured));
        TranslatedHandler atReturn = programs.translate(handler, new ProgramShape.Return(entryHandler != null));
        TranslatedHandler entry =
                entryHandler == null ? null : programs.translate(entryHandler, entryShape(List.of(), true));
        var handlers = new Handlers(asked, site, programs, entry, atReturn);
        var ways = new OnePlace(asked, location);
        try {
            var planner = new Planner(site.place().name(), forced);
            Planner.Planted<Part> done = planner.plant(List.of(
                    new Way<>(
                            Mechanism.FENTRY,
                            () -> maxactiveRefusal()
                                    .or(() -> trampolineRefusal(ways, handlers))
                                    .or(() -> planner.unlessForced(Trampoline::lossRefusal)),
                            () -> fexit(handlers, ways.trampoline(), kprobe)),
                    new Way<>(
                            Mechanism.FSESSION,
                            () -> sessionRefusal(handlers.needsEntry(), Sessions::seenTrampolineLack)
                                    .or(() -> trampolineRefusal(ways, handlers))
                                    .or(() -> planner.unlessForced(Trampoline::lossRefusal)),
                            () -> trampolineSession(handlers, ways.trampoline(), kprobe)),
                    new Way<>(
                            Mechanism.KPROBE_SESSION,
                            () -> sessionRefusal(handlers.needsEntry(), Sessions::seenLack)
                                    .or(() -> linkRefusal(ways, handlers)),
                            () -> session(handlers, location, kprobe)),
                    new Way<>(
                            Mechanism.KPROBE_MULTI,
                            () -> maxactiveRefusal().or(() -> linkRefusal(ways, handlers)),
                            () -> multi(handlers, location, kprobe)),
                    new Way<>(
                            Mechanism.TRACEFS,
                            Optional::empty,
                            () -> kretprobe(handlers, kprobe, () -> openReturn(asked))),
                    new Way<>(
                            Mechanism.PERF_KPROBE,
                            this::maxactiveRefusal,
                            () -> kretprobe(handlers, kprobe, () -> openPerf(asked)))));
            return new Planned(done.planted(), named(done));
        } catch (AttachException e) {
            throw new SiteRefusedException(asked, e);
        }
    }

    /** Where tracefs cannot be used, a perf event stands in. */
    private static Plan named(Planner.Planted<Part> done) {
        return done.plan().chosen() == Mechanism.TRACEFS && done.planted().atReturn() instanceof PerfAttachment
                ? new Plan(Mechanism.PERF_KPROBE, done.plan().refused())
                : done.plan();
    }

    private Optional<String> maxactiveRefusal() {
        return maxactive == 0 ? Optional.empty() : Optional.of("maxactive was set, which only a tracefs event takes");
    }

    private Optional<String> sessionRefusal(boolean needsEntry, Supplier<Optional<String>> seenLack) {
        return maxactiveRefusal().or(() -> needsEntry ? seenLack.get() : Optional.of(Sessions.NOTHING_TO_JOIN));
    }

    private Optional<String> trampolineRefusal(OnePlace ways, Handlers handlers) {
        TranslatedHandler entry = handlers.entry();
        Optional<String> atReturn = ways.trampolineRefusal(handlers.atReturn(), handlers.programs(), true);
        return atReturn.isPresent() || entry == null
                ? atReturn
                : ways.trampolineRefusal(entry, handlers.programs(), false);
    }

    private static Optional<String> linkRefusal(OnePlace ways, Handlers handlers) {
        TranslatedHandler entry = handlers.entry();
        Optional<String> atReturn = ways.linkRefusal(handlers.atReturn(), false);
        return atReturn.isPresent() || entry == null ? atReturn : ways.linkRefusal(entry, true);
    }

    private Part fexit(Handlers handlers, Trampoline function, PerfAttachment kprobe) {
        kprobe.close();
        TranslatedHandler entry = handlers.entry();
        // A trampoline that is made anew leaves out the returns of the calls in flight, which are to be seen when the
        // probe is switched off.
        boolean switched = entry != null || disabled || !TrampolineAttachment.canSwitch();
        var code = ReturnCode.of(
                handlers,
                entry,
                function.context(),
                function.context(),
                entryShape(List.of(), true),
                switched,
                LoadedProgram.Attached.once(AttachType.TRACE_FENTRY, function.btfId()),
                LoadedProgram.Attached.once(AttachType.TRACE_FEXIT, function.btfId()));
        return Planner.orElseNext(
                () -> attach(
                        handlers::places,
                        1,
                        code,
                        entry == null ? null : registration.opened(new TrampolineAttachment(switched)),
                        registration.opened(new TrampolineAttachment(switched))),
                Optional::empty);
    }

    /** The program has a switch, for the reason that {@link #fexit} has. The kernel wants 0 of it at both ends, and runs every return. */
    private Part trampolineSession(Handlers handlers, Trampoline function, PerfAttachment kprobe) {
        kprobe.close();
        var attached = LoadedProgram.Attached.once(AttachType.TRACE_FSESSION, function.btfId());
        var code = ReturnCode.of(
                handlers,
                entryOrFollowed(handlers),
                function.context(),
                function.context(),
                entryShape(List.of(), true),
                true,
                attached,
                attached);
        return Planner.orElseNext(
                () -> attach(handlers::places, 1, code, null, registration.opened(new TrampolineAttachment(true))),
                () -> Sessions.trampolineLack(function.btfId()));
    }

    /** The program has a switch: its link cannot be taken away while calls are in flight. */
    private Part session(Handlers handlers, ProbeLocation location, PerfAttachment kprobe) {
        kprobe.close();
        var attached = LoadedProgram.Attached.once(AttachType.TRACE_KPROBE_SESSION, 0);
        var code = ReturnCode.of(
                handlers,
                entryOrFollowed(handlers),
                OnePlace.linkContext(location),
                ProgramContext.Registers.LINK,
                sessionShape(handlers.atReturn()),
                true,
                attached,
                attached);
        return Planner.orElseNext(
                () -> attach(
                        handlers::places,
                        1,
                        code,
                        null,
                        registration.opened(MultiAttachment.one(handlers.site(), false, true))),
                Sessions::lack);
    }

    private static ProgramShape.Entry sessionShape(TranslatedHandler atReturn) {
        return new ProgramShape.Entry(OptionalLong.empty(), atReturn.keptArguments(), true);
    }

    private Part multi(Handlers handlers, ProbeLocation location, PerfAttachment kprobe) {
        kprobe.close();
        TranslatedHandler entry = entryOrFollowed(handlers);
        var attached = LoadedProgram.Attached.once(AttachType.TRACE_KPROBE_MULTI, 0);
        var code = ReturnCode.of(
                handlers,
                entry,
                OnePlace.linkContext(location),
                ProgramContext.Registers.LINK,
                entryShape(handlers.atReturn().keptArguments(), true),
                disabled,
                attached,
                attached);
        return Planner.orElseNext(
                () -> attach(
                        handlers::places,
                        1,
                        code,
                        entry == null
                                ? null
                                : registration.opened(MultiAttachment.one(handlers.site(), false, disabled)),
                        registration.opened(MultiAttachment.one(handlers.site(), true, disabled))),
                OnePlace::linkLack);
    }

    /**
     * The entry handler's probe is registered first: handlers at one address run in reverse order, so the kretprobe has taken
     * its instance when the entry handler runs, and the entry handler can tell whether there was one.
     */
    private Part kretprobe(Handlers handlers, PerfAttachment kprobe, Supplier<Attachment> open) {
        TranslatedHandler entry = entryOrFollowed(handlers);
        PerfAttachment atEntry = null;
        if (entry == null) {
            kprobe.close();
        } else {
            atEntry = kprobe.isClosed() ? registration.opened(PerfAttachment.open(handlers.asked())) : kprobe;
        }
        Attachment atReturn = registration.opened(open.get());
        var attached = LoadedProgram.Attached.once(AttachType.NONE, 0);
        var code = ReturnCode.of(
                handlers,
                entry,
                ProgramContext.Registers.OWN,
                ProgramContext.Registers.OWN,
                entryShape(handlers.atReturn().keptArguments(), false),
                true,
                attached,
                attached);
        return attach(handlers::places, 1, code, atEntry, atReturn);
    }

    private @Nullable TranslatedHandler entryOrFollowed(Handlers handlers) {
        return handlers.entry() == null && handlers.needsEntry()
                ? handlers.programs().translate(KretprobePlanter.<D>followed(), entryShape(List.of(), true))
                : handlers.entry();
    }

    private Attachment openReturn(Site site) {
        return Returns.open(List.of(site), eventName(), maxactive, (_, refusal) -> {
            throw new SiteRefusedException(site, refusal);
        });
    }

    private static Attachment openPerf(Site site) {
        return PerfAttachment.open(List.of(site), true, (_, refusal) -> {
            throw new SiteRefusedException(site, refusal);
        });
    }

    /** The same programs for all functions. */
    private Planned plantTogether(
            Sites sites, Planting planting, @Nullable EntryHandler<D> wanted, ReturnHandler<D> handler) {
        var programs = registration.opened(Programs.at(
                PlaceTable.of(target, sites, registration.readsStructures()), dataClass(), KernelObjects::captured));
        TranslatedHandler back = programs.translate(handler, new ProgramShape.Return(wanted != null));
        EntryHandler<D> entryHandler = wanted == null && !back.keptArguments().isEmpty() ? followed() : wanted;
        TranslatedHandler entry =
                entryHandler == null ? null : programs.translate(entryHandler, entryShape(List.of(), true));
        Planner.Planted<Boolean> way = new Planner(target, forced)
                .plant(List.of(
                        new Way<>(Mechanism.FENTRY, () -> Optional.of(Planting.ONE_FUNCTION), () -> false),
                        new Way<>(Mechanism.FSESSION, () -> Optional.of(Planting.ONE_FUNCTION), () -> false),
                        new Way<>(
                                Mechanism.KPROBE_SESSION,
                                () -> sessionRefusal(entry != null, Sessions::seenLack)
                                        .or(() -> linkRefusal(planting, back, entry))
                                        .or(Sessions::lack),
                                () -> true),
                        new Way<>(
                                Mechanism.KPROBE_MULTI,
                                () -> maxactiveRefusal().or(() -> linkRefusal(planting, back, entry)),
                                () -> true),
                        new Way<>(Mechanism.TRACEFS, Optional::empty, () -> false)));
        boolean oneLink = way.planted();
        boolean session = way.plan().chosen() == Mechanism.KPROBE_SESSION;
        ProgramShape.Entry shape = session ? sessionShape(back) : entryShape(back.keptArguments(), oneLink);
        ProgramContext context = oneLink ? ProgramContext.Registers.LINK : ProgramContext.Registers.OWN;
        CompiledProgram entryCode =
                entry == null ? null : programs.program(entry, shape, context, CallStore.HASH, true);
        CompiledProgram returnCode =
                programs.program(back, new ProgramShape.Return(entry != null), context, CallStore.HASH, true);
        Attachment atEntry = entryCode == null || session ? null : registration.opened(planting.entries(oneLink));
        Attachment atReturn = registration.opened(
                session ? planting.entries(true) : planting.returns(oneLink, eventName(), maxactive));
        Part part = attach(
                planting::planted,
                sites.sites().size(),
                ReturnCode.loaded(
                        programs,
                        entryCode,
                        returnCode,
                        session ? AttachType.TRACE_KPROBE_SESSION : Planting.type(oneLink)),
                atEntry,
                atReturn);
        return new Planned(part, way.plan());
    }

    private static Optional<String> linkRefusal(
            Planting planting, TranslatedHandler back, @Nullable TranslatedHandler entry) {
        return planting.linkRefusal(back, true)
                .or(() -> entry == null ? Optional.empty() : planting.linkRefusal(entry, false));
    }

    /** Two links take their turns in no certain order, so the entry program cannot tell there whether the call found an instance. */
    private static ProgramShape.Entry entryShape(List<Integer> kept, boolean byLink) {
        return new ProgramShape.Entry(byLink ? OptionalLong.empty() : ReturnTrampoline.address(), kept);
    }

    /**
     * The return program is attached first: it must be there when the first entry is followed.
     *
     * @param planted what the kernel took, asked when all is attached
     */
    private Part attach(
            Supplier<List<NumberedPlace>> planted,
            int places,
            ReturnCode code,
            @Nullable Attachment entry,
            Attachment atReturn) {
        CallsInFlight calls = null;
        CompiledProgram entryCode = code.entry();
        if (entryCode != null) {
            calls = registration.opened(CallsInFlight.create(places, maxactive, entryCode.callBytes(), code.store()));
            code.programs().calls(calls);
        }
        LoadedProgram.Halves halves;
        LoadedProgram returnProgram;
        LoadedProgram entryProgram;
        try {
            halves = code.load(log);
            returnProgram = halves.back();
            entryProgram = entryCode == null ? null : halves.entry();
            halves.entry().open(!disabled);
            atReturn.attach(returnProgram);
            if (entry != null && entryProgram != null) {
                entry.attach(entryProgram);
            }
        } catch (RuntimeException e) {
            // Another mechanism may be tried: nothing of this one stays.
            if (entry != null) {
                entry.close();
            }
            atReturn.close();
            if (calls != null) {
                calls.close();
            }
            throw e;
        }
        var count = new ReturnCount(
                entryProgram,
                returnProgram,
                calls,
                !code.isSession() && (atReturn instanceof MultiAttachment || ReturnTrampoline.isHidden()),
                atReturn.tellsRecursion(),
                code.isTrampolineSession());
        return new Part(planted.get(), entry, atReturn, code.programs(), entryProgram, returnProgram, count);
    }
}
