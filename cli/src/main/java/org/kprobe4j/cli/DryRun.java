package org.kprobe4j.cli;

import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kprobe4j.internal.Explaining;
import picocli.CommandLine.Option;

/**
 * Shows how a run's probes would be planted, instead of the run. Which way a kernel takes is known when it has taken it, so each probe is
 * planted for a moment, switched off, and removed at once.
 */
public final class DryRun {
    /** The system property that asks for it where a program runs in a JVM of its own: {@code plan} or {@code asm}. */
    static final String PROPERTY = "kprobe4j.dryRun";

    private static final String PLAN = "plan";
    private static final String ASSEMBLY = "asm";

    @Option(
            names = "--dry-run",
            description =
                    "Only say how the probes are planted, on standard output; COMMAND is not run, nothing stays planted.")
    private boolean wanted;

    @Option(
            names = "--emit",
            paramLabel = "asm",
            completionCandidates = Forms.class,
            description =
                    "With --dry-run: show the eBPF programs, too, below the lines of Java that they were made from.")
    private @Nullable String form;

    /** Not asked for. */
    public DryRun() {}

    private DryRun(boolean wanted, @Nullable String form) {
        this.wanted = wanted;
        this.form = form;
    }

    /** What may be shown. */
    static final class Forms implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of(ASSEMBLY).iterator();
        }
    }

    /** As {@link #word()} says it. */
    static DryRun of(String word) {
        return new DryRun(true, word.equals(ASSEMBLY) ? word : null);
    }

    /** The value of {@link #PROPERTY}. */
    String word() {
        return form == null ? PLAN : form;
    }

    /** Refuses what is written wrongly. */
    public void check() {
        if (form != null && !form.equals(ASSEMBLY)) {
            throw new KprobeException("--emit %s: there is asm".formatted(form));
        } else if (form != null && !wanted) {
            throw new KprobeException(
                    "--emit asm shows the programs that would be loaded, instead of a run; add --dry-run");
        }
    }

    /** Whether it is asked for. */
    public boolean isWanted() {
        return wanted;
    }

    /**
     * Has probes planted and says how.
     *
     * @param plant plants them, and removes them; its status
     * @param lines takes what is said
     * @return the status
     */
    public int run(Planting plant, Consumer<String> lines) {
        Explaining.begin();
        try {
            int status = plant.plant();
            if (status == 0) {
                PlanText.ofPlanned(Explaining.noted(), form != null).forEach(lines);
            }
            return status;
        } finally {
            Explaining.end();
        }
    }

    /** Plants probes and removes them. */
    @FunctionalInterface
    public interface Planting {
        /**
         * Does it.
         *
         * @return exit status; nothing is said if it is not 0
         */
        int plant();
    }
}
