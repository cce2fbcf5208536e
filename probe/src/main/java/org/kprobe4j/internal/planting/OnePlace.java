package org.kprobe4j.internal.planting;

import java.util.Collections;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.features.Answer;
import org.kprobe4j.bpf.features.Features;
import org.kprobe4j.bpf.features.KernelVersion;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.ProbeModules;
import org.kprobe4j.internal.Programs;

/** What the mechanisms without a kprobe can do at one place, where the kernel has just planted a kprobe. */
public final class OnePlace {
    /** Why nothing but a kprobe can be at an instruction. */
    static final String NO_ENTRY = "the place is not a function's entry";
    /** Why nothing but a kprobe can change what the function returns. */
    static final String NO_OVERRIDE = "only a kprobe can have the function return without having run";

    private final Site site;
    private final ProbeLocation location;
    private @Nullable Trampoline trampoline;
    private boolean looked;
    private @Nullable String noLink;

    /** For a site; {@code location} is what the kernel told of it. */
    public OnePlace(Site site, ProbeLocation location) {
        this.site = site;
        this.location = location;
    }

    /** Why a handler cannot be an fentry or fexit program here. */
    public Optional<String> trampolineRefusal(TranslatedHandler handler, Programs programs, boolean atReturn) {
        try {
            Optional<String> early = Trampoline.refusalAnywhere(handler, atReturn);
            if (early.isPresent()) {
                return early;
            }
            if (programs.usePerCpuValues()) {
                return Optional.of(
                        "the handlers use values of each CPU, which are exact only where programs do not interrupt each other");
            }
            return trampoline().refusal(handler, atReturn);
        } catch (Planner.NotHereException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * The function's trampoline.
     *
     * @throws Planner.NotHereException if it has none
     */
    public Trampoline trampoline() {
        Trampoline found = trampoline;
        if (found == null) {
            found = Trampoline.of(site, location);
            trampoline = found;
        }
        return found;
    }

    /** Why a handler cannot be attached by a link of kprobe.multi here; at a return nothing tells a kretprobe's instruction pointer. */
    public Optional<String> linkRefusal(TranslatedHandler handler, boolean atEntry) {
        if (!site.isEntry()) {
            return Optional.of(NO_ENTRY);
        }
        if (handler.overridesReturn()) {
            return Optional.of(NO_OVERRIDE);
        }
        return placeRefusal().or(() -> LinkRegisters.refusal(handler.needs(), !atEntry, atEntry));
    }

    /** Why no link can be here, whatever the handler does; /proc/modules is read for it once. */
    private Optional<String> placeRefusal() {
        if (!looked) {
            noLink = findPlaceRefusal();
            looked = true;
        }
        return Optional.ofNullable(noLink);
    }

    private @Nullable String findPlaceRefusal() {
        String module = ProbeModules.at(Collections.singletonList(site.place().module()), new long[] {location.addr()})
                .getFirst();
        if (module != null) {
            return "the function is in module %s, which such a link keeps loaded".formatted(module);
        }
        return location.addr() == 0 ? "the kernel hides its addresses from this process" : null;
    }

    /** What the kernel lacks for kprobe.multi, if it does. */
    public static Optional<String> linkLack() {
        Answer answer = Features.running().kprobeMulti();
        return answer.isYes()
                ? Optional.empty()
                : Optional.of("it needs Linux 5.18 with CONFIG_FPROBE, this is %s (%s)"
                        .formatted(KernelVersion.running().release(), answer.why()));
    }

    /** What a link hands to a program at a function's entry: with the instruction pointer of a kprobe. */
    public static ProgramContext linkContext(ProbeLocation location) {
        return ProgramContext.Registers.link(location.addr() + breakpointBytes());
    }

    /** How far behind a kprobe its pre handler sees the instruction pointer. */
    private static int breakpointBytes() {
        return Machine.architecture() == Architecture.X86_64 ? 1 : 0;
    }
}
