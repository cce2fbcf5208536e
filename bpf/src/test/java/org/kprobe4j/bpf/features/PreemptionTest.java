package org.kprobe4j.bpf.features;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kprobe4j.bpf.features.Answer.Verdict;
import org.kprobe4j.bpf.internal.FakeKernel;

class PreemptionTest {
    private static final String DYNAMIC = "#1 SMP PREEMPT_DYNAMIC Debian 6.12.107-1 (2026-08-29)\n";
    private final FakeKernel kernel = new FakeKernel();

    @ParameterizedTest
    @CsvSource({
        "none (voluntary) full, NO",
        "(none) voluntary full, NO",
        "none voluntary (full), YES",
        "none voluntary full (lazy), YES",
        "full (lazy), YES"
    })
    void aKernelThatCanChangeSaysItsMode(String modes, Verdict verdict) {
        kernel.file("/proc/sys/kernel/version", DYNAMIC);
        kernel.file("/sys/kernel/debug/sched/preempt", modes + " \n");
        String mode = modes.substring(modes.indexOf('(') + 1, modes.indexOf(')'));
        assertThat(Preemption.running(kernel)).isEqualTo(new Answer(verdict, "its mode is " + mode));
    }

    @Test
    void aModeThatCannotBeReadIsInDoubt() {
        kernel.file("/proc/sys/kernel/version", DYNAMIC);
        assertThat(Preemption.running(kernel))
                .isEqualTo(new Answer(Verdict.INCONCLUSIVE, "/sys/kernel/debug/sched/preempt cannot be read"));
    }

    @ParameterizedTest
    @CsvSource({
        "#1 SMP Debian 5.10.251-1 (2026-02-01), NO",
        "#1 SMP PREEMPT Debian 6.1.1 (2026-02-01), YES",
        "#1 SMP PREEMPT_RT Debian 6.12.1 (2026-02-01), YES"
    })
    void othersSayItByTheirBuild(String build, Verdict verdict) {
        kernel.file("/proc/sys/kernel/version", build + "\n");
        assertThat(Preemption.running(kernel)).isEqualTo(new Answer(verdict, "its build is " + build));
    }

    @Test
    void withoutProcNothingIsKnown() {
        assertThat(Preemption.running(kernel).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    }
}
