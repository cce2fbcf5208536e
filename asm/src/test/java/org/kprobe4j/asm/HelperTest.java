package org.kprobe4j.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HelperTest {
    @Test
    void namesAndNumbersAgree() {
        for (var helper : Helper.values()) {
            assertThat(Helper.nameOf(helper.id())).contains(helper.kernelName());
            assertThat(Helper.of(helper.id())).contains(helper);
        }
        // Spread over the table, from the kernel's header: a name too many or too few would shift those after it.
        assertThat(Helper.nameOf(1)).contains("bpf_map_lookup_elem");
        assertThat(Helper.nameOf(50)).contains("bpf_skb_adjust_room");
        assertThat(Helper.nameOf(100)).contains("bpf_tcp_check_syncookie");
        assertThat(Helper.nameOf(150)).contains("bpf_seq_printf_btf");
        assertThat(Helper.nameOf(211)).contains("bpf_cgrp_storage_delete");
        assertThat(Helper.nameOf(212)).isEmpty();
        assertThat(Helper.nameOf(0)).isEmpty();
        assertThat(Helper.of(-1)).isEmpty();
        assertThat(Helper.of(Integer.MAX_VALUE)).isEmpty();
        assertThat(IntStream.rangeClosed(1, 211).mapToObj(Helper::nameOf)).doesNotHaveDuplicates();
    }

    @Test
    void helpersCameInTheOrderOfTheirNumbers() {
        var before = new KernelVersion(0, 0);
        for (var helper : Helper.values()) {
            assertThat(helper.since()).as(helper.kernelName()).isGreaterThanOrEqualTo(before);
            before = helper.since();
        }
    }

    @Test
    void versions() {
        assertThat(KernelVersion.parse("6.12.48+deb13-amd64")).isEqualTo(new KernelVersion(6, 12));
        assertThat(KernelVersion.parse("7.2-rc1")).isGreaterThan(new KernelVersion(6, 18));
        assertThat(new KernelVersion(5, 10))
                .isGreaterThan(new KernelVersion(5, 8))
                .hasToString("5.10");
        assertThatThrownBy(() -> KernelVersion.parse("linux")).hasMessage("not a kernel release: linux");
        assertThatThrownBy(() -> KernelVersion.parse("6")).hasMessage("not a kernel release: 6");
    }
}
