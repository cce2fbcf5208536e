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
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.Planted.One;
import org.kprobe4j.compiler.ProgramShape;
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
import org.kprobe4j.internal.planting.PerfAttachment;
import org.kprobe4j.internal.planting.Planting;
import org.kprobe4j.internal.planting.Planting.NumberedPlace;
import org.kprobe4j.internal.planting.Site;
import org.kprobe4j.internal.planting.SiteRefusedException;
import org.kprobe4j.internal.planting.Sites;

/** Compiles a kprobe's handlers, loads their programs and plants them. */
final class KprobePlanter {
    private static final PreHandler NOTHING = (p, regs) -> 0;

    private final Registration registration;
    private final String target;
    private final Log log;
    private final boolean disabled;

    /** For one registration of a target; {@code disabled} if its programs begin switched off. */
    KprobePlanter(Registration registration, String target, Log log, boolean disabled) {
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

    /**
     * All of a probe.
     *
     * @param symbolName what the probe is called
     * @param skipped what the target matches and is not probed
     * @param followed of a probe that follows its module
     */
    record Planted(
            String symbolName,
            List<Part> parts,
            List<SkippedPlace> skipped,
            @Nullable FollowedPlace followed) {
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

    private LoadedProgram load(String what, String name, CompiledProgram code, Programs programs, AttachType type) {
        return Registration.load(what, code, () -> programs.load(name, code, type, log::append, log::flush));
    }

    private LoadedProgram loadPre(CompiledProgram code, Programs programs, AttachType type) {
        LoadedProgram program = load("pre handler", "pre_handler", code, programs, type);
        program.switchTo(!disabled);
        return program;
    }

    private Planted follow(FollowedPlace place, PreHandler preHandler) {
        var pre = registration.opened(FollowingAttachment.entry(place, "p_" + registration.number()));
        var programs =
                registration.opened(Programs.at(One.moving(place.name()), Optional.empty(), KernelObjects::captured));
        LoadedProgram program =
                loadPre(programs.compile(preHandler, new ProgramShape.Pre()), programs, AttachType.NONE);
        pre.attach(program);
        var part = new Part(List.of(new NumberedPlace(0, place.place())), pre, null, programs, program);
        return new Planted(place.toString(), List.of(part), List.of(), place);
    }

    private Planted plant(
            Sites sites, PreHandler preHandler, @Nullable PostHandler postHandler, boolean injectsErrors) {
        if (injectsErrors && sites.areSeveral()) {
            throw new UsageException("allowErrorInjection is for one function; %s names %d"
                    .formatted(target, sites.sites().size()));
        }
        var planting = new Planting(sites);
        if (sites.areSeveral() && postHandler == null) {
            Part part = plantTogether(sites, planting, preHandler);
            return new Planted(target, List.of(part), planting.skipped(), null);
        }
        // A post handler's place depends on the very instruction, so each place has programs of its own.
        var parts = new ArrayList<Part>();
        for (int i = 0; i < sites.sites().size(); i++) {
            try {
                parts.add(plantOne(sites.sites().get(i), preHandler, postHandler, injectsErrors));
            } catch (SiteRefusedException e) {
                planting.refused(i, e.refusal());
            } catch (PostPlan.UnfollowableException e) {
                planting.refused(i, e);
            }
        }
        String name = sites.areSeveral() ? target : sites.only().place().name();
        return new Planted(name, parts, planting.skipped(), null);
    }

    /** One program for all places. */
    private Part plantTogether(Sites sites, Planting planting, PreHandler preHandler) {
        var programs = registration.opened(Programs.at(
                PlaceTable.of(target, sites, registration.readsStructures()),
                Optional.empty(),
                KernelObjects::captured));
        CompiledProgram code = programs.compile(preHandler, new ProgramShape.Pre());
        boolean oneLink = planting.fitsOneLink(code);
        LoadedProgram program = loadPre(code, programs, Planting.type(oneLink));
        Attachment pre = registration.opened(planting.entries(oneLink));
        pre.attach(program);
        return new Part(planting.planted(), pre, null, programs, program);
    }

    private Part plantOne(Site site, PreHandler preHandler, @Nullable PostHandler postHandler, boolean injectsErrors) {
        PostPlan plan = postHandler == null ? null : planPost(site);
        PerfProbe postProbe = plan == null ? null : registration.opened(plan.open());
        var pre = registration.opened(PerfAttachment.open(site));
        ProbeLocation place = site.confirmed(pre.only().location());
        var programs = registration.opened(
                Programs.at(new One(site.place().name(), place.addr()), Optional.empty(), KernelObjects::captured));
        CompiledProgram preCode = programs.compile(
                preHandler, plan == null ? new ProgramShape.Pre(Optional.empty(), injectsErrors) : plan.pre());
        Target asked = new Target(site.place().symbolName(), site.place().offset());
        InjectionRefusal.find(asked, preCode).ifPresent(refusal -> {
            throw refused(asked, refusal, null);
        });
        PostProbe post = null;
        if (plan != null && postProbe != null && postHandler != null) {
            CompiledProgram code = programs.compile(postHandler, plan.post());
            programs.calls(plan.map());
            post = plantPost(programs, postProbe, code);
        }
        LoadedProgram preProgram = loadPre(preCode, programs, AttachType.NONE);
        try {
            pre.attach(preProgram);
        } catch (BpfException e) {
            throw InjectionRefusal.refused(preCode, e)
                    .<RuntimeException>map(refusal -> refused(asked, refusal, e))
                    .orElse(e);
        }
        return new Part(List.of(new NumberedPlace(0, site.at(place).place())), pre, post, programs, preProgram);
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
        LoadedProgram program = load("post handler", "post_handler", code, programs, AttachType.NONE);
        probe.attach(program.program());
        return new PostProbe(probe, program);
    }
}
