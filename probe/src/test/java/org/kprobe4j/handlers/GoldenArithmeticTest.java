package org.kprobe4j.handlers;

import org.junit.jupiter.api.Test;

/** The instructions for each arithmetic rule of the lowering. See {@link Golden}. */
@SuppressWarnings("unused")
class GoldenArithmeticTest {
    @Test
    void add_of_two_registers() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = regs.arg(0) + regs.arg(1);
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r2 = *(u64 *)(r1 +104)
                r0 += r2
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void int_arithmetic_loads_half_words() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = (int) regs.arg(0) * (int) regs.arg(1);
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                r2 = *(u32 *)(r1 +104)
                w0 *= w2
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void a_small_constant_is_an_immediate() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = regs.arg(0) - 5;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r0 -= 5
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_large_constant_takes_two_slots() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = regs.arg(0) ^ 0x1234_5678_9abcL;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r2 = 0x123456789abc ll
                r0 ^= r2
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_constant_goes_straight_into_memory() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = 7;
                    return 0;
                },
                """
                *(u64 *)(r10 -32) = 7
                """);
    }

    @Test
    void nothing_is_done_for_what_changes_nothing() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = (regs.arg(0) + 0) * 1 | 0;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_known_expression_is_a_constant() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = (Integer.MAX_VALUE + 1) >>> 31;
                    return 0;
                },
                """
                *(u32 *)(r10 -24) = 1
                """);
    }

    @Test
    void negation() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = -regs.arg(0);
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r0 = -r0
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_shift_by_a_constant() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = regs.arg(0) << 67;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r0 <<= 3
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_shift_by_a_variable_masks_its_count() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = (int) regs.arg(0) >> (int) regs.arg(1);
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                r2 = *(u32 *)(r1 +104)
                w2 &= 31
                w0 s>>= w2
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void division_by_a_constant() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = regs.arg(0) / 10;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r2 = r0
                r2 s>>= 63
                r0 ^= r2
                r0 -= r2
                r0 /= 10
                r0 ^= r2
                r0 -= r2
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void division_by_a_power_of_two() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = (int) regs.arg(0) / 16;
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                r2 = r0
                w2 s>>= 31
                w2 >>= 28
                w0 += w2
                w0 s>>= 4
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void remainder_of_a_power_of_two() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = regs.arg(0) % 8;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r2 = r0
                r2 s>>= 63
                r2 >>= 61
                r0 += r2
                r0 &= 7
                r0 -= r2
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void int_to_long() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = (int) regs.arg(0);
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                r0 <<= 32
                r0 s>>= 32
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void int_to_long_as_unsigned() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = (int) regs.arg(0) & 0xffff_ffffL;
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void long_to_int_of_a_sum() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = (int) (regs.arg(0) + regs.arg(1));
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r2 = *(u64 *)(r1 +104)
                r0 += r2
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void int_to_byte() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = (byte) regs.arg(0);
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                w0 <<= 24
                w0 s>>= 24
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void int_to_char_and_long() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = (char) regs.arg(0);
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                w0 <<= 16
                w0 >>= 16
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_store_needs_no_narrowing() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.small = (byte) regs.arg(0);
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                *(u8 *)(r10 -20) = r0
                """);
    }

    @Test
    void a_load_of_a_byte_is_sign_extended() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = d.small;
                    return 0;
                },
                """
                r0 = *(u8 *)(r10 -20)
                w0 <<= 24
                w0 s>>= 24
                *(u32 *)(r10 -24) = r0
                """);
    }
}
