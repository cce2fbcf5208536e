package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PossibleCpusTest {
    @Test
    void aMaskKeepsEachNumberInside() {
        assertThat(PossibleCpus.rows("0\n")).isEqualTo(1);
        assertThat(PossibleCpus.rows("0-1\n")).isEqualTo(2);
        assertThat(PossibleCpus.rows("0-2\n")).isEqualTo(4);
        assertThat(PossibleCpus.rows("0-3\n")).isEqualTo(4);
        assertThat(PossibleCpus.rows("0-3,8\n")).isEqualTo(16);
        assertThat(PossibleCpus.rows("0,2-127\n")).isEqualTo(128);
        assertThat(PossibleCpus.rows("0-128\n")).isEqualTo(256);
    }
}
