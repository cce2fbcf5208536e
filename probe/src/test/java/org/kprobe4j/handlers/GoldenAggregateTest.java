package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kprobe4j.HistogramMap;
import org.kprobe4j.Summary;
import org.kprobe4j.SummaryMap;
import org.kprobe4j.compiler.Buckets;
import org.kprobe4j.compiler.CompiledProgram;

/** The instructions for histograms by key and for summaries, from behind those that count the hit. */
class GoldenAggregateTest {
    private final Handlers handlers = new Handlers();

    private static void golden(CompiledProgram program, String expected) {
        String listing = Handlers.listing(program);
        int from = listing.indexOf('\n', listing.indexOf("lock")) + 1;
        assertThat(listing.substring(from)).isEqualTo(expected);
    }

    @Test
    void a_histogram_for_each_key() {
        HistogramMap<Integer> sizes = handlers.histograms("sizes", Integer.class, new Buckets.Linear(0, 64, 16));
        golden(
                handlers.pre((p, regs) -> {
                    sizes.record(7, regs.arg(2));
                    return 0;
                }),
                """
                r6 = *(u64 *)(r1 +96)
                *(u32 *)(r10 -24) = 7
                r1 = map[sizes]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +14
                r1 = 0
                if r6 s< 0 goto +5
                r1 = 5
                if r6 s>= 64 goto +3
                r1 = r6
                r1 >>= 4
                r1 += 1
                r1 <<= 3
                r1 &= 56
                r0 += r1
                r1 = 1
                lock *(u64 *)(r0 +0) += r1
                w0 = 0
                exit
                r1 = map[sizes]
                r2 = r10
                r2 += -24
                r3 = map[sizesz][0]+0
                r4 = 1
                call bpf_map_update_elem#2
                r1 = map[sizes]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 != 0 goto -28
                r1 = map[account][0]+40
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -21
                w0 = 0
                exit
                """);
    }

    @Test
    void a_summary() {
        Summary sizes = handlers.summary("sizes", 4);
        golden(
                handlers.pre((p, regs) -> {
                    sizes.record(regs.arg(2));
                    return 0;
                }),
                """
                r6 = *(u64 *)(r1 +96)
                call bpf_get_smp_processor_id#8
                r0 &= 3
                r0 <<= 6
                r2 = map[sizes][0]+0
                r2 += r0
                r1 = *(u64 *)(r2 +40)
                r0 = *(u64 *)(r2 +32)
                if r0 != r1 goto +14
                r0 = *(u64 *)(r2 +0)
                r0 += 1
                *(u64 *)(r2 +0) = r0
                r0 = *(u64 *)(r2 +8)
                r0 += r6
                *(u64 *)(r2 +8) = r0
                r0 = *(u64 *)(r2 +16)
                if r6 s>= r0 goto +1
                *(u64 *)(r2 +16) = r6
                r0 = *(u64 *)(r2 +24)
                if r6 s<= r0 goto +1
                *(u64 *)(r2 +24) = r6
                w0 = 0
                exit
                *(u64 *)(r2 +8) = r6
                *(u64 *)(r2 +16) = r6
                *(u64 *)(r2 +24) = r6
                *(u64 *)(r2 +0) = 1
                *(u64 *)(r2 +32) = r1
                goto -8
                w0 = 0
                exit
                """);
    }

    @Test
    void a_summary_for_each_key() {
        SummaryMap<Integer> sizes = handlers.summaries("sizes", Integer.class);
        golden(
                handlers.pre((p, regs) -> {
                    sizes.record(7, regs.arg(2));
                    return 0;
                }),
                """
                r6 = *(u64 *)(r1 +96)
                *(u32 *)(r10 -24) = 7
                r1 = map[sizes]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +20
                r1 = *(u64 *)(r0 +0)
                if r1 == 0 goto +13
                r1 += 1
                *(u64 *)(r0 +0) = r1
                r1 = *(u64 *)(r0 +8)
                r1 += r6
                *(u64 *)(r0 +8) = r1
                r1 = *(u64 *)(r0 +16)
                if r6 s>= r1 goto +1
                *(u64 *)(r0 +16) = r6
                r1 = *(u64 *)(r0 +24)
                if r6 s<= r1 goto +1
                *(u64 *)(r0 +24) = r6
                w0 = 0
                exit
                *(u64 *)(r0 +8) = r6
                *(u64 *)(r0 +16) = r6
                *(u64 *)(r0 +24) = r6
                *(u64 *)(r0 +0) = 1
                goto -7
                *(u64 *)(r10 -48) = r6
                *(u64 *)(r10 -40) = r6
                *(u64 *)(r10 -32) = r6
                *(u64 *)(r10 -56) = 1
                r1 = map[sizes]
                r2 = r10
                r2 += -24
                r3 = r10
                r3 += -56
                r4 = 1
                call bpf_map_update_elem#2
                if w0 == 0 goto -20
                r1 = map[sizes]
                r2 = r10
                r2 += -24
                call bpf_map_lookup_elem#1
                if r0 != 0 goto -39
                r1 = map[account][0]+40
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -31
                w0 = 0
                exit
                """);
    }
}
