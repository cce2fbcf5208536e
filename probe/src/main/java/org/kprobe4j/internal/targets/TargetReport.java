package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.PermissionException;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.internal.Refusals;
import org.kprobe4j.internal.Target;

/**
 * What a target means on the running kernel, for {@code kprobe explain}.
 *
 * @param lines what it means
 * @param errors what of it cannot be probed and why, a line each
 * @param places how many places can be probed
 */
public record TargetReport(List<String> lines, List<String> errors, int places) {
    /** Copies the lists. */
    public TargetReport {
        lines = List.copyOf(lines);
        errors = List.copyOf(errors);
    }

    /**
     * Looks a target up; of few places each is tried, by a probe without a program that is removed at once.
     *
     * @param all whether long lists are to be complete
     * @throws TargetSyntaxException if it is written wrongly
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public static TargetReport of(String target, boolean all) {
        TargetResolver resolver = TargetResolver.running();
        Resolution found = resolver.resolveFully(TargetSpec.parse(target));
        return of(target, found, all, resolver::prototype, TargetReport::trial);
    }

    /** A place that the kernel refuses is an error; what it says of the others stands in their descriptions. */
    static TargetReport of(
            String target,
            Resolution found,
            boolean all,
            Function<Place, Optional<String>> prototype,
            Function<Place, Verdict> trial) {
        var errors = new ArrayList<String>();
        var refused = new HashSet<Place>();
        var said = new HashMap<Place, String>();
        if (found.places().size() <= ResolutionText.FEW) {
            for (Place place : found.places()) {
                Verdict verdict = trial.apply(place);
                if (verdict.refused()) {
                    refused.add(place);
                    errors.add("%s: %s".formatted(place, verdict.text()));
                } else if (!verdict.text().isEmpty()) {
                    said.put(place, verdict.text());
                }
            }
        }
        found.unmatched().forEach(unmatched -> errors.add(unmatched.toString()));
        var taken = new Resolution(
                found.places().stream()
                        .filter(place -> !refused.contains(place))
                        .toList(),
                found.leftOut(),
                found.paddings(),
                found.unmatched(),
                found.unknown());
        List<String> lines =
                new ResolutionText(taken, prototype, place -> Optional.ofNullable(said.get(place))).lines(target, all);
        return new TargetReport(lines, errors, taken.places().size());
    }

    /**
     * What the kernel says of a place.
     *
     * @param refused whether it takes no probe there
     * @param text why, or where it planted it; empty if there is nothing to say
     */
    record Verdict(boolean refused, String text) {}

    private static Verdict trial(Place place) {
        try (PerfProbe probe = PerfProbe.openKprobe(null, place.address(), false)) {
            long addr = probe.location().addr();
            return new Verdict(
                    false,
                    addr == 0 || addr == place.address()
                            ? "the kernel takes a probe here"
                            : "the kernel takes a probe here and plants it at 0x%x, behind ENDBR or BTI"
                                    .formatted(addr));
        } catch (PermissionException e) {
            return new Verdict(false, "not tried: " + e.failure().reason());
        } catch (BpfException e) {
            var asked = new Target(place.function().name(), place.offset());
            Refusals.Explanation why = Refusals.explain("register_kprobe", asked, e);
            return new Verdict(true, "%s (%s)".formatted(why.reason(), Errno.name(why.errno())));
        }
    }
}
