package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.SkippedPlace;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.internal.Machine;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.targets.LeftOut;
import org.kprobe4j.internal.targets.Prototypes;
import org.kprobe4j.internal.targets.Resolution;
import org.kprobe4j.internal.targets.TargetResolver;
import org.kprobe4j.internal.targets.TargetSpec;

/**
 * The places that a target means on the running kernel.
 *
 * @param sites where to plant, by rising address
 * @param skipped what the target matches and cannot be probed
 * @param tolerant whether a place that the kernel refuses is skipped: the target is a pattern, or a name that several functions have
 * @param isResolved whether the kernel's symbols were read; false if the kernel is to find the only place by its name
 */
public record Sites(List<Site> sites, List<SkippedPlace> skipped, boolean tolerant, boolean isResolved) {
    /** A target that means nothing on this kernel. */
    public static final class NothingException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final int errno;
        private final boolean isMissing;

        NothingException(Resolution.Unmatched unmatched) {
            super("%s: %s".formatted(unmatched.clause(), unmatched.reason()));
            errno = unmatched.errno();
            isMissing = unmatched.errno() == Errno.EINVAL || unmatched.reason().startsWith("no such function");
        }

        /** Whether there is nothing to say but that it is not there. */
        boolean isMissing() {
            return isMissing;
        }

        /** As register_kprobe() would answer. */
        public int errno() {
            return errno;
        }
    }

    /** Copies the lists. */
    public Sites {
        sites = List.copyOf(sites);
        skipped = List.copyOf(skipped);
    }

    /**
     * Finds the places. One function by its plain name is left to the kernel, which is faster by far; but only where it does not
     * take the first of several functions of one name.
     *
     * @throws NothingException if a function or address that the target names cannot be probed, or all of it matches nothing
     */
    public static Sites of(TargetSpec spec) {
        if (!(spec instanceof TargetSpec.Symbol symbol) || symbol.module() != null) {
            return resolved(spec);
        }
        var named = new Sites(List.of(Site.named(new Target(symbol.name(), symbol.offset()))), List.of(), false, false);
        if (PerfProbe.namesMustBeUnique()) {
            return named;
        }
        try {
            return resolved(spec);
        } catch (UnsupportedException e) {
            return named; // the kernel hides its symbols: it alone can find the function
        }
    }

    /**
     * Finds the places in the kernel's symbols.
     *
     * @throws NothingException if a function or address that the target names cannot be probed, or all of it matches nothing
     */
    public static Sites resolved(TargetSpec spec) {
        Resolution found = TargetResolver.running().resolve(spec);
        boolean tolerant = spec.clauses().stream().anyMatch(clause -> !clause.excluded() && isPattern(clause.target()));
        var skipped = new ArrayList<SkippedPlace>();
        for (Resolution.Unmatched unmatched : found.unmatched()) {
            boolean isPattern = spec.clauses().stream()
                    .anyMatch(clause -> isPattern(clause.target())
                            && clause.target().toString().equals(unmatched.clause()));
            if (found.places().isEmpty() || !isPattern) {
                throw new NothingException(unmatched);
            }
            skipped.add(new SkippedPlace(unmatched.clause(), null, 0, unmatched.reason()));
        }
        found.leftOut().stream()
                .filter(left -> left.reason() != LeftOut.Reason.EXCLUDED)
                .map(Sites::skipped)
                .forEach(skipped::add);
        long named =
                spec.clauses().stream().filter(clause -> !clause.excluded()).count();
        return new Sites(
                found.places().stream().map(Site::resolved).toList(),
                skipped,
                tolerant || found.places().size() > named,
                true);
    }

    /**
     * What the symbols know of a function that the kernel did not find, or found several times, by its name: the functions of that name,
     * or the compiler's copies of it.
     *
     * @return nothing if the kernel's refusal says all
     * @throws NothingException if they tell why there is none
     */
    public Optional<Sites> instead(TargetSpec spec, SiteRefusedException refusal) {
        if (isResolved || !refusal.mayBeTheName()) {
            return Optional.empty();
        }
        try {
            Sites found = resolved(spec);
            boolean isAnother =
                    found.areSeveral() || !found.only().place().note().isEmpty();
            return isAnother ? Optional.of(found) : Optional.empty();
        } catch (NothingException e) {
            if (e.isMissing()) {
                return Optional.empty();
            }
            throw e;
        } catch (UnsupportedException e) {
            return Optional.empty();
        }
    }

    private static boolean isPattern(TargetSpec target) {
        return target instanceof TargetSpec.Matching || target instanceof TargetSpec.Expression;
    }

    private static SkippedPlace skipped(LeftOut left) {
        String reason = left.reason().text() + (left.detail().isEmpty() ? "" : ": " + left.detail());
        return new SkippedPlace(left.name(), left.module(), left.address(), reason);
    }

    /** The only place. */
    public Site only() {
        return sites.getFirst();
    }

    /** Whether one program serves several places. */
    public boolean areSeveral() {
        return sites.size() > 1;
    }

    /** A function whose types stand for all: each has the same parameters and return type, as far as the kernel's types know. */
    public Optional<String> typesOf() {
        Optional<Btf> btf = Machine.btf();
        if (btf.isEmpty()) {
            return Optional.empty();
        }
        List<String> names =
                sites.stream().map(site -> site.place().symbolName()).distinct().toList();
        if (!Prototypes.areAlike(btf.get(), names)) {
            return Optional.empty();
        }
        return Optional.of(only().place().symbolName());
    }

    /** The places in the API's terms. */
    public List<ProbePlace> places() {
        return sites.stream().map(Site::place).toList();
    }
}
