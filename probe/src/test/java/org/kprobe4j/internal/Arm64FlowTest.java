package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kprobe4j.compiler.RegisterValue;

/** Bytes as the assembler makes them. */
class Arm64FlowTest {
    private static final String UNKNOWN_STACK =
            "an instruction that sets the stack pointer to what cannot be computed before";

    private static Flow flow(String hex) {
        return Arm64Flow.of(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private static Flow flow(int word) {
        return Arm64Flow.of(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(word)
                .array());
    }

    /** Register n holds n times 0x10000; the instruction is at 0x1000. */
    private static RegisterState state() {
        var registers = new HashMap<String, Long>();
        for (int i = 0; i <= 30; i++) {
            registers.put("x" + i, i * 0x10000L);
        }
        registers.put("pc", 0x1000L);
        registers.put("sp", 0x8000L);
        registers.put("pstate", 0x6000_0005L);
        return new RegisterState(registers, address -> {
            throw new AssertionError("no memory is read");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "fd 7b bc a9, 7fc0, 'stp x29, x30, [sp, #-0x40]!'",
        "fd 7b c4 a8, 8040, 'ldp x29, x30, [sp], #0x40'",
        "fd 7b 04 a9, 8000, 'stp x29, x30, [sp, #0x40]'",
        "e1 0b bf 29, 7ff8, 'stp w1, w2, [sp, #-8]!'",
        "e0 07 bf ad, 7fe0, 'stp q0, q1, [sp, #-32]!'",
        "e8 27 c1 6c, 8010, 'ldp d8, d9, [sp], #16'",
        "e1 0b c1 68, 8008, 'ldpsw x1, x2, [sp], #8'",
        "e0 07 bf 69, 7fe0, 'stgp x0, x1, [sp, #-32]!'",
        "fe 0f 1f f8, 7ff0, 'str x30, [sp, #-16]!'",
        "fe 07 41 f8, 8010, 'ldr x30, [sp], #16'",
        "fe 0b 40 f9, 8000, 'ldr x30, [sp, #16]'",
        "e1 17 00 38, 8001, 'strb w1, [sp], #1'",
        "e0 0f 9f 3c, 7ff0, 'str q0, [sp, #-16]!'",
        "20 84 40 f8, 8000, 'ldr x0, [x1], #8'",
        "3d 78 bc a9, 8000, 'stp x29, x30, [x1, #-64]!'",
        "ff c3 00 d1, 7fd0, 'sub sp, sp, #0x30'",
        "ff 07 40 d1, 7000, 'sub sp, sp, #1, lsl #12'",
        "ff c3 00 91, 8030, 'add sp, sp, #0x30'",
        "bf 03 00 91, 1d0000, 'mov sp, x29'",
        "fd 03 00 91, 8000, 'mov x29, sp'",
        "ff 13 00 f1, 8000, 'cmp sp, #4'",
        "3f 41 00 d1, 8fff0, 'sub sp, x9, #0x10'",
        "ff 63 21 8b, 18000, 'add sp, sp, x1'",
        "ff 6f 22 cb, fffffffffff08000, 'sub sp, sp, x2, lsl #3'",
        "3f 0d 7c f2, 8000, 'tst x9, #0xf0'",
        "00 70 9f 4c, 8000, 'st1 {v0.16b}, [x0], #16'",
        "e0 03 00 91, 8000, 'mov x0, sp'",
        "00 00 00 b0, 8000, 'adrp x0, #0x1000'",
        "00 02 00 58, 8000, 'ldr x0, #0x40'",
        "5f 24 03 d5, 8000, bti c",
        "3f 23 03 d5, 8000, paciasp",
        "e2 03 21 f8, 8000, 'ldadd x1, x2, [sp]'",
        "e1 6b 62 f8, 8000, 'ldr x1, [sp, x2]'",
    })
    void goesOnWithThatStackPointer(String bytes, String sp, String instruction) {
        assertThat(flow(bytes)).as(instruction).isInstanceOf(Flow.Next.class);
        assertThat(Long.toHexString(state().value(((Flow.Next) flow(bytes)).stackPointer())))
                .as(instruction)
                .isEqualTo(sp);
    }

    @ParameterizedTest
    @CsvSource({
        "00 04 00 14, 2000, 1e0000, a jump, b",
        "fe ff ff 17, ff8, 1e0000, a jump, b",
        "10 00 00 94, 1040, 1004, a call, bl",
        "00 02 1f d6, 100000, 1e0000, an indirect jump, br x16",
        "20 02 3f d6, 110000, 1004, a call, blr x17",
        "c0 03 3f d6, 1e0000, 1004, a call, blr x30",
        "c0 03 5f d6, 1e0000, 1e0000, a return, ret",
        "20 00 5f d6, 10000, 1e0000, a return, ret x1",
        "00 08 00 54, 1100, 1e0000, a conditional jump, b.eq",
        "01 08 00 54, 1004, 1e0000, a conditional jump, b.ne",
        "8a ff ff 54, ff0, 1e0000, a conditional jump, b.ge",
        "0e 01 00 54, 1020, 1e0000, a conditional jump, b.al",
        "03 02 00 b4, 1004, 1e0000, a conditional jump, 'cbz x3'",
        "03 02 00 35, 1040, 1e0000, a conditional jump, 'cbnz w3'",
        "1f 02 00 b4, 1040, 1e0000, a conditional jump, cbz xzr",
        "03 02 08 b6, 1040, 1e0000, a conditional jump, 'tbz x3, #33'",
        "03 fe 17 37, 1004, 1e0000, a conditional jump, 'tbnz w3, #2'",
    })
    void transfersControl(String bytes, String pc, String link, String what, String instruction) {
        Flow flow = flow(bytes);
        assertThat(flow).as(instruction).isInstanceOf(Flow.Transfer.class);
        assertThat(((Flow.Transfer) flow).what()).isEqualTo(what);
        assertThat(Long.toHexString(state().after(flow, "pc"))).as(instruction).isEqualTo(pc);
        assertThat(Long.toHexString(state().after(flow, "x30"))).as(instruction).isEqualTo(link);
        assertThat(state().after(flow, "sp")).isEqualTo(0x8000);
    }

    @ParameterizedTest
    @CsvSource({
        "e9 03 1e aa, x9, 1e0000, a move, 'mov x9, x30'",
        "e0 03 01 aa, x0, 10000, a move, 'mov x0, x1'",
        "e3 03 1f aa, x3, 0, a move, 'mov x3, xzr'",
        "1f 20 03 d5, x9, 90000, a no-op, nop",
    })
    void isKnownBefore(String bytes, String register, String value, String what, String instruction) {
        Flow flow = flow(bytes);
        assertThat(flow).as(instruction).isInstanceOf(Flow.Transfer.class);
        assertThat(((Flow.Transfer) flow).what()).isEqualTo(what);
        assertThat(Long.toHexString(state().after(flow, register)))
                .as(instruction)
                .isEqualTo(value);
        assertThat(state().after(flow, "pc")).isEqualTo(0x1004);
    }

    /** A shifted operand, or half a register: not a plain move. */
    @ParameterizedTest
    @ValueSource(strings = {"e0 0b 01 aa", "e0 03 01 2a", "20 00 01 aa", "ff 03 01 aa"})
    void anOrIsNotAMove(String bytes) {
        assertThat(flow(bytes)).isEqualTo(new Flow.Next(RegisterValue.register("sp"), false));
    }

    @ParameterizedTest
    @CsvSource({
        "01 00 00 d4, an instruction that raises an exception",
        "00 00 21 d4, an instruction that raises an exception",
        "01 00 00 00, an undefined instruction",
        "e0 03 9f d6, a return from an exception",
        "ff 0b 5f d6, a branch to an address that is authenticated first",
        "01 08 1f d7, a branch to an address that is authenticated first",
        "e0 1f 20 f8, " + UNKNOWN_STACK,
        "ff 17 20 d9, " + UNKNOWN_STACK,
        "ff 07 81 91, " + UNKNOWN_STACK,
        "ff 43 21 8b, " + UNKNOWN_STACK,
        "3f ed 7c 92, " + UNKNOWN_STACK,
        "e0 73 df 4c, " + UNKNOWN_STACK,
        "e0 07 9f 0d, " + UNKNOWN_STACK,
        "00, a cut instruction",
    })
    void refused(String bytes, String what) {
        assertThat(flow(bytes)).isEqualTo(new Flow.Refused(what));
    }

    /** ConditionHolds() of the architecture's manual, as it stands there. */
    private static boolean holds(int condition, long state) {
        boolean n = (state >> 31 & 1) == 1;
        boolean z = (state >> 30 & 1) == 1;
        boolean c = (state >> 29 & 1) == 1;
        boolean v = (state >> 28 & 1) == 1;
        boolean result = switch (condition >> 1) {
            case 0 -> z;
            case 1 -> c;
            case 2 -> n;
            case 3 -> v;
            case 4 -> c && !z;
            case 5 -> n == v;
            case 6 -> (n == v) && !z;
            default -> true;
        };
        boolean negated = (condition & 1) == 1 && condition != 15;
        return negated != result;
    }

    @Property
    void conditionalBranchesGoWhereTheFlagsSay(
            @ForAll @IntRange(max = 15) int condition,
            @ForAll long pstate,
            @ForAll @IntRange(min = -0x40000, max = 0x3ffff) int distance) {
        Flow flow = flow(0x5400_0000 | (distance & 0x7ffff) << 5 | condition);
        assertThat(state().with("pstate", pstate).after(flow, "pc"))
                .isEqualTo(0x1000 + (holds(condition, pstate) ? distance * 4L : 4));
    }

    @Property
    void testsAndComparisonsLookAtTheirRegister(
            @ForAll boolean wide,
            @ForAll boolean ifSet,
            @ForAll @IntRange(max = 30) int register,
            @ForAll long value,
            @ForAll @IntRange(max = 31) int bit,
            @ForAll boolean zeroed) {
        long held = zeroed ? value & 0xffff_ffff_0000_0000L : value;
        RegisterState state = state().with("x" + register, held);
        int kind = (wide ? 1 << 31 : 0) | (ifSet ? 1 << 24 : 0) | 0x10 << 5 | register;
        boolean zero = wide ? held == 0 : (int) held == 0;
        assertThat(state.after(flow(0x3400_0000 | kind), "pc")).isEqualTo(zero == ifSet ? 0x1004 : 0x1040);
        boolean set = (held >> (wide ? bit + 32 : bit) & 1) == 1;
        assertThat(state.after(flow(0x3600_0000 | kind | bit << 19), "pc")).isEqualTo(set == ifSet ? 0x1040 : 0x1004);
    }

    @Property
    boolean anyWordHasAnAnswer(@ForAll int word) {
        return flow(word) != null;
    }
}
