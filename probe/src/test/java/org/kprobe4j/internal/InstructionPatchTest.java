package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstructionPatchTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    0f0b      | a BUG or WARN (ud2), whose trap the kernel looks up by its address
                    0f1f440000| a jump label (static branch), which the kernel rewrites while it runs
                    6690      | a jump label (static branch), which the kernel rewrites while it runs
                    e900000000| a jump label (static branch), which the kernel rewrites while it runs
                    eb10      | a jump label (static branch), which the kernel rewrites while it runs
                    e800000000| a static call, which the kernel rewrites while it runs
                    cc90      | a breakpoint that another part of the kernel has put there
                    8ed0      | a load of a segment register, which masks the trap of a single step
                    f00fb1    | an instruction that the kernel rewrites or cannot step over
                    """)
    void itsBytesTell(String bytes, String what) {
        assertThat(InstructionPatch.of(HexFormat.of().parseHex(bytes))).isEqualTo(what);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    000021d4  | a BUG or WARN (brk), whose trap the kernel looks up by its address
                    1f2003d5  | what the kernel rewrites while it runs: a jump label (static branch), or the place that ftrace patches
                    02000014  | what the kernel rewrites while it runs: a jump label (static branch), or the place that ftrace patches
                    02000094  | what the kernel rewrites while it runs: a jump label (static branch), or the place that ftrace patches
                    207c5fc8  | an instruction that the kernel rewrites or cannot step over
                    """)
    void itsBytesTellOn64BitArm(String bytes, String what) {
        assertThat(InstructionPatch.ofArm64(HexFormat.of().parseHex(bytes))).isEqualTo(what);
    }
}
