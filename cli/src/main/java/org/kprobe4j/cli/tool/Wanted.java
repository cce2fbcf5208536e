package org.kprobe4j.cli.tool;

import org.kprobe4j.cli.expression.Moment;
import org.kprobe4j.cli.expression.Value;

/**
 * Which hits are wanted. A handler captures it.
 *
 * @param scope whose
 * @param condition what must be true of them
 */
public record Wanted(Scope scope, Value condition) {
    /** Whether this one is; in a handler only. */
    public boolean is(Moment moment) {
        return scope.covers() && condition.value(moment) != 0;
    }
}
