package org.kprobe4j.lab.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TestTallyTest {
    @Test
    void readsBackWhatItWrote() {
        TestTally tally = new TestTally(3, 1, Map.of("needs Linux 5.18", 2, "no BTF", 1));
        assertThat(TestTally.parse(tally.toLines())).isEqualTo(tally);
        assertThat(tally.total()).isEqualTo(7);
    }

    @Test
    void closesWithTheLineThatToolsRead() {
        assertThat(new TestTally(3, 0, Map.of()).closingLine()).isEqualTo("3 passed, 0 failed");
        assertThat(new TestTally(3, 1, Map.of("r", 2)).closingLine()).isEqualTo("3 passed, 1 failed, 2 skipped");
    }

    @Test
    void addsUpByReason() {
        TestTally sum = new TestTally(1, 0, Map.of("r", 1)).plus(new TestTally(2, 1, Map.of("r", 2, "s", 1)));
        assertThat(sum).isEqualTo(new TestTally(3, 1, Map.of("r", 3, "s", 1)));
    }
}
