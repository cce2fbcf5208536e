package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PostAccountTest {
    @Test
    void theClosingLineSaysWhatBecameOfThem() {
        assertThat(new PostAccount(0, 0, 0, 0)).hasToString("0 armed = 0 delivered");
        assertThat(new PostAccount(12, 9, 1, 2)).hasToString("12 armed = 9 delivered + 1 faulted + 2 lost");
    }
}
