package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.EntryHandler;
import org.kprobe4j.Kernel;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramShape;

/**
 * The instructions for each rule of the lowering. Most values leave through the private data of an entry handler, whose three
 * fields are at r10-32, r10-24 and r10-20; of such a program the part between the frame's opening and closing is shown.
 */
@SuppressWarnings("unused")
class GoldenTest {
    static final class Data {
        long out;
        int word;
        byte small;
    }

    record Event(int a, byte b, long c) {}

    private static boolean even(long a) {
        return (a & 1) == 0;
    }

    private static String listing(CompiledProgram program) {
        return program.code().disassemble().replaceAll("(?m)^; .*\n", "").replaceAll("(?m)^ *\\d+: ", "");
    }

    /** From the last store that clears the data to the load of the stack pointer for the map's key. */
    private static void golden(EntryHandler<Data> handler, String expected) {
        String listing = listing(new Handlers()
                .btf(Types::btf)
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.empty()))
                .entry(handler));
        String opening = "*(u64 *)(r10 -24) = 0\n";
        int from = listing.indexOf(opening) + opening.length();
        int to = listing.lastIndexOf('\n', listing.indexOf("+152)", from)) + 1;
        assertThat(listing.substring(from, to)).isEqualTo(expected);
    }

    @Test
    void add_of_two_registers() {
        golden((ri, regs) -> { var d = ri.data(); d.out = regs.arg(0) + regs.arg(1); return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r2 = *(u64 *)(r1 +104)
                r0 += r2
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void int_arithmetic_loads_half_words() {
        golden((ri, regs) -> { var d = ri.data(); d.word = (int) regs.arg(0) * (int) regs.arg(1); return 0; }, """
                r0 = *(u32 *)(r1 +112)
                r2 = *(u32 *)(r1 +104)
                w0 *= w2
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void a_small_constant_is_an_immediate() {
        golden((ri, regs) -> { var d = ri.data(); d.out = regs.arg(0) - 5; return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r0 -= 5
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_large_constant_takes_two_slots() {
        golden((ri, regs) -> { var d = ri.data(); d.out = regs.arg(0) ^ 0x1234_5678_9abcL; return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r2 = 0x123456789abc ll
                r0 ^= r2
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_constant_goes_straight_into_memory() {
        golden((ri, regs) -> { var d = ri.data(); d.out = 7; return 0; }, """
                *(u64 *)(r10 -32) = 7
                """);
    }

    @Test
    void nothing_is_done_for_what_changes_nothing() {
        golden((ri, regs) -> { var d = ri.data(); d.out = (regs.arg(0) + 0) * 1 | 0; return 0; }, """
                r0 = *(u64 *)(r1 +112)
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_known_expression_is_a_constant() {
        golden((ri, regs) -> { var d = ri.data(); d.word = (Integer.MAX_VALUE + 1) >>> 31; return 0; }, """
                *(u32 *)(r10 -24) = 1
                """);
    }

    @Test
    void negation() {
        golden((ri, regs) -> { var d = ri.data(); d.out = -regs.arg(0); return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r0 = -r0
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_shift_by_a_constant() {
        golden((ri, regs) -> { var d = ri.data(); d.out = regs.arg(0) << 67; return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r0 <<= 3
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_shift_by_a_variable_masks_its_count() {
        golden((ri, regs) -> { var d = ri.data(); d.word = (int) regs.arg(0) >> (int) regs.arg(1); return 0; }, """
                r0 = *(u32 *)(r1 +112)
                r2 = *(u32 *)(r1 +104)
                w2 &= 31
                w0 s>>= w2
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void division_by_a_constant() {
        golden((ri, regs) -> { var d = ri.data(); d.out = regs.arg(0) / 10; return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); d.word = (int) regs.arg(0) / 16; return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); d.out = regs.arg(0) % 8; return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); d.out = (int) regs.arg(0); return 0; }, """
                r0 = *(u32 *)(r1 +112)
                r0 <<= 32
                r0 s>>= 32
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void int_to_long_as_unsigned() {
        golden((ri, regs) -> { var d = ri.data(); d.out = (int) regs.arg(0) & 0xffff_ffffL; return 0; }, """
                r0 = *(u32 *)(r1 +112)
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void long_to_int_of_a_sum() {
        golden((ri, regs) -> { var d = ri.data(); d.word = (int) (regs.arg(0) + regs.arg(1)); return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r2 = *(u64 *)(r1 +104)
                r0 += r2
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void int_to_byte() {
        golden((ri, regs) -> { var d = ri.data(); d.word = (byte) regs.arg(0); return 0; }, """
                r0 = *(u32 *)(r1 +112)
                w0 <<= 24
                w0 s>>= 24
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void int_to_char_and_long() {
        golden((ri, regs) -> { var d = ri.data(); d.out = (char) regs.arg(0); return 0; }, """
                r0 = *(u32 *)(r1 +112)
                w0 <<= 16
                w0 >>= 16
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_store_needs_no_narrowing() {
        golden((ri, regs) -> { var d = ri.data(); d.small = (byte) regs.arg(0); return 0; }, """
                r0 = *(u32 *)(r1 +112)
                *(u8 *)(r10 -20) = r0
                """);
    }

    @Test
    void a_load_of_a_byte_is_sign_extended() {
        golden((ri, regs) -> { var d = ri.data(); d.word = d.small; return 0; }, """
                r0 = *(u8 *)(r10 -20)
                w0 <<= 24
                w0 s>>= 24
                *(u32 *)(r10 -24) = r0
                """);
    }

    @Test
    void a_comparison_as_a_value() {
        golden((ri, regs) -> { var d = ri.data(); d.word = regs.arg(0) < regs.arg(1) ? 1 : 0; return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); if (regs.arg(0) < regs.arg(1)) { d.out = 1; } return 0; }, """
                r2 = *(u64 *)(r1 +112)
                r0 = *(u64 *)(r1 +104)
                if r2 s>= r0 goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_condition_of_two_parts() {
        golden((ri, regs) -> { var d = ri.data(); if (regs.arg(0) > 0 && regs.arg(1) != 5) { d.out = 1; } return 0; }, """
                r0 = *(u64 *)(r1 +112)
                if r0 s<= 0 goto +3
                r0 = *(u64 *)(r1 +104)
                if r0 == 5 goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_condition_that_a_method_returns() {
        golden((ri, regs) -> { var d = ri.data(); if (even(regs.arg(0))) { d.out = 1; } return 0; }, """
                r0 = *(u64 *)(r1 +112)
                r0 &= 1
                if r0 != 0 goto +1
                *(u64 *)(r10 -32) = 1
                """);
    }

    @Test
    void a_condition_without_effect() {
        golden((ri, regs) -> { var d = ri.data(); if (regs.arg(0) < 3) {} return 0; }, """
                """);
    }

    @Test
    void maximum() {
        golden((ri, regs) -> { var d = ri.data(); d.out = Math.max(regs.arg(0), regs.arg(1)); return 0; }, """
                r2 = *(u64 *)(r1 +112)
                r0 = *(u64 *)(r1 +104)
                if r2 s>= r0 goto +1
                r2 = r0
                *(u64 *)(r10 -32) = r2
                """);
    }

    @Test
    void long_compare() {
        golden((ri, regs) -> { var d = ri.data(); d.word = Long.compare(regs.arg(0), regs.arg(1)); return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); switch ((int) regs.arg(0)) { case 3 -> d.out = 1; case 9 -> d.out = 2; default -> {} } return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); long s = 0; for (int i = 0; i < 10; i++) { s += regs.arg(0) >>> i; } d.out = s; return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); long a = regs.arg(0), b = regs.arg(1); for (int i = 0; i < 9; i++) { long t = a; a = b; b = t; } d.out = a - b; return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); d.out = Kernel.pid() ^ Kernel.tid(); return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); d.out = Kernel.tid() + Kernel.tid(); return 0; }, """
                call bpf_get_current_pid_tgid#14
                w0 += w0
                r0 <<= 32
                r0 s>>= 32
                *(u64 *)(r10 -32) = r0
                """);
    }

    @Test
    void a_record_costs_nothing() {
        golden((ri, regs) -> { var d = ri.data(); var e = new Event((int) regs.arg(0), (byte) 0, regs.arg(1)); d.out = e.c() + e.a(); return 0; }, """
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
        golden((ri, regs) -> { var d = ri.data(); d.word = Kernel.current(Types.TaskStruct.class).tgid(); return 0; }, """
                call bpf_get_current_task#35
                r3 = r0
                r3 += 4
                r1 = r10
                r1 += -40
                r2 = 4
                call bpf_probe_read_kernel#113
                if r0 != 0 goto +17
                r0 = *(u32 *)(r10 -40)
                *(u32 *)(r10 -24) = r0
                """);
    }

    // ---- whole programs ----

    @Test
    void a_hit_is_counted() {
        assertThat(listing(new Handlers().pre((p, regs) -> 0))).isEqualTo("""
                r1 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                """);
    }

    @Test
    void a_printed_line_is_one_record() {
        assertThat(listing(new Handlers().pre((p, regs) -> {
            Kernel.printf("%s: %d %d", p.symbolName(), regs.arg(0), 5);
            return 0;
        }))).isEqualTo("""
                r2 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r6 = *(u64 *)(r1 +112)
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +7
                *(u64 *)(r0 +0) = 1
                *(u64 *)(r0 +8) = r6
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -7
                """);
    }

    @Test
    void an_event_is_written_where_its_layout_says() {
        var handlers = new Handlers();
        RingBuffer<Event> ring = handlers.ring("events1", Event.class);
        assertThat(listing(handlers.pre((p, regs) -> {
            ring.emit(new Event((int) regs.arg(0), (byte) 3, regs.arg(1)));
            return 0;
        }))).isEqualTo("""
                r2 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r7 = *(u32 *)(r1 +112)
                r6 = *(u64 *)(r1 +104)
                r1 = map[events1]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +10
                *(u32 *)(r0 +0) = r7
                *(u8 *)(r0 +4) = 3
                *(u8 *)(r0 +5) = 0
                *(u16 *)(r0 +6) = 0
                *(u64 *)(r0 +8) = r6
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -7
                """);
    }

    @Test
    void a_division_by_zero_is_a_fault() {
        assertThat(listing(new Handlers().pre((p, regs) -> {
            Kernel.printf("%d", regs.arg(0) / regs.arg(1));
            return 0;
        }))).isEqualTo("""
                r2 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r6 = *(u64 *)(r1 +112)
                r1 = *(u64 *)(r1 +104)
                if r1 != 0 goto +6
                r1 = map[account][0]+40
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r0 = r6
                r0 s>>= 63
                r6 ^= r0
                r6 -= r0
                r2 = r1
                r2 s>>= 63
                r1 ^= r2
                r1 -= r2
                r6 /= r1
                r0 ^= r2
                r6 ^= r0
                r6 -= r0
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +7
                *(u64 *)(r0 +0) = 1
                *(u64 *)(r0 +8) = r6
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -7
                """);
    }

    @Test
    void an_entry_handler_remembers_the_call_or_forgets_it() {
        assertThat(listing(new Handlers()
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.of(0x1234)))
                .<Data>entry((ri, regs) -> Kernel.pid() == 7 ? 1 : 0))).isEqualTo("""
                r6 = r1
                r1 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                r3 = *(u64 *)(r6 +152)
                r1 = r10
                r1 += -24
                r2 = 8
                call bpf_probe_read_kernel#113
                r1 = *(u64 *)(r10 -24)
                r0 = 4660
                if r1 != r0 goto +35
                *(u64 *)(r10 -40) = 0
                *(u64 *)(r10 -32) = 0
                call bpf_get_current_pid_tgid#14
                r0 >>= 32
                if w0 != 7 goto +15
                r1 = map[account][0]+8
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                r0 = *(u64 *)(r6 +152)
                *(u64 *)(r10 -8) = r0
                call bpf_get_current_task#35
                *(u64 *)(r10 -16) = r0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_delete_elem#3
                w0 = 0
                exit
                r0 = *(u64 *)(r6 +152)
                *(u64 *)(r10 -8) = r0
                call bpf_get_current_task#35
                *(u64 *)(r10 -16) = r0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                r3 = r10
                r3 += -40
                r4 = 0
                call bpf_map_update_elem#2
                if r0 != 0 goto +8
                w0 = 0
                exit
                r1 = map[account][0]+32
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r1 = map[account][0]+24
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -13
                """);
    }

    @Test
    void a_return_handler_finds_its_data() {
        assertThat(listing(new Handlers().data(Data.class).shaped(new ProgramShape.Return(true)).<Data>ret((ri, regs) -> {
            Kernel.printf("%d", ri.data().out);
            return 0;
        }))).isEqualTo("""
                r2 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r0 = *(u64 *)(r1 +152)
                r0 += -8
                *(u64 *)(r10 -8) = r0
                call bpf_get_current_task#35
                *(u64 *)(r10 -16) = r0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_lookup_elem#1
                if r0 == 0 goto +19
                r6 = *(u64 *)(r0 +0)
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +18
                *(u64 *)(r0 +0) = 1
                *(u64 *)(r0 +8) = r6
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_delete_elem#3
                w0 = 0
                exit
                r1 = map[account][0]+8
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -18
                """);
    }
}
