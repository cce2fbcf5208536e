package org.kprobe4j.internal.targets;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.bpf.symbols.ForbiddenRanges;
import org.kprobe4j.bpf.symbols.FunctionIndex;
import org.kprobe4j.bpf.symbols.LoadedModule;
import org.kprobe4j.bpf.symbols.TextBounds;
import org.kprobe4j.internal.targets.LeftOut.Reason;

/** Parts what was found into places and what is left out, as register_kprobe() would judge. Source: kernel/kprobes.c. */
final class Classifier {
    private final Selection selection;
    private final FunctionIndex index;
    private final TextBounds bounds;
    private final @Nullable ForbiddenRanges forbidden;
    private final Map<String, LoadedModule> modules = new HashMap<>();
    /** Clauses that some function answers to by its own name. */
    private final BitSet direct = new BitSet();

    private final Map<Candidate, Place.Ordinal> ordinals = new HashMap<>();
    private final List<Place> places = new ArrayList<>();
    private final List<LeftOut> leftOut = new ArrayList<>();
    /** Clauses that gave a place. */
    private final BitSet placed = new BitSet();
    /** By clause: what was left out. */
    private final Map<Integer, List<LeftOut>> leftOutOf = new HashMap<>();

    Classifier(
            Selection selection, FunctionIndex index, @Nullable ForbiddenRanges forbidden, List<LoadedModule> modules) {
        this.selection = selection;
        this.index = index;
        this.bounds = index.bounds();
        this.forbidden = forbidden;
        for (LoadedModule module : modules) {
            this.modules.putIfAbsent(module.name(), module);
        }
    }

    void classify(List<Candidate> candidates) {
        number(candidates);
        for (Candidate candidate : candidates) {
            for (int hit : candidate.hits()) {
                if (Candidate.how(hit) == Selection.Hit.ITSELF) {
                    direct.set(Candidate.clause(hit));
                }
            }
        }
        candidates.forEach(this::classify);
    }

    List<Place> places() {
        return places;
    }

    List<LeftOut> leftOut() {
        return leftOut;
    }

    boolean hasPlace(int clause) {
        return placed.get(clause);
    }

    List<LeftOut> leftOutOf(int clause) {
        return leftOutOf.getOrDefault(clause, List.of());
    }

    private void number(List<Candidate> candidates) {
        Map<String, Candidate> firsts = HashMap.newHashMap(candidates.size());
        Map<String, List<Candidate>> several = new LinkedHashMap<>();
        for (Candidate candidate : candidates) {
            Candidate first = firsts.putIfAbsent(candidate.name(), candidate);
            if (first != null) {
                several.computeIfAbsent(candidate.name(), _ -> new ArrayList<>(List.of(first)))
                        .add(candidate);
            }
        }
        for (List<Candidate> same : several.values()) {
            for (int i = 0; i < same.size(); i++) {
                Candidate one = same.get(i);
                ordinals.put(one, FunctionCollector.ordinal(index, one, i + 1, same.size()));
            }
        }
    }

    private void classify(Candidate candidate) {
        Reason whole = wholeReason(candidate);
        if (candidate.hits().length == 1) {
            classifyOne(candidate, whole, candidate.hits()[0]);
        } else {
            classifySeveral(candidate, whole);
        }
    }

    /** As {@link #classifySeveral}, without its collections: of a pattern's thousands nearly each is such. */
    private void classifyOne(Candidate candidate, @Nullable Reason whole, int hit) {
        int clause = Candidate.clause(hit);
        long offset = selection.offset(clause);
        Reason reason = whole != null ? whole : hitReason(candidate, clause, Candidate.how(hit), offset);
        if (reason == null) {
            placed.set(clause);
            places.add(new Place(candidate.address + offset, function(candidate), offset));
        } else {
            LeftOut left = leftOut(candidate, reason, detail(candidate, reason, offset));
            leftOutOf.computeIfAbsent(clause, _ -> new ArrayList<>(1)).add(left);
            leftOut.add(left);
        }
    }

    private void classifySeveral(Candidate candidate, @Nullable Reason whole) {
        var left = new EnumMap<Reason, String>(Reason.class);
        var offsets = new TreeSet<Long>();
        for (int hit : candidate.hits()) {
            int clause = Candidate.clause(hit);
            long offset = selection.offset(clause);
            Reason reason = whole != null ? whole : hitReason(candidate, clause, Candidate.how(hit), offset);
            if (reason == null) {
                offsets.add(offset);
                placed.set(clause);
            } else {
                String detail = detail(candidate, reason, offset);
                leftOutOf.computeIfAbsent(clause, _ -> new ArrayList<>(1)).add(leftOut(candidate, reason, detail));
                left.put(reason, detail);
            }
        }
        if (!offsets.isEmpty()) {
            Place.Function function = function(candidate);
            offsets.forEach(offset -> places.add(new Place(candidate.address + offset, function, offset)));
            left.remove(Reason.VARIANT);
            left.remove(Reason.PART);
        }
        left.forEach((reason, detail) -> leftOut.add(leftOut(candidate, reason, detail)));
    }

    private static LeftOut leftOut(Candidate candidate, Reason reason, String detail) {
        return new LeftOut(candidate.address, candidate.name(), candidate.module, reason, detail);
    }

    /** Why nothing in this function can be probed. */
    private @Nullable Reason wholeReason(Candidate candidate) {
        if (candidate.excluded) {
            return Reason.EXCLUDED;
        }
        if (Padding.isNamed(candidate.name())) {
            return Reason.PADDING;
        }
        if (candidate.module == null) {
            return bounds.isText(candidate.address)
                    ? null
                    : bounds.isInit(candidate.address) ? Reason.INIT_GONE : Reason.NOT_TEXT;
        }
        LoadedModule module = modules.get(candidate.module);
        return module == null || module.state() == LoadedModule.State.LIVE ? null : Reason.MODULE_NOT_LIVE;
    }

    private @Nullable Reason hitReason(Candidate candidate, int clause, Selection.Hit how, long offset) {
        if (how == Selection.Hit.PART) {
            return Reason.PART;
        }
        if (how == Selection.Hit.COPY && direct.get(clause)) {
            return Reason.VARIANT;
        }
        if (offset > 0 && candidate.sizeBytes() > 0 && offset >= candidate.sizeBytes()) {
            return Reason.OUTSIDE;
        }
        if (isForbidden(candidate, candidate.address + offset)) {
            return Reason.FORBIDDEN;
        }
        return candidate.traceable == Place.Traceable.NO ? Reason.NOT_TRACEABLE : null;
    }

    /** What the compiler made of a forbidden function is forbidden, too. Source: within_kprobe_blacklist(). */
    private boolean isForbidden(Candidate candidate, long address) {
        return forbidden != null
                && (forbidden.covering(address) != null
                        || (candidate.isVariant() && forbidden.begins(candidate.stem())));
    }

    private static String detail(Candidate candidate, Reason reason, long offset) {
        return switch (reason) {
            case VARIANT, PART -> Variant.describe(candidate.name());
            case OUTSIDE -> "it has 0x%x bytes, and the offset is 0x%x".formatted(candidate.sizeBytes(), offset);
            default -> "";
        };
    }

    private Place.Function function(Candidate candidate) {
        List<String> names = candidate.names();
        return new Place.Function(
                candidate.address,
                candidate.name(),
                candidate.module,
                names.size() == 1 ? List.of() : List.copyOf(names.subList(1, names.size())),
                candidate.sizeBytes(),
                ordinals.get(candidate),
                candidate.isVariant() ? candidate.stem() : null,
                candidate.traceable);
    }
}
