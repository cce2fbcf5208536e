package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes as the assembler makes them. */
class ArmFlowTest {
    private static final String UNKNOWN_STACK =
            "an instruction that sets the stack pointer to what cannot be computed before";

    private static Flow flow(String hex) {
        return ArmFlow.of(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /** Register n holds n times 0x10000, memory its own address plus 0x40000; the instruction is at 0x1000. */
    private static RegisterState state() {
        var registers = new HashMap<String, Long>();
        for (int i = 0; i <= 12; i++) {
            registers.put(i == 11 ? "fp" : "r" + i, i * 0x10000L);
        }
        registers.put("sp", 0x8000L);
        registers.put("lr", 0xe0000L);
        registers.put("pc", 0x1000L);
        return new RegisterState(registers, address -> address + 0x40000);
    }

    @ParameterizedTest
    @CsvSource({
        "f0 47 2d e9, 7fe0, 'push {r4-r10, lr}'",
        "04 e0 2d e5, 7ffc, 'push {lr}'",
        "04 e0 9d e4, 8004, 'pop {lr}'",
        "03 00 2d e9, 7ff8, 'push {r0, r1}'",
        "10 d0 4d e2, 7ff0, 'sub sp, sp, #16'",
        "20 d0 4b e2, affe0, 'sub sp, fp, #32'",
        "01 db 8d e2, 8400, 'add sp, sp, #1024'",
        "03 d0 8d e0, 38000, 'add sp, sp, r3'",
        "04 00 9d e5, 8000, 'ldr r0, [sp, #4]'",
        "08 00 9d e4, 8008, 'ldr r0, [sp], #8'",
        "08 10 2d e5, 7ff8, 'str r1, [sp, #-8]!'",
        "f0 21 6d e1, 7ff0, 'strd r2, r3, [sp, #-16]!'",
        "d8 20 cd e0, 8008, 'ldrd r2, r3, [sp], #8'",
        "b2 20 6d e1, 7ffe, 'strh r2, [sp, #-2]!'",
        "06 00 20 e9, 8000, 'stmdb r0!, {r1, r2}'",
        "06 00 b0 e8, 8000, 'ldm r0!, {r1, r2}'",
        "34 32 01 e3, 8000, 'movw r3, #0x1234'",
        "00 30 4c e3, 8000, 'movt r3, #0xc000'",
        "02 f0 20 e3, 8000, wfe",
        "00 30 0f e1, 8000, 'mrs r3, apsr'",
        "70 0f 1d ee, 8000, 'mrc p15, #0, r0, c13, c0, #3'",
        "70 0f 0d ee, 8000, 'mcr p15, #0, r0, c13, c0, #3'",
        "00 f0 d0 f5, 8000, 'pld [r0]'",
        "9f 1f 90 e1, 8000, 'ldrex r1, [r0]'",
        "91 2f 80 e1, 8000, 'strex r2, r1, [r0]'",
        "91 02 00 e0, 8000, 'mul r0, r1, r2'",
        "03 00 5d e1, 8000, 'cmp sp, r3'",
        "01 00 10 e1, 8000, 'tst r0, r1'",
        "11 0f 6f e1, 8000, 'clz r0, r1'",
        "71 00 ef e6, 8000, 'uxtb r0, r1'",
        "00 00 61 e2, 8000, 'rsb r0, r1, #0'",
        "08 00 8d e2, 8000, 'add r0, sp, #8'",
        "01 01 a0 e1, 8000, 'lsl r0, r1, #2'",
    })
    void goesOnWithThatStackPointer(String bytes, String sp, String instruction) {
        assertThat(flow(bytes)).as(instruction).isInstanceOf(Flow.Next.class);
        assertThat(Long.toHexString(state().value(((Flow.Next) flow(bytes)).stackPointer())))
                .as(instruction)
                .isEqualTo(sp);
    }

    @ParameterizedTest
    @CsvSource({
        "0d c0 a0 e1, 1004, r12, 8000, a move, 'mov r12, sp'",
        "07 d0 a0 e1, 1004, sp, 70000, a move, 'mov sp, r7'",
        "0f 00 a0 e1, 1004, r0, 1008, a move, 'mov r0, pc'",
        "01 00 a0 01, 1004, r0, 10000, a move, 'moveq r0, r1'",
        "00 00 a0 e1, 1004, r0, 0, a move, 'mov r0, r0'",
        "00 f0 20 e3, 1004, r0, 0, a no-op, nop",
        "0e f0 a0 e1, e0000, lr, e0000, an indirect jump, 'mov pc, lr'",
        "1e ff 2f e1, e0000, lr, e0000, an indirect jump, bx lr",
        "33 ff 2f e1, 30000, lr, 1004, a call, blx r3",
        "40 00 00 ea, 1108, lr, e0000, a jump, b",
        "fe ff ff ea, 1000, lr, e0000, a jump, b to itself",
        "40 00 00 eb, 1108, lr, 1004, a call, bl",
        "10 00 00 1a, 1048, lr, e0000, a jump, bne that jumps",
        "10 80 bd e8, 48004, r4, 48000, a return, 'pop {r4, pc}'",
        "10 80 bd e8, 48004, sp, 8008, a return, 'pop {r4, pc}'",
        "00 a8 9d e8, 48008, sp, 48004, a return, 'ldm sp, {fp, sp, pc}'",
        "10 a8 1b e9, efffc, sp, efff8, a return, 'ldmdb fp, {r4, fp, sp, pc}'",
        "10 a8 1b e9, efffc, r4, efff0, a return, 'ldmdb fp, {r4, fp, sp, pc}'",
        "02 80 90 e9, 40008, r1, 40004, a return, 'ldmib r0, {r1, pc}'",
    })
    void isKnownBefore(String bytes, String pc, String register, String value, String what, String instruction) {
        Flow flow = flow(bytes);
        assertThat(flow).as(instruction).isInstanceOf(Flow.Transfer.class);
        assertThat(((Flow.Transfer) flow).what()).isEqualTo(what);
        assertThat(Long.toHexString(state().after(flow, "pc"))).as(instruction).isEqualTo(pc);
        assertThat(Long.toHexString(state().after(flow, register)))
                .as(instruction)
                .isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({
        "04 f0 91 e4, a jump to an address that is loaded",
        "01 f1 8f e0, a jump to an address that is computed",
        "0e f0 b0 e1, a jump to an address that is computed",
        "03 f0 21 e1, an instruction that sets the processor's state",
        "80 00 0c f1, one of the instructions without a condition",
        "00 0a b0 f8, one of the instructions without a condition",
        "71 00 20 e1, an instruction that changes how the processor runs",
        "00 00 00 ef, a system call",
        "f0 00 f0 e7, an undefined instruction (BUG)",
        "06 00 d0 e8, a load or store of registers of another mode",
        "00 d0 91 e5, " + UNKNOWN_STACK,
        "02 10 2d e7, " + UNKNOWN_STACK,
        "0f d0 0d e2, " + UNKNOWN_STACK,
        "00 d0 01 e3, " + UNKNOWN_STACK,
        "03 d1 4d e0, " + UNKNOWN_STACK,
        "02 8b 2d ed, " + UNKNOWN_STACK,
        "00, a cut instruction",
    })
    void refused(String bytes, String what) {
        assertThat(flow(bytes)).isEqualTo(new Flow.Refused(what));
    }
}
