package org.kprobe4j;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Planted.One;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.internal.CallsInFlight;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.PlaceTable;
import org.kprobe4j.internal.PlantedPlace;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.ReturnTrampoline;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.planting.Attachment;
import org.kprobe4j.internal.planting.FollowedPlace;
import org.kprobe4j.internal.planting.FollowingAttachment;
import org.kprobe4j.internal.planting.MultiAttachment;
import org.kprobe4j.internal.planting.PerfAttachment;
import org.kprobe4j.internal.planting.Planting;
import org.kprobe4j.internal.planting.Planting.NumberedPlace;
import org.kprobe4j.internal.planting.Returns;
import org.kprobe4j.internal.planting.Site;
import org.kprobe4j.internal.planting.SiteRefusedException;
import org.kprobe4j.internal.planting.Sites;

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

    /** For one registration of a target; {@code disabled} if its programs begin switched off. */
    KretprobePlanter(
            Registration registration,
            String target,
            @Nullable Class<D> data,
            int maxactive,
            Log log,
            boolean disabled) {
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
     */
    record Planted(
            String symbolName,
            Part part,
            List<SkippedPlace> skipped,
            @Nullable FollowedPlace followed) {}

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

    private static <D> CompiledProgram compileReturn(
            Programs programs, ReturnHandler<D> handler, @Nullable EntryHandler<D> entryHandler) {
        return programs.compile(handler, new ProgramShape.Return(entryHandler != null));
    }

    /** Both halves are events of tracefs, which the kernel plants in the order in which they were defined, each time. */
    private Planted follow(FollowedPlace place, @Nullable EntryHandler<D> wanted, ReturnHandler<D> handler) {
        var programs = registration.opened(Programs.at(One.moving(place.name()), dataClass(), KernelObjects::captured));
        EntryHandler<D> entryHandler = wanted;
        CompiledProgram returnCode = compileReturn(programs, handler, entryHandler);
        if (entryHandler == null && !returnCode.keptArguments().isEmpty()) {
            entryHandler = followed();
        }
        CompiledProgram entryCode =
                entryHandler == null ? null : programs.compile(entryHandler, entryShape(returnCode, false));
        Attachment entry = entryCode == null
                ? null
                : registration.opened(FollowingAttachment.entry(place, "p_" + registration.number()));
        Attachment atReturn = registration.opened(FollowingAttachment.returns(place, eventName(), maxactive));
        Part part = attach(
                () -> List.of(new NumberedPlace(0, place.place())),
                1,
                new Code(programs, entryCode, returnCode, AttachType.NONE),
                entry,
                atReturn);
        return new Planted(place.toString(), part, List.of(), place);
    }

    private Planted plant(Sites sites, @Nullable EntryHandler<D> entryHandler, ReturnHandler<D> handler) {
        var planting = new Planting(sites);
        Part part = sites.areSeveral()
                ? plantTogether(sites, planting, entryHandler, handler)
                : plantOne(sites.only(), entryHandler, handler);
        String name = sites.areSeveral() ? target : sites.only().place().name();
        return new Planted(name, part, planting.skipped(), null);
    }

    /**
     * The entry handler's probe is registered first: handlers at one address run in reverse order, so the kretprobe has taken
     * its instance when the entry handler runs, and the entry handler can tell whether there was one.
     */
    private Part plantOne(Site site, @Nullable EntryHandler<D> wanted, ReturnHandler<D> handler) {
        EntryHandler<D> entryHandler = wanted;
        PerfAttachment entry = entryHandler == null ? null : registration.opened(PerfAttachment.open(site));
        Attachment atReturn = registration.opened(openReturn(site));
        Site planted = entry != null ? site.at(entry.only().location()) : located(site, atReturn);
        var programs = registration.opened(Programs.at(
                new One(site.place().name(), planted.place().addr()), dataClass(), KernelObjects::captured));
        CompiledProgram returnCode = compileReturn(programs, handler, entryHandler);
        if (entryHandler == null && !returnCode.keptArguments().isEmpty()) {
            // Only now it is known that a program at the entry is needed; its probe must be there before the kretprobe.
            atReturn.close();
            entryHandler = followed();
            entry = registration.opened(PerfAttachment.open(site));
            atReturn = registration.opened(openReturn(site));
        }
        CompiledProgram entryCode =
                entryHandler == null ? null : programs.compile(entryHandler, entryShape(returnCode, false));
        return attach(
                () -> List.of(new NumberedPlace(0, planted.place())),
                1,
                new Code(programs, entryCode, returnCode, AttachType.NONE),
                entry,
                atReturn);
    }

    private Attachment openReturn(Site site) {
        return Returns.open(List.of(site), eventName(), maxactive, (_, refusal) -> {
            throw new SiteRefusedException(site, refusal);
        });
    }

    /** Of a kretprobe without a program at the entry, the perf event or debugfs tells the address. */
    private static Site located(Site site, Attachment atReturn) {
        Target named = site.named();
        if (atReturn instanceof PerfAttachment perf) {
            return site.at(perf.only().location());
        }
        return named == null
                ? site
                : PlantedPlace.of(named, true)
                        .map(found -> new ProbeLocation(found.address(), found.symbol(), found.offset(), true))
                        .map(site::at)
                        .orElse(site);
    }

    /** The same programs for all functions. */
    private Part plantTogether(
            Sites sites, Planting planting, @Nullable EntryHandler<D> wanted, ReturnHandler<D> handler) {
        var programs = registration.opened(Programs.at(
                PlaceTable.of(target, sites, registration.readsStructures()), dataClass(), KernelObjects::captured));
        EntryHandler<D> entryHandler = wanted;
        CompiledProgram returnCode = compileReturn(programs, handler, entryHandler);
        if (entryHandler == null && !returnCode.keptArguments().isEmpty()) {
            entryHandler = followed();
        }
        boolean oneLink = maxactive == 0 && planting.fitsOneLink(returnCode);
        CompiledProgram entryCode =
                entryHandler == null ? null : programs.compile(entryHandler, entryShape(returnCode, oneLink));
        if (oneLink && entryHandler != null && entryCode != null && !planting.fitsOneLink(entryCode)) {
            oneLink = false;
            entryCode = programs.compile(entryHandler, entryShape(returnCode, false));
        }
        Attachment entry = entryCode == null ? null : registration.opened(planting.entries(oneLink));
        Attachment atReturn = registration.opened(planting.returns(oneLink, eventName(), maxactive));
        return attach(
                planting::planted,
                sites.sites().size(),
                new Code(programs, entryCode, returnCode, Planting.type(oneLink)),
                entry,
                atReturn);
    }

    /** Two links take their turns in no certain order, so the entry program cannot tell there whether the call found an instance. */
    private static ProgramShape.Entry entryShape(CompiledProgram returnCode, boolean oneLink) {
        return new ProgramShape.Entry(
                oneLink ? OptionalLong.empty() : ReturnTrampoline.address(), returnCode.keptArguments());
    }

    /** What was compiled, and what it is attached as. */
    private record Code(Programs programs, @Nullable CompiledProgram entry, CompiledProgram back, AttachType type) {}

    private LoadedProgram load(String what, String name, CompiledProgram code, Code all) {
        return Registration.load(
                what, code, () -> all.programs().load(name, code, all.type(), log::append, log::flush));
    }

    /**
     * The return program is attached first: it must be there when the first entry is followed.
     *
     * @param planted what the kernel took, asked when all is attached
     */
    private Part attach(
            Supplier<List<NumberedPlace>> planted,
            int places,
            Code code,
            @Nullable Attachment entry,
            Attachment atReturn) {
        CallsInFlight calls = null;
        CompiledProgram entryCode = code.entry();
        if (entryCode != null) {
            calls = registration.opened(CallsInFlight.create(places, maxactive, entryCode.callBytes()));
            code.programs().calls(calls);
        }
        LoadedProgram returnProgram = load("return handler", "ret_handler", code.back(), code);
        LoadedProgram entryProgram = entryCode == null ? null : load("entry handler", "entry_handler", entryCode, code);
        (entryProgram == null ? returnProgram : entryProgram).switchTo(!disabled);
        atReturn.attach(returnProgram);
        if (entry != null && entryProgram != null) {
            entry.attach(entryProgram);
        }
        var count = new ReturnCount(
                entryProgram, returnProgram, calls, atReturn instanceof MultiAttachment || ReturnTrampoline.isHidden());
        return new Part(planted.get(), entry, atReturn, code.programs(), entryProgram, returnProgram, count);
    }
}
