package org.kprobe4j.internal.planting;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.HandlerException;
import org.kprobe4j.Mechanism;
import org.kprobe4j.Plan;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.LoadException;
import org.kprobe4j.bpf.UnsupportedException;

/**
 * Tries the ways to plant a probe, the cheapest first. Only what cannot be done here falls through to the next: any other refusal by the
 * kernel is the registration's.
 */
public final class Planner {
    private final String place;
    private final @Nullable Mechanism forced;
    private final List<Plan.Refused> refused = new ArrayList<>();

    /** For a place; {@code forced} is the mechanism that was asked for, if one was. */
    public Planner(String place, @Nullable Mechanism forced) {
        this.place = place;
        this.forced = forced;
    }

    /** A mechanism cannot be used here. */
    public static final class NotHereException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** With the reason. */
        public NotHereException(String reason) {
            super(reason);
        }

        /** With the reason, said by something else. */
        public NotHereException(String reason, Throwable cause) {
            super(reason, cause);
        }
    }

    /**
     * A way to plant the probe.
     *
     * @param mechanism what it is
     * @param refusal why it cannot be, as far as that is known beforehand
     * @param plant plants the probe
     */
    public record Way<T>(Mechanism mechanism, Supplier<Optional<String>> refusal, Supplier<T> plant) {}

    /**
     * A planted probe.
     *
     * @param planted what its way made
     * @param plan how
     */
    public record Planted<T>(T planted, Plan plan) {}

    /** A reason not to take a mechanism that holds unless that mechanism was asked for. */
    public Optional<String> unlessForced(Supplier<Optional<String>> reason) {
        return forced == null ? reason.get() : Optional.empty();
    }

    /**
     * Plants the probe in the first way that can be.
     *
     * @throws AttachException if there is none
     */
    public <T> Planted<T> plant(List<Way<T>> ways) {
        UnsupportedException unsupported = null;
        for (Way<T> way : ways) {
            if (forced != null && way.mechanism() != forced) {
                continue;
            }
            Optional<String> reason = way.refusal().get();
            if (reason.isPresent()) {
                refused.add(new Plan.Refused(way.mechanism(), reason.get()));
                continue;
            }
            try {
                return new Planted<>(way.plant().get(), new Plan(way.mechanism(), refused));
            } catch (NotHereException e) {
                refused.add(new Plan.Refused(way.mechanism(), String.valueOf(e.getMessage())));
            } catch (UnsupportedException e) {
                unsupported = e;
                refused.add(new Plan.Refused(way.mechanism(), e.failure().reason()));
            }
        }
        // What the dearest one lacks says best what to do.
        throw unsupported != null && forced == null ? unsupported : none();
    }

    /**
     * Runs a way that the kernel may refuse for reasons that do not concern the others.
     *
     * @param lacks asked then: what the kernel lacks for any probe of this kind
     * @throws NotHereException if it does
     */
    public static <T> T orElseNext(Supplier<T> way, Supplier<Optional<String>> lacks) {
        try {
            return orElseNext(way);
        } catch (NotHereException e) {
            throw lacks.get().map(lack -> new NotHereException(lack, e)).orElse(e);
        }
    }

    private static <T> T orElseNext(Supplier<T> way) {
        try {
            return way.get();
        } catch (HandlerException e) {
            if (e.getCause() instanceof LoadException refusal) {
                throw new NotHereException(
                        "the kernel does not load the program: "
                                + refusal.failure().reason(),
                        e);
            }
            throw e;
        } catch (AttachException e) {
            Failure failure = e.failure();
            throw new NotHereException("%s (%s)".formatted(failure.reason(), Errno.name(failure.errno())), e);
        }
    }

    private AttachException none() {
        return none(
                refused.isEmpty()
                        ? "no probe of this kind is planted so"
                        : refused.getFirst().reason());
    }

    /** Why the mechanism that was asked for cannot be; where none was, the dearest way plants the probe or says itself why not. */
    public AttachException none(String reason) {
        return new AttachException(new Failure(
                "attach kprobe",
                place,
                Errno.EOPNOTSUPP,
                "mechanism %s was asked for: %s".formatted(forced, reason),
                "leave the mechanism out, and the cheapest that can do it is taken"));
    }
}
