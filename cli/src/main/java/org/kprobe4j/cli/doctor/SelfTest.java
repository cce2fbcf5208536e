package org.kprobe4j.cli.doctor;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.kprobe4j.Counter;
import org.kprobe4j.KernelProbes;
import org.kprobe4j.Kprobe;
import org.kprobe4j.Kretprobe;
import org.kprobe4j.Mechanism;
import org.kprobe4j.ProbeException;
import org.kprobe4j.cli.doctor.Check.Verdict;

/**
 * Plants real probes on a function that hardly anybody calls, calls it so and so often with known arguments, and looks what was counted.
 * That is {@code null_lseek}, which runs for each seek in /dev/null and does nothing.
 */
final class SelfTest {
    private static final String FUNCTION = "null_lseek";
    private static final int CALLS = 1000;
    /** Offsets that nobody else would seek to: what others do at the time is not counted. */
    private static final long FIRST = 0x6b70_726f_6265L;

    private static final List<Mechanism> OF_ENTRIES =
            List.of(Mechanism.FENTRY, Mechanism.KPROBE_MULTI, Mechanism.PERF_KPROBE);
    private static final List<Mechanism> OF_RETURNS = List.of(Mechanism.values());

    private final List<Check> checks = new ArrayList<>();

    private SelfTest() {}

    /** Per-instance data: the offset that was asked for at the entry. */
    static final class Call {
        long offset;
    }

    static List<Check> run() {
        var test = new SelfTest();
        test.group("kprobe", OF_ENTRIES, SelfTest::kprobe);
        test.group("kretprobe", OF_RETURNS, SelfTest::kretprobe);
        test.nothingIsLeft();
        return test.checks;
    }

    /** One mechanism is enough; which others there are only changes what a hit costs. */
    private void group(String kind, List<Mechanism> mechanisms, Function<Mechanism, String> run) {
        int works = 0;
        var found = new ArrayList<Check>();
        for (Mechanism mechanism : mechanisms) {
            String name = "%s by %s".formatted(kind, mechanism);
            Check check = one(name, mechanism, run);
            works += check.verdict() == Verdict.FINE ? 1 : 0;
            found.add(check);
        }
        for (Check check : found) {
            boolean none = works == 0 && check.verdict() == Verdict.NOTE;
            checks.add(none ? new Check(check.name(), Verdict.MISSING, check.found(), check.remedy()) : check);
        }
    }

    private static Check one(String name, Mechanism mechanism, Function<Mechanism, String> run) {
        try {
            String difference = run.apply(mechanism);
            return difference.isEmpty()
                    ? Check.fine(
                            name, "%d calls of %s: hits and arguments as they should be".formatted(CALLS, FUNCTION))
                    : Check.missing(name, difference, "please report it, with this output");
        } catch (ProbeException e) {
            return Check.note(name, firstLine(e));
        }
    }

    private static String firstLine(ProbeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }

    /** What differs from what was called; empty if nothing. */
    private static String kprobe(Mechanism mechanism) {
        long first = FIRST;
        long end = FIRST + CALLS;
        try (var hits = Counter.of();
                var sum = Counter.of();
                var _ = Kprobe.at(FUNCTION)
                        .mechanism(mechanism)
                        .preHandler((p, regs) -> {
                            long offset = regs.arg(1);
                            if (offset >= first && offset < end) {
                                hits.increment();
                                sum.add(offset - first);
                            }
                            return 0;
                        })
                        .register()) {
            seek();
            return difference(hits.sum(), sum.sum());
        }
    }

    private static String kretprobe(Mechanism mechanism) {
        long first = FIRST;
        long end = FIRST + CALLS;
        try (var hits = Counter.of();
                var sum = Counter.of();
                var _ = Kretprobe.at(FUNCTION, Call.class)
                        .mechanism(mechanism)
                        .entryHandler((ri, regs) -> {
                            long offset = regs.arg(1);
                            ri.data().offset = offset;
                            return offset >= first && offset < end ? 0 : 1;
                        })
                        .handler((ri, regs) -> {
                            hits.increment();
                            sum.add(ri.data().offset - first + regs.returnValue());
                            return 0;
                        })
                        .register()) {
            seek();
            return difference(hits.sum(), sum.sum());
        }
    }

    /** Each call with another offset; the function returns the file's position, which stays 0. */
    private static void seek() {
        try (var file = new RandomAccessFile("/dev/null", "r")) {
            for (int i = 0; i < CALLS; i++) {
                file.seek(FIRST + i);
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot seek in /dev/null: " + e.getMessage(), e);
        }
    }

    private static String difference(long hits, long sum) {
        long expected = (long) CALLS * (CALLS - 1) / 2;
        if (hits != CALLS) {
            return "%d calls of %s, but %d hits".formatted(CALLS, FUNCTION, hits);
        }
        return sum == expected
                ? ""
                : "%d calls of %s with arguments and results that make %d, but the handlers saw %d"
                        .formatted(CALLS, FUNCTION, expected, sum);
    }

    private void nothingIsLeft() {
        try {
            List<String> left = new ArrayList<>();
            KernelProbes.planted().stream()
                    .filter(KernelProbes.Planted::ours)
                    .forEach(probe -> left.add(probe.toString()));
            KernelProbes.events().stream()
                    .filter(KernelProbes.Event::ours)
                    .forEach(event -> left.add(event.group() + "/" + event.name()));
            checks.add(
                    left.isEmpty()
                            ? Check.fine("after the test", "none of its probes is left")
                            : Check.missing(
                                    "after the test",
                                    "still planted: " + String.join(", ", left),
                                    "please report it, with this output"));
        } catch (ProbeException e) {
            checks.add(Check.note("after the test", "not known whether a probe is left: " + e.getMessage()));
        }
    }
}
