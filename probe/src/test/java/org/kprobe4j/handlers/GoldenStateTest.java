package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Counter;
import org.kprobe4j.Histogram;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelMap;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/** The instructions for maps, counters and histograms, from behind those that count the hit. */
class GoldenStateTest {
    static final class Stamp {
        long at;
    }

    record Key(int pid, String comm) {}

    private final Handlers handlers = new Handlers();
    private final Counter hits = handlers.counter("hits");
    private final KernelMap<Integer, Long> starts = handlers.map("starts", Integer.class, Long.class);

    private static void golden(CompiledProgram program, String expected) {
        String listing = Handlers.listing(program);
        int from = listing.indexOf('\n', listing.indexOf("lock")) + 1;
        assertThat(listing.substring(from)).isEqualTo(expected);
    }

    @Test
    void a_counter_is_one_addition() {
        golden(
                handlers.pre((p, regs) -> {
                    hits.increment();
                    return 0;
                }),
                """
                r1 = map[hits][0]+0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void a_counter_after_a_test() {
        golden(
                handlers.pre((p, regs) -> {
                    if (Kernel.pid() != 42) {
                        return 0;
                    }
                    hits.increment();
                    return 0;
                }),
                """
                call bpf_get_current_pid_tgid#14
                r0 >>= 32
                if w0 != 42 goto +4
                r1 = map[hits][0]+0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void a_histogram_by_powers_of_two() {
        Histogram sizes = handlers.histogram("sizes", new Buckets.Log2());
        golden(
                handlers.pre((p, regs) -> {
                    sizes.record(regs.arg(2));
                    return 0;
                }),
                """
                r1 = *(u64 *)(r1 +96)
                r2 = 0
                if r1 > 2147483647 goto +23
                if r1 <= 65535 goto +2
                r1 >>= 16
                r2 += 128
                if r1 <= 255 goto +2
                r1 >>= 8
                r2 += 64
                if r1 <= 15 goto +2
                r1 >>= 4
                r2 += 32
                r1 <<= 2
                r0 = 0x122333344444444 ll
                r0 <<= r1
                r0 >>= 57
                r0 += r2
                r0 &= 1016
                r1 = map[sizes][0]+0
                r1 += r0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r1 >>= 31
                r2 += 248
                if r1 <= 2147483647 goto -26
                r1 >>= 2
                r2 += 16
                goto -29
                w0 = 0
                exit
                """);
    }

    @Test
    void a_histogram_in_steps() {
        Histogram sizes = handlers.histogram("sizes", new Buckets.Linear(0, 4096, 100));
        golden(
                handlers.pre((p, regs) -> {
                    sizes.record(regs.arg(2));
                    return 0;
                }),
                """
                r1 = *(u64 *)(r1 +96)
                r0 = 0
                if r1 s< 0 goto +5
                r0 = 42
                if r1 s>= 4096 goto +3
                r0 = r1
                r0 /= 100
                r0 += 1
                r0 <<= 3
                r0 &= 504
                r1 = map[sizes][0]+0
                r1 += r0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void histograms_in_a_loop_have_no_branch() {
        Histogram sizes = handlers.histogram("sizes", new Buckets.Log2());
        Histogram steps = handlers.histogram("steps", new Buckets.Linear(-8, 4096, 100));
        golden(
                handlers.pre((p, regs) -> {
                    for (int i = 0; i < 20; i++) {
                        sizes.record(regs.arg(2));
                        steps.record(regs.arg(2));
                    }
                    return 0;
                }),
                """
                w5 = 0
                if w5 s>= 20 goto +65
                r0 = *(u64 *)(r1 +96)
                r2 = r0
                r3 = r2
                r3 >>= 32
                r3 = -r3
                r3 >>= 63
                r3 <<= 5
                r2 >>= r3
                r4 = 65535
                r4 -= r2
                r4 >>= 63
                r4 <<= 4
                r2 >>= r4
                r3 += r4
                r4 = 255
                r4 -= r2
                r4 >>= 63
                r4 <<= 3
                r2 >>= r4
                r3 += r4
                r4 = 15
                r4 -= r2
                r4 >>= 63
                r4 <<= 2
                r2 >>= r4
                r3 += r4
                r3 <<= 3
                r2 <<= 2
                r4 = 0x122333344444444 ll
                r4 <<= r2
                r4 >>= 57
                r4 += r3
                r2 = r4
                r2 &= 1016
                r3 = map[sizes][0]+0
                r3 += r2
                r4 = 1
                lock *(u64 *)(r3 +0) += r4
                r2 = r0
                r2 -= 4192
                r3 = r0
                r3 -= 4096
                r3 |= r0
                r3 s>>= 63
                r2 &= r3
                r2 += 4200
                r2 /= 100
                r2 += 1
                r3 = r0
                r3 -= -8
                r3 &= r0
                r3 s>>= 63
                r3 ^= -1
                r2 &= r3
                r2 <<= 3
                r0 = r2
                r0 &= 504
                r2 = map[steps][0]+0
                r2 += r0
                lock *(u64 *)(r2 +0) += r4
                w5 += 1
                goto -66
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void null_is_tested_once_and_a_key_is_written_once() {
        golden(
                handlers.pre((p, regs) -> {
                    Long start = starts.get(Kernel.tid());
                    if (start == null) {
                        return 0;
                    }
                    hits.add(Kernel.ktimeNs() - start);
                    starts.remove(Kernel.tid());
                    return 0;
                }),
                """
                call bpf_get_current_pid_tgid#14
                *(u32 *)(r10 -24) = r0
                r1 = map[starts]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +11
                r6 = *(u64 *)(r0 +0)
                call bpf_ktime_get_ns#5
                r0 -= r6
                r1 = map[hits][0]+0
                lock *(u64 *)(r1 +0) += r0
                r1 = map[starts]
                r2 = r10
                r2 += -24
                call bpf_map_delete_elem#3
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void using_null_is_a_fault() {
        golden(
                handlers.pre((p, regs) -> {
                    hits.add(starts.get(Kernel.tid()));
                    return 0;
                }),
                """
                call bpf_get_current_pid_tgid#14
                *(u32 *)(r10 -24) = r0
                r1 = map[starts]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +6
                r1 = *(u64 *)(r0 +0)
                r0 = map[hits][0]+0
                lock *(u64 *)(r0 +0) += r1
                w0 = 0
                exit
                r1 = map[account][0]+80
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void what_finds_no_room_is_counted() {
        golden(
                handlers.pre((p, regs) -> {
                    starts.put(7, Kernel.ktimeNs());
                    return 0;
                }),
                """
                call bpf_ktime_get_ns#5
                *(u32 *)(r10 -24) = 7
                *(u64 *)(r10 -32) = r0
                r1 = map[starts]
                r2 = r10
                r2 += -24
                r3 = r10
                r3 += -32
                r4 = 0
                call bpf_map_update_elem#2
                if w0 != 0 goto +2
                w0 = 0
                exit
                r1 = map[account][0]+40
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -7
                w0 = 0
                exit
                """);
    }

    @Test
    void add_makes_an_entry_out_of_the_way() {
        KernelMap<Key, Long> counts = handlers.map("counts", Key.class, Long.class);
        golden(
                handlers.pre((p, regs) -> {
                    counts.add(new Key(Kernel.pid(), Kernel.comm()), 1);
                    return 0;
                }),
                """
                call bpf_get_current_pid_tgid#14
                r0 >>= 32
                *(u32 *)(r10 -40) = r0
                *(u32 *)(r10 -36) = 0
                *(u64 *)(r10 -32) = 0
                *(u64 *)(r10 -24) = 0
                r1 = r10
                r1 += -32
                r2 = 16
                call bpf_get_current_comm#16
                r6 = 1
                r1 = map[counts]
                r2 = r10
                r2 += -40
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +3
                lock *(u64 *)(r0 +0) += r6
                w0 = 0
                exit
                *(u64 *)(r10 -48) = r6
                r1 = map[counts]
                r2 = r10
                r2 += -40
                r3 = r10
                r3 += -48
                r4 = 1
                call bpf_map_update_elem#2
                if w0 == 0 goto -12
                r1 = map[counts]
                r2 = r10
                r2 += -40
                call bpf_map_lookup_elem#1
                if r0 != 0 goto -19
                r1 = map[account][0]+40
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -23
                w0 = 0
                exit
                """);
    }

    @Test
    void zeroes_under_private_data_that_is_set_are_not_written() {
        golden(
                handlers.data(Stamp.class)
                        .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                        .<Stamp>entry((ri, regs) -> {
                            ri.data().at = Kernel.ktimeNs();
                            return 0;
                        }),
                """
                call bpf_ktime_get_ns#5
                *(u64 *)(r10 -24) = r0
                r0 = *(u64 *)(r6 +152)
                *(u64 *)(r10 -8) = r0
                *(u32 *)(r10 -16) = 0
                *(u32 *)(r10 -12) = 0
                call bpf_get_current_pid_tgid#14
                *(u64 *)(r10 -32) = r0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                r3 = r10
                r3 += -32
                r4 = 1
                call bpf_map_update_elem#2
                if w0 != 0 goto +2
                w0 = 0
                exit
                if w0 != -17 goto +16
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_lookup_elem#1
                if r0 != 0 goto +15
                r1 = map[calls]
                r2 = r10
                r2 += -16
                r3 = r10
                r3 += -32
                r4 = 1
                call bpf_map_update_elem#2
                if w0 != 0 goto +31
                goto -19
                r1 = map[account][0]+24
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -24
                r6 = *(u64 *)(r0 +0)
                call bpf_get_current_pid_tgid#14
                if r6 != r0 goto +11
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_delete_elem#3
                if w0 != 0 goto -24
                r1 = map[account][0]+56
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -29
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_delete_elem#3
                if w0 != 0 goto -35
                r1 = map[account][0]+48
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -40
                r1 = map[account][0]+24
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -54
                w0 = 0
                exit
                """);
    }
}
