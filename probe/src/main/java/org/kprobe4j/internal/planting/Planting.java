package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.SkippedPlace;
import org.kprobe4j.bpf.AttachType;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.compiler.TranslatedHandler;
import org.kprobe4j.internal.PostPlan;
import org.kprobe4j.internal.targets.Place;
import org.kprobe4j.internal.targets.TargetResolver;

/** The places of a probe while they are planted: which the kernel refuses, and what can hold them. */
public final class Planting implements Attachment.Refusal {
    /** Why many functions have no trampoline. */
    public static final String ONE_FUNCTION = "a trampoline is one function's, and here are several";

    private final Sites sites;
    private final Set<Integer> refused = ConcurrentHashMap.newKeySet();
    private final List<SkippedPlace> skipped = Collections.synchronizedList(new ArrayList<>());

    /** Of these sites. */
    public Planting(Sites sites) {
        this.sites = sites;
        skipped.addAll(sites.skipped());
    }

    @Override
    public void refused(int number, BpfException refusal) {
        String reason = "the kernel refused it, -%d (%s): %s"
                .formatted(
                        refusal.errno(),
                        Errno.name(refusal.errno()),
                        refusal.failure().reason());
        skip(number, new SiteRefusedException(sites.sites().get(number), refusal), reason);
    }

    /** A place where a post handler cannot be exact. */
    public void refused(int number, PostPlan.UnfollowableException refusal) {
        skip(number, refusal, "post handler: " + refusal.getMessage());
    }

    /** Goes on without a place of a pattern, unless it is the last one. */
    private void skip(int number, RuntimeException refusal, String reason) {
        if (!sites.tolerant()) {
            throw refusal;
        }
        if (refused.add(number)) {
            if (refused.size() == sites.sites().size()) {
                throw refusal;
            }
            ProbePlace place = sites.sites().get(number).place();
            skipped.add(new SkippedPlace(place.symbolName(), place.module(), place.addr(), reason));
        }
    }

    /** What the target matches and is not probed, the kernel's refusals included. */
    public List<SkippedPlace> skipped() {
        return List.copyOf(skipped);
    }

    /** The places that are planted, with their numbers. */
    public List<NumberedPlace> planted() {
        return IntStream.range(0, sites.sites().size())
                .filter(number -> !refused.contains(number))
                .mapToObj(number ->
                        new NumberedPlace(number, sites.sites().get(number).place()))
                .toList();
    }

    /**
     * A place with its number in the programs.
     *
     * @param number from 0
     * @param place the place
     */
    public record NumberedPlace(int number, ProbePlace place) {}

    /**
     * Why one kprobe.multi link cannot hold all places: they must be entries of functions that ftrace can trace, and programs may read only
     * registers that such a link shows.
     */
    public Optional<String> linkRefusal(TranslatedHandler handler, boolean atReturn) {
        Optional<String> other = untraceable(site -> site.traceable() == Place.Traceable.NO);
        if (other.isPresent()) {
            return other;
        }
        Optional<String> registers = LinkRegisters.refusal(handler.needs(), atReturn, false);
        if (registers.isPresent()) {
            return registers;
        }
        // ftrace's list takes a moment to read, and is asked last. Of a pattern, a function that turns out not to be
        // traceable
        // is skipped; of several that are named, none may be.
        return OnePlace.linkLack().or(() -> sites.tolerant() ? Optional.empty() : untraceable(Planting::isNotListed));
    }

    private Optional<String> untraceable(Predicate<Site> which) {
        return sites.sites().stream()
                .filter(which)
                .findFirst()
                .map(site -> site + " is not the entry of a function that ftrace can trace");
    }

    private static boolean isNotListed(Site site) {
        return site.traceable() == Place.Traceable.UNKNOWN
                && !TargetResolver.running().isListed(site.place().addr());
    }

    /** An attachment for entries. */
    public Attachment entries(boolean oneLink) {
        return oneLink
                ? new MultiAttachment(sites.sites(), false, this)
                : PerfAttachment.open(sites.sites(), false, this);
    }

    /**
     * An attachment for returns.
     *
     * @param prefix of tracefs events' names
     */
    public Attachment returns(boolean oneLink, String prefix, int maxactive) {
        return oneLink
                ? new MultiAttachment(sites.sites(), true, this)
                : Returns.open(sites.sites(), prefix, maxactive, this);
    }

    /** What a program is loaded for. */
    public static AttachType type(boolean oneLink) {
        return oneLink ? AttachType.TRACE_KPROBE_MULTI : AttachType.NONE;
    }
}
