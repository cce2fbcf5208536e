package org.kprobe4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.kprobe4j.Counter;
import org.kprobe4j.Kernel;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.Plan;
import org.kprobe4j.ProbeException;
import org.kprobe4j.internal.Explaining;

/** How a target is planted, in lines to read. Probes are planted to find it out, and removed at once. */
final class PlanText {
    /** Characters of a target. */
    private static final int LONG = 60;

    private PlanText() {}

    /** Per-instance data. */
    static final class Call {
        long start;
    }

    /** By what handlers do: small ones are planted for it. */
    static List<String> ofSamples(String target, boolean isOne) {
        var lines = new ArrayList<String>();
        lines.add("how it is planted, by what the handlers do:");
        try (var sum = Counter.of()) {
            add(lines, "count, read nothing", () -> {
                try (var probe = Kprobe.at(target).preHandler((p, regs) -> 0).register()) {
                    return probe.plan();
                }
            });
            add(lines, "read registers", () -> {
                try (var probe = Kprobe.at(target)
                        .preHandler((p, regs) -> {
                            sum.add(regs.sp());
                            return 0;
                        })
                        .register()) {
                    return probe.plan();
                }
            });
            if (isOne) {
                addReturns(lines, target, sum);
            }
        }
        return lines;
    }

    private static void addReturns(List<String> lines, String target, Counter sum) {
        add(lines, "read the return value", () -> {
            try (var probe = Kretprobe.at(target)
                    .handler((ri, regs) -> {
                        sum.add(regs.returnValue());
                        return 0;
                    })
                    .register()) {
                return probe.plan();
            }
        });
        add(lines, "entry and return, with data", () -> {
            try (var probe = Kretprobe.at(target, Call.class)
                    .entryHandler((ri, regs) -> {
                        ri.data().start = Kernel.ktimeNs();
                        return 0;
                    })
                    .handler((ri, regs) -> {
                        sum.add(Kernel.ktimeNs() - ri.data().start);
                        return 0;
                    })
                    .register()) {
                return probe.plan();
            }
        });
    }

    private static void add(List<String> lines, String does, Supplier<Plan> planted) {
        try {
            lines.addAll(of(does, planted.get()));
        } catch (ProbeException e) {
            // Behind the first line stands where in the target it is.
            lines.add("  %s: %s"
                    .formatted(
                            does,
                            String.valueOf(e.getMessage()).lines().findFirst().orElse("")));
        }
    }

    /** The probes of a program that was run to see it. */
    static List<String> ofProgram(List<Explaining.Noted> probes) {
        var lines = new ArrayList<String>();
        lines.add(probes.isEmpty() ? "the program plants no probe" : "how the program's handlers are planted:");
        probes.forEach(probe -> lines.addAll(of(probe.kind(), probe.plan())));
        return lines;
    }

    /** The probes of a run that was not made; with the programs. */
    static List<String> ofPlanned(List<Explaining.Noted> probes, boolean programs) {
        var lines = new ArrayList<String>();
        lines.add(probes.isEmpty() ? "no probe is planted" : "how the probes are planted; nothing stays:");
        for (Explaining.Noted probe : probes) {
            lines.addAll(of("%s at %s".formatted(probe.kind(), shortened(probe.where())), probe.plan()));
            if (programs) {
                probe.programs().forEach(program -> lines.addAll(listing(program)));
            }
        }
        return lines;
    }

    private static String shortened(String target) {
        if (target.length() <= LONG) {
            return target;
        }
        int comma = target.lastIndexOf(',', LONG);
        return comma < 0
                ? target.substring(0, LONG) + "..."
                : "%s,... (%d in all)".formatted(target.substring(0, comma), target.split(",", -1).length);
    }

    private static List<String> listing(Explaining.Program program) {
        var lines = new ArrayList<String>();
        lines.add("      program %s, %d instructions:".formatted(program.name(), program.instructions()));
        program.listing().forEach(line -> lines.add("        " + line));
        return lines;
    }

    /** The mechanism, and a line for each cheaper one. */
    static List<String> of(String what, Plan plan) {
        var lines = new ArrayList<String>();
        lines.add("  %s: %s".formatted(what, plan.chosen().describe()));
        plan.refused().forEach(refused -> lines.add("      " + refused));
        return lines;
    }
}
