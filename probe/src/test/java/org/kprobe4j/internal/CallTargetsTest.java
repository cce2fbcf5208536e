package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.kprobe4j.compiler.Architecture;

class CallTargetsTest {
    private static final long AT = 0xffff_ffff_8100_0000L;

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    @Test
    void x86_calls_and_jumps_that_leave_the_function() {
        // nop; call +0x1000; je +0x2000; jmp to itself; jmp -0x100
        byte[] code = bytes("90 e8 00100000 0f84 00200000 e9 efffffff e9 00ffffff");
        assertThat(CallTargets.of(Architecture.X86_64, AT, code))
                .containsExactly(AT + 6 + 0x1000, AT + 12 + 0x2000, AT + 22 - 0x100);
    }

    @Test
    void arm64_branches_with_and_without_link() {
        // bl +0x1000; nop; b -0x800; b.eq +8 (conditional: stays inside)
        byte[] code = bytes("00040094 1f2003d5 00fe ff17 40000054");
        assertThat(CallTargets.of(Architecture.ARM64, AT, code)).containsExactly(AT + 0x1000, AT + 8 - 0x800);
    }

    @Test
    void arm_branches_of_any_condition() {
        // bl +8+0x100; bne back to the first; blx (another set of instructions)
        byte[] code = bytes("400000eb fdffff1a 400000fa");
        assertThat(CallTargets.of(Architecture.ARM, 0xc010_0000L, code)).containsExactly(0xc010_0108L);
    }

    @Test
    void a_cut_instruction_gives_nothing() {
        assertThat(CallTargets.of(Architecture.X86_64, AT, bytes("e8 0010"))).isEmpty();
    }
}
