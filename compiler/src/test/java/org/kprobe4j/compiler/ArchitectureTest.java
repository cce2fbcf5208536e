package org.kprobe4j.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.BtfWriter;

class ArchitectureTest {
    @ParameterizedTest
    @EnumSource
    void every_register_that_the_conventions_name_has_a_place(Architecture machine) {
        assertThat(machine.offset(machine.ip())).isPresent();
        assertThat(machine.offset(machine.sp())).isPresent();
        assertThat(machine.offset(machine.returnValue())).isPresent();
        for (int i = 0; machine.argument(i).isPresent(); i++) {
            assertThat(machine.offset(machine.argument(i).orElseThrow())).isPresent();
        }
        assertThat(machine.offset(machine.flags())).isPresent();
        assertThat(machine.argument(-1)).isEmpty();
        assertThat(machine.returnStackDelta() == 0).isEqualTo(machine.linkRegister() != null);
    }

    /** Source: struct pt_regs. */
    @Test
    void offsets_are_those_of_the_kernels_headers() {
        assertThat(Architecture.X86_64.offset("di")).contains(112);
        assertThat(Architecture.X86_64.offset("ip")).contains(128);
        assertThat(Architecture.X86_64.offset("sp")).contains(152);
        assertThat(Architecture.ARM64.offset("x30")).contains(240);
        assertThat(Architecture.ARM64.offset("sp")).contains(248);
        assertThat(Architecture.ARM64.offset("pstate")).contains(264);
        assertThat(Architecture.ARM64.offset("origX0")).contains(272);
        assertThat(Architecture.ARM64.offset("syscallno")).contains(280);
        assertThat(Architecture.ARM64.sizeBytes("syscallno")).isEqualTo(Integer.BYTES);
        assertThat(Architecture.ARM64.sizeBytes("x0")).isEqualTo(Long.BYTES);
        assertThat(Architecture.ARM.sizeBytes("r0")).isEqualTo(Integer.BYTES);
        assertThat(Architecture.ARM.offset("lr")).contains(56);
        assertThat(Architecture.ARM.offset("pc")).contains(60);
        assertThat(Architecture.ARM.offset("cpsr")).contains(64);
    }

    @Test
    void a_register_at_another_place_is_named() {
        var writer = new BtfWriter();
        int word = writer.integer("unsigned long", Long.BYTES, false);
        writer.struct(
                "pt_regs",
                24,
                List.of(new BtfType.Member("r15", word, 0, 0), new BtfType.Member("orig_ax", word, 64, 0)));
        Btf types = Btf.parse(ByteBuffer.wrap(writer.toBytes()));
        assertThat(Architecture.X86_64.mismatch(types))
                .contains("struct pt_regs of this kernel has orig_ax at byte 8, not 120");
        assertThat(Architecture.ARM64.mismatch(types)).isEmpty();
    }
}
