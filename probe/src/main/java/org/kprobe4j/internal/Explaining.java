package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Plan;

/**
 * For {@code kprobe explain TARGET FILE.java}: a program's probes are planted at the target instead of where the program wants them, switched
 * off; how is noted, and the program does not wait. Thread-safe.
 */
public final class Explaining {
    private static @Nullable String target;
    private static final List<Noted> NOTED = new ArrayList<>();

    private Explaining() {}

    /**
     * A probe of the program.
     *
     * @param kind {@code kprobe} or {@code kretprobe}
     * @param plan how it was planted
     */
    public record Noted(String kind, Plan plan) {}

    /** From now on. */
    public static synchronized void begin(String where) {
        target = where;
    }

    /** Whether a program is explained and not run. */
    public static synchronized boolean isOn() {
        return target != null;
    }

    /** Where a probe is to be planted whose program wants it at {@code wanted}. */
    public static synchronized String target(String wanted) {
        return target == null ? wanted : target;
    }

    /** Notes how a probe was planted. */
    public static synchronized void planted(String kind, Plan plan) {
        if (target != null) {
            NOTED.add(new Noted(kind, plan));
        }
    }

    /** What was noted. */
    public static synchronized List<Noted> noted() {
        return List.copyOf(NOTED);
    }
}
