package org.kprobe4j.cli.trace;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.cli.expression.Type;

/**
 * How a function's calls are shown.
 *
 * @param function its name
 * @param values the arguments, or the expressions that were asked for
 * @param result what it returns; null for nothing
 */
record FunctionView(
        String function, List<Shown> values, @Nullable Type result) {
    FunctionView {
        values = List.copyOf(values);
    }
}
