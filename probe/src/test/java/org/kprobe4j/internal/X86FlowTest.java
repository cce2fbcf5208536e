package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes as objdump shows them for Debian's kernels. */
class X86FlowTest {
    private static X86Flow.Flow flow(String hex) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        return X86Flow.of(java.util.Arrays.copyOf(code, 16));
    }

    @ParameterizedTest
    @CsvSource({
        "0f 1f 44 00 00, 0, nop (ftrace site)",
        "f3 0f 1e fa, 0, endbr64",
        "55, -8, push %rbp",
        "41 57, -8, push %r15",
        "5b, 8, pop %rbx",
        "48 89 e5, 0, 'mov %rsp,%rbp'",
        "48 83 ec 28, -40, 'sub $0x28,%rsp'",
        "48 81 ec 98 01 00 00, -408, 'sub $0x198,%rsp'",
        "48 83 c4 08, 8, 'add $8,%rsp'",
        "48 83 f8 01, 0, 'cmp $1,%rax'",
        "65 48 8b 04 25 28 00 00 00, 0, 'mov %gs:0x28,%rax'",
        "66 90, 0, xchg %ax;%ax",
        "6a 00, -8, push $0",
        "ff 75 08, -8, push 8(%rbp)",
        "ff c0, 0, inc %eax",
        "49 83 ec 08, 0, 'sub $8,%r12'",
        "f3 48 0f b8 c7, 0, 'popcnt %rdi,%rax'",
    })
    void straight(String bytes, int stackDelta, String instruction) {
        assertThat(flow(bytes)).as(instruction).isEqualTo(new X86Flow.Flow.Straight(stackDelta));
    }

    @ParameterizedTest
    @CsvSource({
        "e8 00 00 00 00, a call",
        "e9 00 00 00 00, a jump",
        "eb 10, a jump",
        "74 10, a conditional jump",
        "0f 84 00 00 00 00, a conditional jump",
        "c3, a return",
        "f3 c3, a return",
        "ff e0, an indirect jump or call",
        "ff d0, an indirect jump or call",
        "cc, a breakpoint of another tool",
        "0f 0b, an undefined instruction (BUG)",
        "f3 48 ab, a repeated string instruction",
        "f3 a4, a repeated string instruction",
        "c9, an instruction that sets the stack pointer",
        "48 89 ec, an instruction that sets the stack pointer",
        "48 83 e4 f0, an instruction that sets the stack pointer",
        "48 8d 65 d8, an instruction that sets the stack pointer",
        "5c, an instruction that sets the stack pointer",
    })
    void other(String bytes, String what) {
        assertThat(flow(bytes)).isEqualTo(new X86Flow.Flow.Other(what));
    }

    @Property
    boolean anyBytesHaveAnAnswer(@ForAll @Size(max = 16) byte[] code) {
        return X86Flow.of(code) != null;
    }
}
