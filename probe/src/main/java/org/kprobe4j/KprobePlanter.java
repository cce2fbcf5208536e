package org.kprobe4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Planted.One;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.InjectionRefusal;
import org.kprobe4j.internal.LoadedProgram;
import org.kprobe4j.internal.PlaceTable;
import org.kprobe4j.internal.PostPlan;
import org.kprobe4j.internal.PostProbe;
import org.kprobe4j.internal.Programs;
import org.kprobe4j.internal.Target;
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
import org.kprobe4j.internal.planting.Site;
import org.kprobe4j.internal.planting.SiteRefusedException;
import org.kprobe4j.internal.planting.Sites;
import org.kprobe4j.internal.planting.Trampoline;
import org.kprobe4j.internal.planting.TrampolineAttachment;

/** Compiles a kprobe's handlers, loads their programs and plants them. */
final class KprobePlanter {
    private static final PreHandler NOTHING = (p, regs) -> 0;
    private static final LoadedProgram.Attached KPROBE = LoadedProgram.Attached.once(AttachType.NONE, 0);
    private static final String NO_POST = "only a kprobe has a post handler";
    private static final Plan WITH_POST = Plan.only(Mechanism.PERF_KPROBE, NO_POST);
    private static final Plan FOLLOWING = Plan.only(Mechanism.TRACEFS, "the probe follows its module");

    private final Registration registration;
    private final String target;
    private final Log log;
    private final boolean disabled;
    private final @Nullable Mechanism forced;

    /** For one registration of a target; {@code disabled} if its programs begin switched off, {@code forced} a mechanism that was asked for. */
    KprobePlanter(Registration registration, String target, Log log, boolean disabled, @Nullable Mechanism forced) {
        this.forced = forced;
        this.registration = registration;
        this.target = target;
        this.log = log;
        this.disabled = disabled;
    }

    /** What is in the kernel: the places that share a program. */
    record Part(
            List<NumberedPlace> places,
            Attachment pre,
            @Nullable PostProbe post,
            Programs programs,
            LoadedProgram preProgram) {}

    /** How it was planned. */
    private record Planned(Part part, Plan plan) {}

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
            List<Part> parts,
            List<SkippedPlace> skipped,
            @Nullable FollowedPlace followed,
            Plan plan) {
        /** Copies the list. */
        Planted {
            parts = List.copyOf(parts);
        }
    }

    Planted plantFollowing(@Nullable PreHandler preHandler) {
        return registration.follow(place -> follow(place, orNothing(preHandler)), preHandler);
    }

    Planted plant(@Nullable PreHandler preHandler, @Nullable PostHandler postHandler, boolean injectsErrors) {
        return registration.run(
                sites -> plant(sites, orNothing(preHandler), postHandler, injectsErrors), preHandler, postHandler);
    }

    private static PreHandler orNothing(@Nullable PreHandler handler) {
        return handler == null ? NOTHING : handler;
    }

    private LoadedProgram load(
            String what, String name, CompiledProgram code, Programs programs, LoadedProgram.Attached attached) {
        return Registration.load(what, code, () -> programs.load(name, code, attached, log::append, log::flush));
    }

    private LoadedProgram loadPre(CompiledProgram code, Programs programs, LoadedProgram.Attached attached) {
        LoadedProgram program = load("pre handler", "pre_handler", code, programs, attached);
        program.open(!disabled);
        return program;
    }

    private Planted follow(FollowedPlace place, PreHandler preHandler) {
        var pre = registration.opened(FollowingAttachment.entry(place, "p_" + registration.number()));
        var programs =
                registration.opened(Programs.at(One.moving(place.name()), Optional.empty(), KernelObjects::captured));
        LoadedProgram program = loadPre(programs.compile(preHandler, new ProgramShape.Pre()), programs, KPROBE);
        pre.attach(program);
        var part = new Part(List.of(new NumberedPlace(0, place.place())), pre, null, programs, program);
        return new Planted(place.toString(), List.of(part), List.of(), place, FOLLOWING);
    }

    private Planted plant(
            Sites sites, PreHandler preHandler, @Nullable PostHandler postHandler, boolean injectsErrors) {
        if (injectsErrors && sites.areSeveral()) {
            throw new UsageException("allowErrorInjection is for one function; %s names %d"
                    .formatted(target, sites.sites().size()));
        }
        var planting = new Planting(sites);
        if (sites.areSeveral() && postHandler == null) {
            Planned planned = plantTogether(sites, planting, preHandler);
            return new Planted(target, List.of(planned.part()), planting.skipped(), null, planned.plan());
        }
        // A post handler's place depends on the very instruction, so each place has programs of its own.
        var parts = new ArrayList<Part>();
        Plan plan = WITH_POST;
        for (int i = 0; i < sites.sites().size(); i++) {
            try {
                Site site = sites.sites().get(i);
                Planned planned = postHandler == null
                        ? plantOne(site, preHandler, injectsErrors)
                        : plantPair(site, preHandler, postHandler);
                parts.add(planned.part());
                plan = planned.plan();
            } catch (SiteRefusedException e) {
                planting.refused(i, e.refusal());
            } catch (PostPlan.UnfollowableException e) {
                planting.refused(i, e);
            }
        }
        String name = sites.areSeveral() ? target : sites.only().place().name();
        return new Planted(name, parts, planting.skipped(), null, plan);
    }

    /** One program for all places. */
    private Planned plantTogether(Sites sites, Planting planting, PreHandler preHandler) {
        var programs = registration.opened(Programs.at(
                PlaceTable.of(target, sites, registration.readsStructures()),
                Optional.empty(),
                KernelObjects::captured));
        var shape = new ProgramShape.Pre();
        TranslatedHandler handler = programs.translate(preHandler, shape);
        CompiledProgram code = programs.program(handler, shape, ProgramContext.Registers.OWN, CallStore.HASH, true);
        var planner = new Planner(target, forced);
        return planned(
                planner.plant(List.of(
                        new Way<>(Mechanism.FENTRY, () -> Optional.of(Planting.ONE_FUNCTION), () -> code),
                        new Way<>(Mechanism.KPROBE_MULTI, () -> planting.linkRefusal(handler, false), () -> code),
                        new Way<>(Mechanism.PERF_KPROBE, Optional::empty, () -> code))),
                planting,
                programs);
    }

    private Planned planned(Planner.Planted<CompiledProgram> chosen, Planting planting, Programs programs) {
        boolean oneLink = chosen.plan().chosen() == Mechanism.KPROBE_MULTI;
        LoadedProgram program = loadPre(chosen.planted(), programs, programs.attached(Planting.type(oneLink)));
        Attachment pre = registration.opened(planting.entries(oneLink));
        pre.attach(program);
        return new Planned(new Part(planting.planted(), pre, null, programs, program), chosen.plan());
    }

    /** The kernel plants a kprobe first: that tells whether the place can be probed, and where it is. */
    private Planned plantOne(Site asked, PreHandler preHandler, boolean injectsErrors) {
        PerfAttachment kprobe = registration.opened(PerfAttachment.open(asked));
        ProbeLocation location = asked.confirmed(kprobe.only().location());
        Site site = asked.at(location);
        var programs = registration.opened(
                Programs.at(new One(asked.place().name(), location.addr()), Optional.empty(), KernelObjects::captured));
        var shape = new ProgramShape.Pre(Optional.empty(), injectsErrors);
        TranslatedHandler handler = programs.translate(preHandler, shape);
        var one = new OneProgram(site, programs, handler, shape);
        var ways = new OnePlace(asked, location);
        var planner = new Planner(site.place().name(), forced);
        try {
            Planner.Planted<Part> done = planner.plant(List.of(
                    new Way<>(
                            Mechanism.FENTRY,
                            () -> ways.trampolineRefusal(handler, programs, false)
                                    .or(() -> planner.unlessForced(Trampoline::lossRefusal)),
                            () -> fentry(one, ways.trampoline(), kprobe)),
                    new Way<>(
                            Mechanism.KPROBE_MULTI,
                            () -> ways.linkRefusal(handler, true),
                            () -> multi(one, location, kprobe)),
                    new Way<>(Mechanism.PERF_KPROBE, Optional::empty, () -> perf(one, asked, kprobe))));
            return new Planned(done.planted(), done.plan());
        } catch (AttachException e) {
            throw new SiteRefusedException(asked, e);
        }
    }

    /** What a program for one place is made of. */
    private record OneProgram(Site site, Programs programs, TranslatedHandler handler, ProgramShape.Pre shape) {
        CompiledProgram code(ProgramContext context, boolean switched) {
            return programs.program(handler, shape, context, CallStore.HASH, switched);
        }

        Part part(Attachment attachment, LoadedProgram program) {
            return new Part(List.of(new NumberedPlace(0, site.place())), attachment, null, programs, program);
        }
    }

    private Part fentry(OneProgram one, Trampoline function, PerfAttachment kprobe) {
        kprobe.close();
        var attached = LoadedProgram.Attached.once(AttachType.TRACE_FENTRY, function.btfId());
        boolean switched = disabled || !TrampolineAttachment.canSwitch();
        return Planner.orElseNext(
                () -> attached(
                        one, one.code(function.context(), switched), attached, new TrampolineAttachment(switched)),
                Optional::empty);
    }

    private Part multi(OneProgram one, ProbeLocation location, PerfAttachment kprobe) {
        kprobe.close();
        var attached = LoadedProgram.Attached.once(AttachType.TRACE_KPROBE_MULTI, 0);
        var attachment = MultiAttachment.one(one.site(), false, disabled);
        return Planner.orElseNext(
                () -> attached(one, one.code(OnePlace.linkContext(location), disabled), attached, attachment),
                OnePlace::linkLack);
    }

    private Part attached(
            OneProgram one, CompiledProgram code, LoadedProgram.Attached attached, Attachment attachment) {
        LoadedProgram program = loadPre(code, one.programs(), attached);
        try {
            attachment.attach(program);
        } catch (BpfException e) {
            attachment.close();
            throw e;
        }
        return one.part(registration.opened(attachment), program);
    }

    private Part perf(OneProgram one, Site asked, PerfAttachment kprobe) {
        PerfAttachment pre = kprobe.isClosed() ? registration.opened(PerfAttachment.open(asked)) : kprobe;
        CompiledProgram code = one.code(ProgramContext.Registers.OWN, true);
        Target target = new Target(asked.place().symbolName(), asked.place().offset());
        InjectionRefusal.find(target, code).ifPresent(refusal -> {
            throw refused(target, refusal, null);
        });
        LoadedProgram program = loadPre(code, one.programs(), KPROBE);
        try {
            pre.attach(program);
        } catch (BpfException e) {
            throw InjectionRefusal.refused(code, e)
                    .<RuntimeException>map(refusal -> refused(target, refusal, e))
                    .orElse(e);
        }
        return one.part(pre, program);
    }

    /** With a post handler: two programs in kprobes. */
    private Planned plantPair(Site site, PreHandler preHandler, PostHandler postHandler) {
        if (forced != null && forced != Mechanism.PERF_KPROBE) {
            throw new SiteRefusedException(site, new Planner(site.place().name(), forced).none(NO_POST));
        }
        PostPlan plan = planPost(site);
        PerfProbe postProbe = registration.opened(plan.open());
        var pre = registration.opened(PerfAttachment.open(site));
        ProbeLocation place = site.confirmed(pre.only().location());
        var programs = registration.opened(
                Programs.at(new One(site.place().name(), place.addr()), Optional.empty(), KernelObjects::captured));
        CompiledProgram preCode = programs.compile(preHandler, plan.pre());
        CompiledProgram code = programs.compile(postHandler, plan.post());
        programs.calls(plan.map());
        PostProbe post = plantPost(programs, postProbe, code);
        LoadedProgram preProgram = loadPre(preCode, programs, KPROBE);
        pre.attach(preProgram);
        var part = new Part(List.of(new NumberedPlace(0, site.at(place).place())), pre, post, programs, preProgram);
        return new Planned(part, WITH_POST);
    }

    private static PostPlan planPost(Site site) {
        Target named = site.named();
        try {
            return named == null ? PostPlan.of(null, site.place().addr()) : PostPlan.of(named.symbol(), named.offset());
        } catch (AttachException e) {
            throw new SiteRefusedException(site, e);
        }
    }

    private static RegistrationException refused(Target asked, InjectionRefusal refusal, @Nullable BpfException cause) {
        return new RegistrationException(
                "register_kprobe failed, returned -%d (%s): %s: %s"
                        .formatted(refusal.errno(), Errno.name(refusal.errno()), asked, refusal.reason()),
                refusal.errno(),
                cause);
    }

    /** The post handler must be there before the first hit that arms it. */
    private PostProbe plantPost(Programs programs, PerfProbe probe, CompiledProgram code) {
        LoadedProgram program = load("post handler", "post_handler", code, programs, KPROBE);
        probe.attach(program.program());
        return new PostProbe(probe, program);
    }
}
