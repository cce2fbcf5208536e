package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;

/** Memory beyond the registers: an array's element, a string that is compared. */
class GoldenMemoryTest {
    @Test
    void an_element_at_a_variable_index() {
        assertThat(Handlers.listing(new Handlers().pre((p, regs) -> {
                    int[] a = new int[3];
                    a[(int) regs.arg(0)] = 7;
                    Kernel.printf("%d", a[1]);
                    return 0;
                })))
                .isEqualTo("""
                r6 = r1
                r1 = map[account][0]+0
                r0 = *(u64 *)(r1 +64)
                if r0 == 0 goto +65
                lock *(u64 *)(r1 +0) += r0
                *(u32 *)(r10 -24) = 0
                r1 = map[scratch]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +28
                *(u64 *)(r0 +0) = 0
                *(u64 *)(r0 +8) = 0
                r1 = *(u32 *)(r6 +112)
                if w1 < 3 goto +6
                r1 = map[account][0]+80
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r1 &= 3
                r1 <<= 2
                r1 += r0
                *(u32 *)(r1 +0) = 7
                r6 = *(u32 *)(r0 +4)
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +9
                *(u64 *)(r0 +0) = 1
                *(u64 *)(r0 +8) = r6
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                w0 = 0
                exit
                r0 = 16
                *(u64 *)(r10 -32) = r0
                r1 = map[log]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048551 goto +15
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -22
                r0 = *(u64 *)(r10 -32)
                r0 -= 1
                *(u64 *)(r10 -32) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -26
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -31
                w0 = 0
                exit
                """);
    }

    @Test
    void a_comparison_with_a_constant() {
        assertThat(Handlers.listing(new Handlers().pre((p, regs) -> {
                    if (Kernel.string(regs.arg(0)).equals("/etc/hosts")) {
                        Kernel.printf("hosts");
                    }
                    return 0;
                })))
                .isEqualTo("""
                r2 = map[account][0]+0
                r0 = *(u64 *)(r2 +64)
                if r0 == 0 goto +64
                lock *(u64 *)(r2 +0) += r0
                r3 = *(u64 *)(r1 +112)
                r1 = r10
                r1 += -80
                r2 = 12
                call bpf_probe_read_kernel_str#115
                if r0 s< 0 goto +24
                r1 = *(u64 *)(r10 -80)
                r0 = 0x736f682f6374652f ll
                if r1 != r0 goto +6
                r0 = *(u16 *)(r10 -72)
                if w0 != 29556 goto +4
                r0 = *(u8 *)(r10 -70)
                if w0 != 0 goto +2
                w0 = 0
                goto +1
                w0 = -1
                if w0 != 0 goto +10
                r1 = map[log]
                r2 = 8
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +12
                *(u64 *)(r0 +0) = 1
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                r1 = map[account][0]+80
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r0 = 16
                *(u64 *)(r10 -88) = r0
                r1 = map[log]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048559 goto +15
                r1 = map[log]
                r2 = 8
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -25
                r0 = *(u64 *)(r10 -88)
                r0 -= 1
                *(u64 *)(r10 -88) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -30
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -35
                w0 = 0
                exit
                """);
    }
}
