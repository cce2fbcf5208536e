package org.kprobe4j.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RecordLayoutTest {
    record All(boolean a, short b, byte c, int d, byte e, long f, char g, String h) {}

    record Small(byte a) {}

    record Empty() {}

    record Wrong(double d) {}

    @Test
    void components_lie_at_their_natural_alignment() {
        RecordLayout layout = RecordLayout.of(All.class);
        assertThat(layout.components())
                .extracting(RecordLayout.Component::offset)
                .containsExactly(0, 2, 4, 8, 12, 16, 24, 32);
        assertThat(layout.sizeBytes()).isEqualTo(48);
        assertThat(RecordLayout.of(Small.class).sizeBytes()).isEqualTo(8);
    }

    @Test
    void what_has_no_layout_is_refused() {
        assertThatThrownBy(() -> RecordLayout.of(Wrong.class))
                .hasMessage(
                        "record Wrong: component d of type double has no layout in the kernel; use boolean, byte, short, char, int, long, String, an enum, an InetAddress, a KernelStack, a UserStack, PtRegs or a record of them");
        assertThatThrownBy(() -> RecordLayout.of(Empty.class))
                .hasMessage("record Empty has no components: nothing to send");
    }
}
