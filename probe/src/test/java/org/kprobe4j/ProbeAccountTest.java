package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kprobe4j.ProbeAccount.Untold;

/** The line at the end of a run. */
class ProbeAccountTest {
    @Test
    void what_is_zero_is_not_said() {
        assertThat(new ProbeAccount(12, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of()))
                .hasToString("12 hits = 12 delivered");
    }

    @Test
    void each_loss_has_its_name() {
        assertThat(new ProbeAccount(36, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, Set.of()))
                .hasToString(
                        "36 hits = 1 delivered + 2 filtered + 3 in flight + 4 ended inside (their tasks exited) + 5 missed (nmissed) + 6 lost to recursion + 7 lost to a full map + 8 faulted; 9 records lost to a full ring buffer; 10 records lost to a busy ring buffer; 11 entries lost to a full map; 12 stacks lost to a taken place");
    }

    @Test
    void a_number_that_cannot_be_had_is_named() {
        assertThat(new ProbeAccount(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of(Untold.RECURSION, Untold.MISSED)))
                .hasToString(
                        "1 hits = 1 delivered; not told here: missed (nmissed) before Linux 6.7, lost to recursion before Linux 6.7");
        assertThat(new ProbeAccount(1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of(Untold.ENDED_INSIDE)))
                .hasToString(
                        "1 hits = 0 delivered + 1 in flight; not told here: ended inside, in a PID namespace, so they are among those in flight");
    }

    @Test
    void what_fsession_does_not_tell_apart() {
        assertThat(new ProbeAccount(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of(Untold.RECURSION_AT_ENTRY)))
                .hasToString(
                        "1 hits = 1 delivered; not told here: lost to recursion at entries, which fsession counts with returns");
    }

    @Test
    void what_a_kernel_does_not_tell() {
        assertThat(ReturnCount.untold(-1, false)).containsExactly(Untold.MISSED, Untold.RECURSION);
        assertThat(ReturnCount.untold(0, false)).containsExactly(Untold.RECURSION);
        assertThat(ReturnCount.untold(0, true)).isEmpty();
    }
}
