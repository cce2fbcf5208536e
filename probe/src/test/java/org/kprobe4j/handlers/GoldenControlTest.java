package org.kprobe4j.handlers;

import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;

/** The instructions for conditions, loops and calls. See {@link Golden}. */
@SuppressWarnings("unused")
class GoldenControlTest {
    record Event(int a, byte b, long c) {}

    private static boolean even(long a) {
        return (a & 1) == 0;
    }

    @Test
    void a_comparison_as_a_value() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = regs.arg(0) < regs.arg(1) ? 1 : 0;
                    return 0;
                },
                """
                r2 = *(u64 *)(r1 +112)
                r0 = *(u64 *)(r1 +104)
                if r2 s>= r0 goto +2
                w0 = 1
                goto +1
                w0 = 0
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void a_comparison_as_a_condition() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    if (regs.arg(0) < regs.arg(1)) {
                        d.out = 1;
                    }
                    return 0;
                },
                """
                r2 = *(u64 *)(r1 +112)
                r0 = *(u64 *)(r1 +104)
                if r2 s>= r0 goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_condition_of_two_parts() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    if (regs.arg(0) > 0 && regs.arg(1) != 5) {
                        d.out = 1;
                    }
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                if r0 s<= 0 goto +3
                r0 = *(u64 *)(r1 +104)
                if r0 == 5 goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_condition_that_a_method_returns() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    if (even(regs.arg(0))) {
                        d.out = 1;
                    }
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r0 &= 1
                if r0 != 0 goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_condition_without_effect() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    if (regs.arg(0) < 3) {}
                    return 0;
                },
                """
                """);
    }

    @Test
    void maximum() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = Math.max(regs.arg(0), regs.arg(1));
                    return 0;
                },
                """
                r2 = *(u64 *)(r1 +112)
                r0 = *(u64 *)(r1 +104)
                if r2 s>= r0 goto +1
                r2 = r0
                *(u64 *)(r10 -32) = r2
                """);
    }

    @Test
    void long_compare() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = Long.compare(regs.arg(0), regs.arg(1));
                    return 0;
                },
                """
                r2 = *(u64 *)(r1 +112)
                r0 = *(u64 *)(r1 +104)
                if r2 s>= r0 goto +2
                w0 = -1
                goto +4
                if r2 != r0 goto +2
                w0 = 0
                goto +1
                w0 = 1
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void a_switch() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    switch ((int) regs.arg(0)) {
                        case 3 -> d.out = 1;
                        case 9 -> d.out = 2;
                        default -> {}
                    }
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                if w0 == 3 goto +3
                if w0 != 9 goto +3
                *(u64 *)(r10 -32) = 2
                goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_loop() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    long s = 0;
                    for (int i = 0; i < 10; i++) {
                        s += regs.arg(0) >>> i;
                    }
                    d.out = s;
                    return 0;
                },
                """
                r4 = 0
                w3 = 0
                if w3 s>= 10 goto +7
                r0 = *(u64 *)(r1 +112)
                r2 = r3
                w2 &= 63
                r0 >>= r2
                r4 += r0
                w3 += 1
                goto -8
                *(u64 *)(r10 -32) = r4
                """);
    }

    @Test
    void two_variables_swapped_in_a_loop() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    long a = regs.arg(0), b = regs.arg(1);
                    for (int i = 0; i < 9; i++) {
                        long t = a;
                        a = b;
                        b = t;
                    }
                    d.out = a - b;
                    return 0;
                },
                """
                r0 = *(u64 *)(r1 +112)
                r4 = *(u64 *)(r1 +104)
                w2 = 0
                if w2 s>= 9 goto +5
                w2 += 1
                r3 = r4
                r4 = r0
                r0 = r3
                goto -6
                r0 -= r4
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_helper_that_gives_two_numbers() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = Kernel.pid() ^ Kernel.tid();
                    return 0;
                },
                """
                call bpf_get_current_pid_tgid#14
                r1 = r0
                r1 >>= 32
                w1 ^= w0
                r1 <<= 32
                r1 s>>= 32
                *(u64 *)(r10 -32) = r1
                """);
    }

    @Test
    void a_pure_helper_is_called_once() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.out = Kernel.tid() + Kernel.tid();
                    return 0;
                },
                """
                call bpf_get_current_pid_tgid#14
                w0 += w0
                r0 <<= 32
                r0 s>>= 32
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_record_costs_nothing() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    var e = new Event((int) regs.arg(0), (byte) 0, regs.arg(1));
                    d.out = e.c() + e.a();
                    return 0;
                },
                """
                r0 = *(u32 *)(r1 +112)
                r2 = *(u64 *)(r1 +104)
                r0 <<= 32
                r0 s>>= 32
                r2 += r0
                *(u64 *)(r10 -32) = r2
                """);
    }

    @Test
    void a_field_of_a_structure() {
        Golden.golden(
                (ri, regs) -> {
                    var d = ri.data();
                    d.word = Kernel.current(Types.TaskStruct.class).tgid();
                    return 0;
                },
                """
                call bpf_get_current_task#35
                r3 = r0
                r3 += 4
                r1 = r10
                r1 += -48
                r2 = 4
                call bpf_probe_read_kernel#113
                if r0 != 0 goto +19
                r0 = *(u32 *)(r10 -48)
                *(u32 *)(r10 -24) = r0
                """);
    }
}
