package org.kprobe4j.cli.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
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
 * @param lost which parts were lost, as {@link TraceEvent.Call#sent} says them, or {@link #LOST_RETURN}
 */
record Seen(
        FunctionView view,
        String place,
        TraceEvent.Call call,
        @Nullable Extras extras,
        int lost) {
    /** The call's own record was lost: nothing is known but where it began and what extras say. */
    static final int LOST_RETURN = TraceEvent.REGISTERS << 1;

    /** Says which task it is; idle tasks all have the number 0, one for each processor. */
    static long task(int tid, int cpu) {
        return tid == 0 ? -1L - cpu : tid;
    }

    /** Whether the call's own record is there. */
    boolean hasReturn() {
        return (lost & LOST_RETURN) == 0;
    }

    /** Whether what is shown of a value was lost. */
    boolean lacks(Shown shown) {
        boolean isText = shown.text() != Shown.NONE;
        return isText ? text(shown) == null && (!hasReturn() || (lost & 1 << shown.text()) != 0) : !hasReturn();
    }

    /** The names of what was lost, as machines read them. */
    @Nullable
    List<String> lost(FunctionView of) {
        if (lost == 0) {
            return null;
        }
        var names = new ArrayList<String>();
        for (Shown shown : of.values()) {
            if (lacks(shown)) {
                names.add(shown.name());
            }
        }
        names.addAll(lostExtras(lost));
        if (!hasReturn()) {
            names.add("return");
        }
        return names;
    }

    /** The names of what was lost beside the values. */
    static List<String> lostExtras(int lost) {
        var names = new ArrayList<String>();
        for (var extra : EXTRAS.entrySet()) {
            if ((lost & extra.getKey()) != 0) {
                names.add(extra.getValue());
            }
        }
        return names;
    }

    private static final SortedMap<Integer, String> EXTRAS = new TreeMap<>(
            Map.of(TraceEvent.STACK, "stack", TraceEvent.USER_STACK, "user_stack", TraceEvent.REGISTERS, "registers"));

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
