package org.kprobe4j.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PossibleCpusTest {
    @Test
    void readsLists() {
        assertThat(PossibleCpus.parse("0-3\n").numbers()).containsExactly(0, 1, 2, 3);
        assertThat(PossibleCpus.parse("0\n").numbers()).containsExactly(0);
        assertThat(PossibleCpus.parse("0-1,4,8-9\n").numbers()).containsExactly(0, 1, 4, 8, 9);
        assertThat(PossibleCpus.parse("0-1,4,8-9\n").bound()).isEqualTo(10);
        assertThat(PossibleCpus.parse("").numbers()).containsExactly(0);
    }

    @Test
    void aMaskKeepsEachNumberInside() {
        assertThat(PossibleCpus.parse("0\n").rows()).isEqualTo(1);
        assertThat(PossibleCpus.parse("0-1\n").rows()).isEqualTo(2);
        assertThat(PossibleCpus.parse("0-2\n").rows()).isEqualTo(4);
        assertThat(PossibleCpus.parse("0-3\n").rows()).isEqualTo(4);
        assertThat(PossibleCpus.parse("0-3,8\n").rows()).isEqualTo(16);
        assertThat(PossibleCpus.parse("0-128\n").rows()).isEqualTo(256);
    }
}
