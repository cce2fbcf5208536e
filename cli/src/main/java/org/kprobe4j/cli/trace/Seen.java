package org.kprobe4j.cli.trace;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.KernelStack;
import org.kprobe4j.PtRegs;
import org.kprobe4j.UserStack;

/**
 * A call with all that was sent of it.
 *
 * @param view how its function's calls are shown
 * @param place the function, or the place in it
 * @param call its record
 * @param extras what was sent beside; null if nothing was
 */
record Seen(
        FunctionView view,
        String place,
        TraceEvent.Call call,
        @Nullable Extras extras) {
    /** What was sent of a call beside its record. */
    static final class Extras {
        final @Nullable String[] texts = new @Nullable String[TraceEvent.TEXTS];

        @Nullable
        KernelStack stack;

        @Nullable
        UserStack userStack;

        @Nullable
        PtRegs registers;
    }

    @Nullable
    String text(Shown shown) {
        return extras == null || shown.text() == Shown.NONE ? null : extras.texts[shown.text()];
    }

    long number(Shown shown) {
        return shown.number() == Shown.NONE ? 0 : call.number(shown.number());
    }
}
