package org.kprobe4j.cli.doctor;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kprobe4j.ProbeException;
import org.kprobe4j.cli.JsonText;
import org.kprobe4j.cli.doctor.Check.Verdict;
import org.kprobe4j.internal.Runs;

/** Looks at the running machine: {@code DoctorMain JSON}. */
public final class DoctorMain {
    private static final int LESS = 1;
    private static final int ONLY_IN_VM = 2;
    private static final int NAME_COLUMNS = 28;

    private DoctorMain() {}

    /**
     * Looks, and ends the JVM with the exit status.
     *
     * @param args whether JSON is wanted
     */
    public static void main(String[] args) {
        System.exit(examine(args.length > 0 && Boolean.parseBoolean(args[0]), List.of(), System.out));
    }

    /**
     * Looks at the machine, plants probes to try it, and says what was found.
     *
     * @param json whether an object for each check is wanted
     * @param more where commands run if this machine's kernel has no kprobes
     * @param out where to
     * @return the exit status: 0 if all is well, 1 if something falls away, 2 if only a VM works, 125 if no probe works
     */
    public static int examine(boolean json, List<Check> more, PrintStream out) {
        Runs.linkAhead();
        boolean runsInVm = more.stream().anyMatch(check -> check.verdict() == Verdict.FINE);
        List<Check> checks = new ArrayList<>(MachineChecks.all(runsInVm));
        if (!runsInVm && Check.worst(checks) != Verdict.MISSING) {
            checks.addAll(SelfTest.run());
        }
        checks.addAll(more);
        return report(checks, runsInVm, json, out);
    }

    /** Says what was found. */
    static int report(List<Check> checks, boolean runsInVm, boolean json, PrintStream out) {
        Verdict worst = Check.worst(checks);
        if (json) {
            checks.forEach(check -> out.println(json(check)));
        } else {
            checks.forEach(check -> out.println(line(check)));
            out.println(closing(worst, runsInVm));
        }
        out.flush();
        return switch (worst) {
            case FINE, NOTE -> 0;
            case LESS -> runsInVm ? ONLY_IN_VM : LESS;
            case MISSING -> ProbeException.EXIT_STATUS;
        };
    }

    private static String line(Check check) {
        String line = "%-4s  %-" + NAME_COLUMNS + "s  %s";
        String text = line.formatted(check.verdict().text(), check.name(), check.found());
        return check.remedy().isEmpty() ? text : text + "\n" + line.formatted("", "", "-> " + check.remedy());
    }

    private static String closing(Verdict worst, boolean runsInVm) {
        return switch (worst) {
            case FINE, NOTE -> "probes work on this machine";
            case LESS ->
                runsInVm
                        ? "probes work in a VM, not with this machine's kernel: see the lines with 'less'"
                        : "probes work on this machine, with less: see the lines with 'less'";
            case MISSING -> "probes do not work on this machine: see the lines with 'FAIL'";
        };
    }

    private static String json(Check check) {
        var json = new JsonText()
                .object("")
                .put("check", check.name())
                .put("verdict", check.verdict().name().toLowerCase(Locale.ROOT))
                .put("found", check.found());
        if (!check.remedy().isEmpty()) {
            json.put("remedy", check.remedy());
        }
        return json.endObject().toString();
    }
}
