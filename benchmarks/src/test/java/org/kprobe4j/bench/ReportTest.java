package org.kprobe4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.lab.KernelRow;

/** The tables, made from what a guest says. */
final class ReportTest {
    private static final String TITLE = "From the command to planted, and away again, Linux 6.12, seconds";

    @Test
    void hitsAreComparedWithThoseOfOthers() {
        Report report = new Report();

        report.hits(
                KernelRow.of("6.12"),
                List.of(
                        Result.baseline(new SeekLoop.Cost(318.4, 318.4)),
                        "bench: what a guest says besides",
                        Result.version("bpftrace v0"),
                        Result.of("count", Result.OURS, new SeekLoop.Cost(139, 139), ""),
                        Result.of("count", "bpftrace fentry", new SeekLoop.Cost(278, 278), ""),
                        Result.failed("stack", Result.OURS, "counted 1 of\n2 calls"),
                        Result.baseline(new SeekLoop.Cost(318.5, 318.4))),
                false);

        assertThat(report.failures()).isEqualTo(1);
        assertThat(report.news()).isEqualTo("""

                Instructions added per hit, Linux 6.12

                case   by                added  in the task  to reach  ratio
                count  kprobe4j          139.0        139.0       140         count, nothing else read
                       bpftrace fentry   278.0        278.0             0.50
                stack  kprobe4j         failed                                counted 1 of 2 calls
                A call without a probe: 318.4 before all this, after it 318.5. Measured with bpftrace v0.
                """);
        assertThat(report.news()).isEmpty();
    }

    @Test
    void timesAreThoseOfACommand() {
        Report report = new Report();

        report.timings(
                Options.START,
                KernelRow.of("6.12"),
                false,
                List.of(
                        new Timing("one kprobe", Result.OURS, 1, 0.5, 0.6, 0.2, 0.1, 60, "").line(),
                        new Timing("one kprobe", "bpftrace", 0, 0, 1.2, 0, 0, 98, "").line(),
                        Timing.failed("s*,p*", "bpftrace", "not done after 100 s")
                                .line()),
                true);

        assertThat(report.failures()).isEqualTo(1);
        assertThat(report.markdown("# Old\n\n## One\n\nstays\n\n## %s\n\ngoes\n".formatted(TITLE)))
                .endsWith("""

                ## One

                stays

                ## From the command to planted, and away again, Linux 6.12, seconds

                | what | by | functions | attach | detach | to planted | whole run | ratio | MiB |  |
                | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
                | one kprobe | kprobe4j | 1 | 0.20 | 0.10 | 0.50 | 0.60 |  | 60.0 |  |
                | one kprobe | bpftrace |  |  |  |  | 1.20 | 0.50 | 98.0 |  |
                | s\\*,p\\* | bpftrace |  |  |  |  | failed |  |  | not done after 100 s |

                Two processors, instructions not counted: these times depend on the machine and on what else it does.
                """);
    }
}
