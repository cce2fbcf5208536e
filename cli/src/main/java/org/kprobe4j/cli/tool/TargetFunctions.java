package org.kprobe4j.cli.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.kprobe4j.cli.KprobeException;
import org.kprobe4j.internal.targets.Place;
import org.kprobe4j.internal.targets.Resolution;
import org.kprobe4j.internal.targets.TargetResolver;
import org.kprobe4j.internal.targets.TargetSpec;
import org.kprobe4j.internal.targets.TargetSyntaxException;

/** Which functions a target names. */
public final class TargetFunctions {
    private static final int NAMED = 3;

    private TargetFunctions() {}

    /**
     * A function and how a target names it.
     *
     * @param function its name
     * @param target a function, a place in one, or an address
     */
    public record Named(String function, String target) {}

    /** Whether a target names places in functions. */
    public static boolean hasOffsets(String target) {
        return read(() -> TargetSpec.parse(target)).clauses().stream()
                // An offset of 0 is one, too: who writes it asks for the place, not for the call.
                .anyMatch(clause ->
                        (clause.target() instanceof TargetSpec.Symbol symbol && target.contains(symbol.name() + "+"))
                                || clause.target() instanceof TargetSpec.Address);
    }

    /**
     * Finds the functions; where a target says itself which they are, the kernel is not asked.
     *
     * @throws KprobeException if the target is written wrongly, if there are none, or if the kernel hides them
     */
    public static List<Named> find(String target) {
        TargetSpec spec = read(() -> TargetSpec.parse(target));
        var named = new ArrayList<Named>();
        for (TargetSpec.Clause clause : spec.clauses()) {
            if (clause.excluded() || !(clause.target() instanceof TargetSpec.Symbol symbol)) {
                return resolve(spec);
            }
            named.add(new Named(symbol.name(), symbol.toString()));
        }
        return named;
    }

    private static List<Named> resolve(TargetSpec spec) {
        Resolution found;
        try {
            found = TargetResolver.running().resolve(spec);
        } catch (RuntimeException e) {
            // That the kernel hides its functions, and how to change that.
            throw new KprobeException("%s: %s".formatted(spec, e.getMessage()));
        }
        if (found.places().isEmpty() && !found.unmatched().isEmpty()) {
            throw new KprobeException(found.unmatched().getFirst().toString());
        }
        return found.places().stream().map(TargetFunctions::named).toList();
    }

    private static Named named(Place place) {
        Place.Function function = place.function();
        String target = function.sameName() != null ? "0x%x".formatted(place.address()) : place.toString();
        return new Named(function.name(), target);
    }

    private static TargetSpec read(Supplier<TargetSpec> parse) {
        try {
            return parse.get();
        } catch (TargetSyntaxException e) {
            throw new KprobeException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * What is said of functions that are left out.
     *
     * @param left their names, one at least
     * @param what goes behind "left out": which kind they are of
     * @param why shown in brackets
     */
    public static String leftOut(List<String> left, String what, String why) {
        String names = String.join(", ", left.subList(0, Math.min(NAMED, left.size())));
        return "%d function%s left out %s: %s%s (%s)"
                .formatted(
                        left.size(), left.size() == 1 ? "" : "s", what, names, left.size() > NAMED ? ", …" : "", why);
    }
}
