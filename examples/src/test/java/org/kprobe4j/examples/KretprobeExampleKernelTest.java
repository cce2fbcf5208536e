package org.kprobe4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class KretprobeExampleKernelTest {
    @Test
    void timesEveryForkOfTheCommand() throws Exception {
        Example run = Example.run("KretprobeExample", "--", "sh", "-c", "true & true & wait; ls / >/dev/null; :")
                .succeeded();
        assertThat(run.out().getFirst()).matches("Planted return probe at kernel_clone: 0x[0-9a-f]+");
        assertThat(run.matching("kernel_clone returned \\d+ and took \\d+ ns to execute"))
                .hasSizeGreaterThanOrEqualTo(3);
        assertThat(run.out().getLast()).isEqualTo("Missed probing 0 instances of kernel_clone");
    }
}
