/**
 * {@code kprobe trace}: a line for each call. {@link TracePlan} says what is read of each function's calls, {@link Tracer} is the
 * handlers, {@link TraceEvent} what they send, {@link TraceReader} puts the records of a call together, {@link CallText} and {@link
 * CallRows} show them.
 */
@NullMarked
package org.kprobe4j.cli.trace;

import org.jspecify.annotations.NullMarked;
