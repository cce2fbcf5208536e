package org.kprobe4j.internal.targets;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.symbols.ForbiddenRanges;
import org.kprobe4j.bpf.symbols.FunctionFiles;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.FunctionPrototypes;

/** The functions that a target names, with what is known of each without a probe, for {@code kprobe list}. Not safe for use by several threads. */
public final class FunctionListing {
    private final Resolution found;
    private final KernelTypes types;
    private final @Nullable ForbiddenRanges forbidden;
    private final Map<String, Optional<FunctionPrototypes>> prototypes = new HashMap<>();

    FunctionListing(Resolution found, FunctionFiles files, KernelTypes types) {
        this.found = found;
        this.types = types;
        this.forbidden = forbidden(files);
    }

    /**
     * A function.
     *
     * @param address where it is
     * @param name its name
     * @param module null for the kernel itself
     * @param prototype as C; empty if BTF does not know the function
     * @param sizeBytes up to the next symbol; 0 if that is not known
     * @param aliases its other names
     * @param obstacle why no probe can be planted; null if one can, as far as the kernel's lists tell
     * @param remark what its name does not say; empty for nothing
     */
    public record Row(
            long address,
            String name,
            @Nullable String module,
            String prototype,
            long sizeBytes,
            List<String> aliases,
            LeftOut.@Nullable Reason obstacle,
            String remark) {
        /**
         * Whether a probe can be planted, as far as the kernel's lists tell.
         *
         * @return true if nothing is known to be in the way
         */
        public boolean isProbeable() {
            return obstacle == null;
        }
    }

    /**
     * Looks a target up on the running kernel.
     *
     * @param target as in Kprobe.at; {@code *} for all functions
     * @throws TargetSyntaxException if it is written wrongly
     * @throws org.kprobe4j.bpf.UnsupportedException if the kernel hides its addresses or has no symbols
     */
    public static FunctionListing of(String target) {
        return TargetResolver.running().list(TargetSpec.parse(target));
    }

    private static @Nullable ForbiddenRanges forbidden(FunctionFiles files) {
        try {
            return files.forbidden();
        } catch (BpfException e) {
            return null;
        }
    }

    /** Parts of the target that name no function, a line each. */
    public List<String> unmatched() {
        return found.unmatched().stream()
                .filter(unmatched -> found.leftOut().isEmpty())
                .map(Resolution.Unmatched::toString)
                .toList();
    }

    /** What could not be found out, a line each. */
    public List<String> unknown() {
        return found.unknown();
    }

    /**
     * Shows all functions by rising address.
     *
     * @param visitor sees each; whether to go on
     */
    public void forEach(Predicate<Row> visitor) {
        List<Place> places = found.places();
        // The kernel's lists are in order; what the explanations add is not.
        List<LeftOut> leftOut = found.leftOut().stream()
                .sorted((a, b) -> Long.compareUnsigned(a.address(), b.address()))
                .toList();
        int next = 0;
        for (Place place : places) {
            while (next < leftOut.size()
                    && Long.compareUnsigned(leftOut.get(next).address(), place.address()) < 0) {
                if (!visitor.test(row(leftOut.get(next++)))) {
                    return;
                }
            }
            if (!visitor.test(row(place))) {
                return;
            }
        }
        while (next < leftOut.size() && visitor.test(row(leftOut.get(next)))) {
            next++;
        }
    }

    private Row row(Place place) {
        Place.Function function = place.function();
        String remark = function.variantOf() == null ? "" : Variant.describe(function.name());
        if (function.sameName() != null) {
            remark += (remark.isEmpty() ? "" : "; ") + "one of several of this name, " + function.sameName();
        }
        String stem = function.variantOf() == null ? function.name() : function.variantOf();
        return new Row(
                place.address(),
                function.name(),
                function.module(),
                prototype(function.module(), stem),
                function.sizeBytes(),
                function.aliases(),
                null,
                remark);
    }

    private Row row(LeftOut left) {
        String name = left.name();
        int dot = name.indexOf('.', 1);
        String stem = dot < 0 ? name : name.substring(0, dot);
        boolean ofCompiler = left.reason() == LeftOut.Reason.PART || left.reason() == LeftOut.Reason.VARIANT;
        // It is only a pattern that leaves these out: by its own name each can be probed.
        LeftOut.Reason obstacle =
                !ofCompiler ? left.reason() : isForbidden(left.address(), stem) ? LeftOut.Reason.FORBIDDEN : null;
        return new Row(
                left.address(),
                name,
                left.module(),
                left.reason() == LeftOut.Reason.DATA ? "" : prototype(left.module(), stem),
                0,
                List.of(),
                obstacle,
                ofCompiler ? Variant.describe(name) : "");
    }

    private boolean isForbidden(long address, String stem) {
        return forbidden != null && (forbidden.covering(address) != null || forbidden.begins(stem));
    }

    private String prototype(@Nullable String module, String name) {
        return prototypes
                .computeIfAbsent(module == null ? "" : module, this::read)
                .flatMap(known -> known.of(name))
                .orElse("");
    }

    private Optional<FunctionPrototypes> read(String module) {
        Optional<Btf> btf = module.isEmpty() ? types.kernel() : types.module(module);
        return btf.map(FunctionPrototypes::of);
    }
}
