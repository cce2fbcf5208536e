package org.kprobe4j;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a probe was planted, and why not more cheaply.
 *
 * @param chosen the mechanism
 * @param refused the cheaper ones; beside fentry/fexit also fsession, which is cheaper to plant alone
 */
public record Plan(Mechanism chosen, List<Refused> refused) {
    /** Copies the list. */
    public Plan {
        refused = List.copyOf(refused);
    }

    /** One that is the only one for a reason that holds for all the cheaper ones. */
    static Plan only(Mechanism mechanism, String reason) {
        return new Plan(
                mechanism,
                Arrays.stream(Mechanism.values())
                        .filter(other -> other.compareTo(mechanism) < 0)
                        .map(other -> new Refused(other, reason))
                        .toList());
    }

    /** With one more that was not taken. */
    Plan and(Refused other) {
        return new Plan(
                chosen, Stream.concat(refused.stream(), Stream.of(other)).toList());
    }

    /**
     * A mechanism that would have been cheaper.
     *
     * @param mechanism the mechanism
     * @param reason why it could not be
     */
    public record Refused(Mechanism mechanism, String reason) {
        @Override
        public String toString() {
            return "not %s: %s".formatted(mechanism, reason);
        }
    }

    /**
     * In one line.
     *
     * @return {@code perf kprobe (not fentry/fexit: the handler reads register flags, and ...; not kprobe.multi: ...)}
     */
    @Override
    public String toString() {
        return refused.isEmpty()
                ? chosen.describe()
                : chosen.describe()
                        + refused.stream().map(Refused::toString).collect(Collectors.joining("; ", " (", ")"));
    }
}
