package org.kprobe4j.cli;

import java.io.PrintStream;
import java.util.Arrays;
import org.kprobe4j.ProbeException;
import org.kprobe4j.internal.targets.TargetReport;

/** Says what a target means: {@code ExplainMain TARGET [--all]}. */
public final class ExplainMain {
    /** Long lists in full. */
    static final String ALL = "--all";

    private static final int NOTHING = 1;

    private ExplainMain() {}

    /**
     * Explains the target and ends the JVM.
     *
     * @param args the target, and perhaps {@value #ALL}
     */
    public static void main(String[] args) {
        if (args.length < 1) {
            System.err.println("kprobe: usage: ExplainMain TARGET [--all]");
            System.exit(ProbeException.EXIT_STATUS);
        }
        System.exit(explain(args[0], Arrays.asList(args).contains(ALL), System.out, System.err));
    }

    /** Says what a target means; the exit status. */
    static int explain(String target, boolean all, PrintStream out, PrintStream err) {
        try {
            TargetReport report = TargetReport.of(target, all);
            report.lines().forEach(out::println);
            out.flush();
            report.errors().forEach(error -> err.println("kprobe: " + error));
            return report.places() == 0 ? NOTHING : 0;
        } catch (RuntimeException e) {
            err.println("kprobe: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            if (RunMain.debugging()) {
                e.printStackTrace(err);
            }
            return ProbeException.EXIT_STATUS;
        }
    }
}
