package org.kprobe4j.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorReportTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int report(boolean json, Check... checks) {
        return DoctorMain.report(List.of(checks), false, json, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    }

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void theWorstFindingIsTheExitStatus() {
        assertThat(report(false, Check.fine("a", "x"), Check.note("b", "y"))).isZero();
        assertThat(report(false, Check.less("a", "x", ""), Check.fine("b", "y")))
                .isEqualTo(1);
        assertThat(report(false, Check.missing("a", "x", ""), Check.less("b", "y", "")))
                .isEqualTo(125);
    }

    @Test
    void thatOnlyAVmWorksHasAStatusOfItsOwn() {
        var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        List<Check> checks =
                List.of(Check.less("kprobes", "none: commands run in a VM", ""), Check.fine("VM", "there"));
        assertThat(DoctorMain.report(checks, true, false, out)).isEqualTo(2);
        assertThat(lines().getLast())
                .isEqualTo("probes work in a VM, not with this machine's kernel: see the lines with 'less'");
        assertThat(DoctorMain.report(List.of(Check.missing("a", "x", "")), true, false, out))
                .isEqualTo(125);
    }

    @Test
    void aLineForEachAndWhatToDo() {
        report(false, Check.fine("BTF", "there"), Check.less("tracefs", "not mounted", "mount it"));
        assertThat(lines())
                .containsExactly(
                        "ok    BTF                           there",
                        "less  tracefs                       not mounted",
                        "                                    -> mount it",
                        "probes work on this machine, with less: see the lines with 'less'");
    }

    @Test
    void anObjectForEach() {
        report(true, Check.missing("kprobes", "no", "boot another"), Check.fine("BTF", "there"));
        assertThat(lines())
                .containsExactly(
                        "{\"check\":\"kprobes\",\"verdict\":\"missing\",\"found\":\"no\",\"remedy\":\"boot another\"}",
                        "{\"check\":\"BTF\",\"verdict\":\"fine\",\"found\":\"there\"}");
    }
}
