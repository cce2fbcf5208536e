package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes as objdump shows them for Debian's kernels, or as the assembler makes them. */
class X86FlowTest {
    private static final String UNKNOWN_STACK =
            "an instruction that sets the stack pointer to what cannot be computed before";
    /** What the memory at an address holds here. */
    private static final long MEMORY = 0x7000_0000;

    private static Flow flow(String hex) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        return X86Flow.of(java.util.Arrays.copyOf(code, 16));
    }

    /** At address 0x1000, so the saved instruction pointer is one more. */
    private static RegisterState state() {
        var registers = new HashMap<String, Long>();
        registers.put("ip", 0x1001L);
        registers.put("sp", 0x8000L);
        registers.put("ax", 0x10000L);
        registers.put("cx", 0x20000L);
        registers.put("dx", 0x30000L);
        registers.put("bx", 0x40000L);
        registers.put("bp", 0x50000L);
        registers.put("r9", 0x9L);
        registers.put("r10", 0xa0000L);
        registers.put("r11", 0xb0000L);
        registers.put("flags", 0x246L);
        return new RegisterState(registers, address -> address + MEMORY);
    }

    @ParameterizedTest
    @CsvSource({
        "0f 1f 44 00 00, 8000, nop",
        "f3 0f 1e fa, 8000, endbr64",
        "55, 7ff8, push %rbp",
        "41 57, 7ff8, push %r15",
        "41 54, 7ff8, push %r12",
        "54, 7ff8, push %rsp",
        "66 50, 7ffe, push %ax",
        "6a 10, 7ff8, push $0x10",
        "68 00 10 00 00, 7ff8, push $0x1000",
        "66 6a 03, 7ffe, pushw $3",
        "ff 70 08, 7ff8, push 0x8(%rax)",
        "9c, 7ff8, pushf",
        "5b, 8008, pop %rbx",
        "41 5c, 8008, pop %r12",
        "9d, 8008, popf",
        "8f 40 08, 8008, pop 0x8(%rax)",
        "0f a8, 7ff8, push %gs",
        "c9, 50008, leave",
        "48 89 e5, 8000, 'mov %rsp,%rbp'",
        "48 89 ec, 50000, 'mov %rbp,%rsp'",
        "4c 89 d4, a0000, 'mov %r10,%rsp'",
        "48 8b e5, 50000, 'mov %rbp,%rsp'",
        "48 89 60 08, 8000, 'mov %rsp,0x8(%rax)'",
        "48 8d 65 d8, 4ffd8, 'lea -0x28(%rbp),%rsp'",
        "48 8d 64 44 08, 28008, 'lea 0x8(%rsp,%rax,2),%rsp'",
        "48 8d 25 08 00 00 00, 100f, 'lea 0x8(%rip),%rsp'",
        "48 83 ec 28, 7fd8, 'sub $0x28,%rsp'",
        "48 81 ec 98 01 00 00, 7e68, 'sub $0x198,%rsp'",
        "48 83 c4 08, 8008, 'add $8,%rsp'",
        "48 83 c4 80, 7f80, 'add $-128,%rsp'",
        "48 83 e4 f0, 8000, 'and $-16,%rsp'",
        "48 81 e4 00 f0 ff ff, 8000, 'and $-4096,%rsp'",
        "48 01 c4, 18000, 'add %rax,%rsp'",
        "48 29 cc, fffffffffffe8000, 'sub %rcx,%rsp'",
        "48 2b e1, fffffffffffe8000, 'sub %rcx,%rsp'",
        "48 94, 10000, 'xchg %rax,%rsp'",
        "48 87 e3, 40000, 'xchg %rsp,%rbx'",
        "48 29 e1, 8000, 'sub %rsp,%rcx'",
        "48 39 e0, 8000, 'cmp %rsp,%rax'",
        "48 83 fc 08, 8000, 'cmp $8,%rsp'",
        "48 85 e4, 8000, 'test %rsp,%rsp'",
        "48 83 f8 01, 8000, 'cmp $1,%rax'",
        "48 0f 44 c4, 8000, 'cmove %rsp,%rax'",
        "0f b6 04 24, 8000, 'movzbl (%rsp),%eax'",
        "65 48 8b 04 25 28 00 00 00, 8000, 'mov %gs:0x28,%rax'",
        "31 c0, 8000, 'xor %eax,%eax'",
        "48 ab, 8000, stos",
        "ac, 8000, lods",
        "0f 01 ca, 8000, clac",
        "0f 01 f8, 8000, swapgs",
        "0f 30, 8000, wrmsr",
        "fa, 8000, cli",
        "ff 40 08, 8000, incl 0x8(%rax)",
        "f0 48 0f b1 0a, 8000, 'lock cmpxchg %rcx,(%rdx)'",
        "c5 fe 6f 20, 8000, 'vmovdqu (%rax),%ymm4'",
        "62 f1 6d 48 fe e1, 8000, 'vpaddd %zmm1,%zmm2,%zmm4'",
    })
    void goesOnWithThatStackPointer(String bytes, String sp, String instruction) {
        assertThat(flow(bytes)).as(instruction).isInstanceOf(Flow.Next.class);
        var next = (Flow.Next) flow(bytes);
        assertThat(Long.toHexString(state().value(next.stackPointer())))
                .as(instruction)
                .isEqualTo(sp);
        assertThat(next.repeated()).as(instruction).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "eb 0e, 1010, 8000, a jump",
        "eb fe, 1000, 8000, a jump",
        "e9 c7 ed ff ff, fffffffffffffdcc, 8000, a jump",
        "e8 fb 0f 00 00, 2000, 7ff8, a call",
        "c3, 70008000, 8008, a return",
        "f3 c3, 70008000, 8008, a return",
        "c2 10 00, 70008000, 8018, a return",
        "c2 00 80, 70008000, 10008, a return",
        "ff e0, 10000, 8000, an indirect jump",
        "3e ff e0, 10000, 8000, an indirect jump",
        "41 ff d3, b0000, 7ff8, a call",
        "ff d4, 8000, 7ff8, a call",
        "ff 63 18, 70040018, 8000, an indirect jump",
        "ff 54 24 10, 70008010, 7ff8, a call",
        "ff 15 00 02 00 00, 70001206, 7ff8, a call",
        "ff 24 d5 00 10 00 00, 70181000, 8000, an indirect jump",
        "42 ff 54 8d f8, 7005001c, 7ff8, a call",
        "e2 0e, 1010, 8000, a loop instruction",
        "e0 0e, 1002, 8000, a loop instruction",
        "e1 ee, ff0, 8000, a loop instruction",
        "e3 0e, 1002, 8000, a conditional jump",
        "67 e3 0d, 1003, 8000, a conditional jump",
        "74 10, 1012, 8000, a conditional jump",
        "75 10, 1002, 8000, a conditional jump",
        "0f 87 2e 12 00 00, 1006, 8000, a conditional jump",
        "2e 0f 84 f9 02 00 00, 1300, 8000, a conditional jump",
    })
    void transfersControl(String bytes, String ip, String sp, String what) {
        Flow flow = flow(bytes);
        assertThat(flow)
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.type(Flow.Transfer.class))
                .extracting(Flow.Transfer::what)
                .isEqualTo(what);
        assertThat(Long.toHexString(state().after(flow, "ip"))).isEqualTo(ip);
        assertThat(Long.toHexString(state().after(flow, "sp"))).isEqualTo(sp);
    }

    @ParameterizedTest
    @CsvSource({"f3 48 ab", "f3 a4", "f2 ae", "f3 66 a7", "66 f3 a5", "f3 6d"})
    void repeats(String bytes) {
        assertThat(flow(bytes)).isInstanceOf(Flow.Next.class);
        assertThat(((Flow.Next) flow(bytes)).repeated()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "cc, a breakpoint of another tool",
        "0f 0b, an undefined instruction (BUG)",
        "0f b9 40 00, an undefined instruction (BUG)",
        "cd 80, an interrupt or halt instruction",
        "f4, an interrupt or halt instruction",
        "0f 05, a system call instruction",
        "0f 07, a system call instruction",
        "48 cf, a return from an interrupt",
        "cb, a far return",
        "ff 28, a far jump or call",
        "ff 18, a far jump or call",
        "65 ff 63 18, an indirect jump or call through a segment or a narrow address",
        "66 e9 00 00 00 00, a jump with an operand-size prefix",
        "66 c3, a return with an operand-size prefix",
        "c7 f8 00 00 00 00, an instruction of a transaction",
        "0f 01 c1, an instruction of virtual machines",
        "0f 01 d8, an instruction of virtual machines",
        "0f aa, a return from system management mode",
        "06, no instruction of 64-bit mode",
        "d5 10 01 c4, no instruction of 64-bit mode",
    })
    void refused(String bytes, String what) {
        assertThat(flow(bytes)).isEqualTo(new Flow.Refused(what));
    }

    @ParameterizedTest
    @CsvSource({
        "5c, pop %rsp",
        "c8 10 00 00, enter",
        "48 8b 60 08, 'mov 0x8(%rax),%rsp'",
        "48 c7 c4 05 00 00 00, 'mov $5,%rsp'",
        "48 bc 88 77 66 55 44 33 22 11, 'movabs $…,%rsp'",
        "48 83 cc 01, 'or $1,%rsp'",
        "48 0f 44 e0, 'cmove %rax,%rsp'",
        "48 0f af e0, 'imul %rax,%rsp'",
        "48 0f c1 e0, 'xadd %rsp,%rax'",
        "48 ff c4, inc %rsp",
        "48 0f cc, bswap %rsp",
        "48 f7 dc, neg %rsp",
        "48 c1 e4 03, 'shl $3,%rsp'",
        "89 c4, 'mov %eax,%esp'",
        "48 03 60 08, 'add 0x8(%rax),%rsp'",
        "65 48 8d 65 d8, 'lea %gs:-0x28(%rbp),%rsp'",
    })
    void stackPointerNotKnownBefore(String bytes, String instruction) {
        assertThat(flow(bytes)).as(instruction).isEqualTo(new Flow.Refused(UNKNOWN_STACK));
    }

    /** Intel's own table of conditions, written as it stands there. */
    private static boolean holds(int condition, long flags) {
        boolean cf = (flags & 1) != 0;
        boolean pf = (flags & 4) != 0;
        boolean zf = (flags & 0x40) != 0;
        boolean sf = (flags & 0x80) != 0;
        boolean of = (flags & 0x800) != 0;
        return switch (condition) {
            case 0 -> of;
            case 1 -> !of;
            case 2 -> cf;
            case 3 -> !cf;
            case 4 -> zf;
            case 5 -> !zf;
            case 6 -> cf || zf;
            case 7 -> !cf && !zf;
            case 8 -> sf;
            case 9 -> !sf;
            case 10 -> pf;
            case 11 -> !pf;
            case 12 -> sf != of;
            case 13 -> sf == of;
            case 14 -> zf || (sf != of);
            default -> !zf && (sf == of);
        };
    }

    @Property
    void conditionalJumpsGoWhereTheFlagsSay(
            @ForAll @IntRange(max = 15) int condition, @ForAll long flags, @ForAll byte near, @ForAll int far) {
        byte[] shortJump = new byte[16];
        shortJump[0] = (byte) (0x70 + condition);
        shortJump[1] = near;
        byte[] longJump = java.nio.ByteBuffer.allocate(16)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x0f)
                .put((byte) (0x80 + condition))
                .putInt(far)
                .array();
        RegisterState state = state().with("flags", flags);
        assertThat(state.after(X86Flow.of(shortJump), "ip")).isEqualTo(0x1002 + (holds(condition, flags) ? near : 0));
        assertThat(state.after(X86Flow.of(longJump), "ip")).isEqualTo(0x1006L + (holds(condition, flags) ? far : 0));
    }

    @Property
    void loopsCount(
            @ForAll @IntRange(max = 3) int kind,
            @ForAll boolean narrow,
            @ForAll long flags,
            @ForAll @IntRange(max = 2) int count) {
        byte[] code = new byte[16];
        int at = 0;
        if (narrow) {
            code[at++] = 0x67;
        }
        code[at++] = (byte) (0xe0 + kind);
        code[at++] = 0x20;
        long upper = narrow ? 0x5_0000_0000L : 0;
        RegisterState state = state().with("flags", flags).with("cx", upper | count);
        long left = narrow ? (count - 1) & 0xffff_ffffL : count - 1;
        boolean zero = (flags & 0x40) != 0;
        boolean jumps = switch (kind) {
            case 0 -> left != 0 && !zero;
            case 1 -> left != 0 && zero;
            case 2 -> left != 0;
            default -> count == 0;
        };
        assertThat(state.after(X86Flow.of(code), "ip")).isEqualTo(0x1000L + at + (jumps ? 0x20 : 0));
        assertThat(state.after(X86Flow.of(code), "cx")).isEqualTo(kind == 3 ? (upper | count) : left);
    }

    @Property
    boolean anyBytesHaveAnAnswer(@ForAll @Size(max = 16) byte[] code) {
        return X86Flow.of(code) != null;
    }
}
