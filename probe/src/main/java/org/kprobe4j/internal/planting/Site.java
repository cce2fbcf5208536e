package org.kprobe4j.internal.planting;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.ProbePlace;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.perf.PerfProbe;
import org.kprobe4j.bpf.perf.ProbeLocation;
import org.kprobe4j.internal.Confirmation;
import org.kprobe4j.internal.Target;
import org.kprobe4j.internal.targets.Place;

/**
 * Where a probe is to be planted, and how the kernel is told: by name, which it resolves itself, or by address.
 *
 * @param named the function and offset for the kernel to resolve; null for a place whose address is known
 * @param place what is known of it; its address is 0 as long as only the kernel knows it
 * @param isNameUnique whether the kernel finds just this function by its name
 * @param traceable whether the place is the entry of a function that ftrace can trace, so that one link can hold many such
 */
public record Site(@Nullable Target named, ProbePlace place, boolean isNameUnique, Place.Traceable traceable) {
    /** How far from a function's beginning its entry may be probed: behind a landing pad. */
    static final int FARTHEST_ENTRY_BYTES = 16;

    static Site named(Target target) {
        return new Site(
                target,
                new ProbePlace(target.symbol(), null, target.offset(), 0, List.of(), ""),
                PerfProbe.namesMustBeUnique(),
                Place.Traceable.UNKNOWN);
    }

    static Site resolved(Place place) {
        Place.Function function = place.function();
        var note = new StringBuilder();
        if (function.sameName() != null) {
            note.append(function.sameName()).append(" of this name");
        }
        if (function.variantOf() != null) {
            note.append(note.isEmpty() ? "" : "; ")
                    .append("the compiler's copy of ")
                    .append(function.variantOf());
        }
        return new Site(
                null,
                new ProbePlace(
                        function.name(),
                        function.module(),
                        place.offset(),
                        place.address(),
                        function.aliases(),
                        note.toString()),
                function.sameName() == null,
                place.offset() == 0 ? function.traceable() : Place.Traceable.NO);
    }

    /**
     * Looks whether the kernel has planted it there.
     *
     * @return the location
     * @throws SiteRefusedException if it is not there
     */
    public ProbeLocation confirmed(ProbeLocation location) {
        if (named != null) {
            try {
                Confirmation.require(named, location);
            } catch (AttachException e) {
                throw new SiteRefusedException(this, e);
            }
        }
        return location;
    }

    /** The same site when the kernel has told where it planted it. */
    public Site at(ProbeLocation location) {
        return new Site(
                named,
                new ProbePlace(
                        place.symbolName(),
                        place.module(),
                        location.symbol().equals(place.symbolName()) ? location.offset() : place.offset(),
                        location.addr(),
                        place.aliases(),
                        place.note()),
                isNameUnique,
                traceable);
    }

    /** Whether a function's entry was asked for. */
    boolean isEntry() {
        return named != null ? named.offset() == 0 : traceable != Place.Traceable.NO || place.offset() == 0;
    }

    /** As a tracefs event names a place. */
    String forTracefs() {
        return named != null ? named.symbol() : "0x%x".formatted(place.addr());
    }

    @Override
    public String toString() {
        return place.toString();
    }
}
