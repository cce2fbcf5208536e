package org.kprobe4j.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.Plan;
import org.kprobe4j.asm.Assembled;

/**
 * For {@code kprobe explain TARGET FILE.java} and {@code --dry-run}: probes are planted switched off; how is noted, and the program does not
 * wait. What is explained is planted at the target, instead of where the program wants it. Thread-safe.
 */
public final class Explaining {
    private static boolean on;
    private static @Nullable String target;
    private static final List<Noted> NOTED = new ArrayList<>();
    /** What is loaded, and of no probe that is planted already; by the object that the kernel's program is known by. */
    private static final Map<Object, Program> LOADED = new LinkedHashMap<>();

    private Explaining() {}

    /**
     * A probe of the program.
     *
     * @param kind {@code kprobe} or {@code kretprobe}
     * @param where what it was planted at, as it was written
     * @param plan how it was planted
     * @param programs what it loaded
     */
    public record Noted(String kind, String where, Plan plan, List<Program> programs) {
        /** Copies the list. */
        public Noted {
            programs = List.copyOf(programs);
        }
    }

    /**
     * A program that was loaded.
     *
     * @param name as the kernel knows it
     * @param instructions how many
     * @param listing the instructions, one a line, below the Java lines that they were made from
     */
    public record Program(String name, int instructions, List<String> listing) {
        /** Copies the list. */
        public Program {
            listing = List.copyOf(listing);
        }
    }

    /** From now on; all probes go there. */
    public static synchronized void begin(String where) {
        on = true;
        target = where;
    }

    /** From now on; each probe goes where it is wanted. */
    public static synchronized void begin() {
        on = true;
    }

    /** No longer; what was noted is forgotten. */
    public static synchronized void end() {
        on = false;
        target = null;
        NOTED.clear();
        LOADED.clear();
    }

    /** Whether a program is explained and not run. */
    public static synchronized boolean isOn() {
        return on;
    }

    /** Where a probe is to be planted whose program wants it at {@code wanted}. */
    public static synchronized String target(String wanted) {
        return target == null ? wanted : target;
    }

    /** Notes a program that was loaded; a program of several copies once. */
    static synchronized void loaded(Object key, String name, Assembled code, SourceLines sources) {
        if (on) {
            List<String> listing = code.disassemble()
                    .lines()
                    .map(line -> withText(line, sources))
                    .toList();
            LOADED.put(key, new Program(name, code.size(), listing));
        }
    }

    /** "; File.java:12" with the line's text behind it, where the source is there. */
    private static String withText(String line, SourceLines sources) {
        int colon = line.lastIndexOf(':');
        if (!line.startsWith("; ") || colon < 0) {
            return line;
        }
        return sources.text(line.substring(2, colon), Integer.parseInt(line.substring(colon + 1)))
                .map(text -> line + "  " + text)
                .orElse(line);
    }

    /** Forgets a program that is closed: of a way of planting that was tried in vain. */
    static synchronized void unloaded(Object key) {
        LOADED.remove(key);
    }

    /** Notes how a probe was planted. */
    public static synchronized void planted(String kind, String where, Plan plan) {
        if (on) {
            NOTED.add(new Noted(kind, where, plan, List.copyOf(LOADED.values())));
            LOADED.clear();
        }
    }

    /** What was noted. */
    public static synchronized List<Noted> noted() {
        return List.copyOf(NOTED);
    }
}
