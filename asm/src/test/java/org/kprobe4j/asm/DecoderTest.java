package org.kprobe4j.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecoderTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            b700                             | a program of 2 bytes: not a whole number of slots of 8 bytes
            ff00000000000000                 | insn 0: unknown opcode 0xff
            2000000000000000                 | insn 0: unknown opcode 0x20
            b70b000000000000                 | insn 0: no register r11: eBPF has r0 to r10
            b70a000000000000                 | insn 0: r10 is the frame pointer and cannot be written
            b710000000000000                 | insn 0: a field that r0 = 0 does not use is not zero
            9500000001000000                 | insn 0: a field that exit does not use is not zero
            1800000000000000                 | insn 0: the second slot of the 64-bit immediate is missing
            18000000010000000100000000000000 | insn 0: a field that r0 = 0x1 ll does not use is not zero
            18100000070000000000000001000000 | insn 0: a field that r0 = map[fd7] does not use is not zero
            18500000000000000000000000000000 | insn 0: 64-bit immediate of kind 5 is not supported
            0500010000000000                 | insn 0: target 2 lies outside the program's 1 slots
            0500feff00000000                 | insn 0: target -1 lies outside the program's 1 slots
            05000000000000001800000000000000 | insn 1: the second slot of the 64-bit immediate is missing
            8530000000000000                 | insn 0: call of kind 3 does not exist
            8500000000000000                 | insn 0: no helper has the id 0
            db12000002000000                 | insn 0: no atomic operation has the immediate 0x2
            db120000e0000000                 | insn 0: a field that r1 = atomic64_xchg((u64 *)(r2 +0), r1) does not use is not zero
            3700000000000000                 | insn 0: DIV by the constant 0
            """)
    void whatIsNoProgram(String hex, String message) {
        assertThatExceptionOfType(MalformedProgramException.class)
                .isThrownBy(() -> Decoder.decode(HexFormat.of().parseHex(hex)))
                .withMessage(message);
    }

    @Test
    void aJumpIntoAWideInstruction() {
        var hex = "0500010000000000" + "18000000010000000000000000000000" + "9500000000000000";
        assertThatExceptionOfType(MalformedProgramException.class)
                .isThrownBy(() -> Decoder.decode(HexFormat.of().parseHex(hex)))
                .withMessage("insn 2: a jump goes into the middle of a 64-bit immediate");
    }

    @Test
    void targetsGetLabels() {
        var decoded = Decoder.decode(HexFormat.of().parseHex("05000000000000009500000000000000"));

        assertThat(decoded.stream().map(Disassembler::format)).containsExactly("goto <L1>", "L1:", "exit");
    }
}
