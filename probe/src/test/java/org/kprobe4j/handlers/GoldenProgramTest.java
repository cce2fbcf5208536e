package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.kprobe4j.FunctionArguments;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.OnFault;
import org.kprobe4j.RingBuffer;
import org.kprobe4j.compiler.ProgramShape;

/** Whole programs: what stands around a handler, what leaves it, what stops it. */
class GoldenProgramTest {
    static final class Data {
        long out;
    }

    record Event(int a, byte b, long c) {}

    @Test
    void a_hit_is_counted() {
        assertThat(Handlers.listing(new Handlers().pre((p, regs) -> 0))).isEqualTo("""
                r1 = map[account][0]+0
                r0 = *(u64 *)(r1 +64)
                if r0 == 0 goto +3
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                w0 = 0
                exit
                """);
    }

    @Test
    void a_printed_line_is_one_record() {
        assertThat(Handlers.listing(new Handlers().pre((p, regs) -> {
                    Kernel.printf("%s: %d %d", p.symbolName(), regs.arg(0), 5);
                    return 0;
                })))
                .isEqualTo("""
                r2 = map[account][0]+0
                r0 = *(u64 *)(r2 +64)
                if r0 == 0 goto +42
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
                r0 = 16
                *(u64 *)(r10 -24) = r0
                r1 = map[log]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048551 goto +15
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -20
                r0 = *(u64 *)(r10 -24)
                r0 -= 1
                *(u64 *)(r10 -24) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -24
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -29
                w0 = 0
                exit
                """);
    }

    @Test
    void an_event_is_written_where_its_layout_says() {
        var handlers = new Handlers();
        RingBuffer<Event> ring = handlers.ring("events1", Event.class);
        assertThat(Handlers.listing(handlers.pre((p, regs) -> {
                    ring.emit(new Event((int) regs.arg(0), (byte) 3, regs.arg(1)));
                    return 0;
                })))
                .isEqualTo("""
                r2 = map[account][0]+0
                r0 = *(u64 *)(r2 +64)
                if r0 == 0 goto +46
                lock *(u64 *)(r2 +0) += r0
                r6 = *(u32 *)(r1 +112)
                r7 = *(u64 *)(r1 +104)
                r1 = map[events1]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 == 0 goto +10
                *(u32 *)(r0 +0) = r6
                *(u8 *)(r0 +4) = 3
                *(u8 *)(r0 +5) = 0
                *(u16 *)(r0 +6) = 0
                *(u64 *)(r0 +8) = r7
                r1 = r0
                r2 = 0
                call bpf_ringbuf_submit#132
                w0 = 0
                exit
                r0 = 16
                *(u64 *)(r10 -24) = r0
                r1 = map[events1]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048551 goto +15
                r1 = map[events1]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -23
                r0 = *(u64 *)(r10 -24)
                r0 -= 1
                *(u64 *)(r10 -24) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -24
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -29
                w0 = 0
                exit
                """);
    }

    @Test
    void a_division_by_zero_is_a_fault() {
        assertThat(Handlers.listing(new Handlers().pre((p, regs) -> {
                    Kernel.printf("%d", regs.arg(0) / regs.arg(1));
                    return 0;
                })))
                .isEqualTo("""
                r2 = map[account][0]+0
                r0 = *(u64 *)(r2 +64)
                if r0 == 0 goto +62
                lock *(u64 *)(r2 +0) += r0
                r6 = *(u64 *)(r1 +112)
                r1 = *(u64 *)(r1 +104)
                if r1 != 0 goto +6
                r1 = map[account][0]+80
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
                r0 = 16
                *(u64 *)(r10 -24) = r0
                r1 = map[log]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048551 goto +15
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -20
                r0 = *(u64 *)(r10 -24)
                r0 -= 1
                *(u64 *)(r10 -24) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -24
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -29
                w0 = 0
                exit
                """);
    }

    @Test
    void an_entry_handler_remembers_the_call_or_forgets_it() {
        assertThat(Handlers.listing(new Handlers()
                        .data(Data.class)
                        .shaped(new ProgramShape.Entry(OptionalLong.of(0x1234)))
                        .<Data>entry((ri, regs) -> Kernel.pid() == 7 ? 1 : 0)))
                .isEqualTo("""
                r6 = r1
                r1 = map[account][0]+0
                r0 = *(u64 *)(r1 +64)
                if r0 == 0 goto +129
                lock *(u64 *)(r1 +0) += r0
                r3 = *(u64 *)(r6 +152)
                r1 = r10
                r1 += -24
                r2 = 8
                call bpf_probe_read_kernel#113
                r1 = *(u64 *)(r10 -24)
                r0 = 4660
                if r1 != r0 goto +37
                *(u64 *)(r10 -32) = 0
                call bpf_get_current_pid_tgid#14
                r0 >>= 32
                if w0 != 7 goto +16
                r1 = map[account][0]+8
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                r0 = *(u64 *)(r6 +152)
                *(u64 *)(r10 -8) = r0
                *(u32 *)(r10 -16) = 0
                *(u32 *)(r10 -12) = 0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_lookup_elem#1
                if r0 != 0 goto +25
                w0 = 0
                exit
                r0 = *(u64 *)(r6 +152)
                *(u64 *)(r10 -8) = r0
                *(u32 *)(r10 -16) = 0
                *(u32 *)(r10 -12) = 0
                call bpf_get_current_pid_tgid#14
                *(u64 *)(r10 -40) = r0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                r3 = r10
                r3 += -40
                r4 = 1
                call bpf_map_update_elem#2
                if w0 != 0 goto +33
                w0 = 0
                exit
                r1 = map[account][0]+32
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                w0 = 0
                exit
                r6 = *(u64 *)(r0 +0)
                call bpf_get_current_pid_tgid#14
                if r6 != r0 goto +11
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_delete_elem#3
                if w0 != 0 goto -34
                r1 = map[account][0]+56
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -39
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_delete_elem#3
                if w0 != 0 goto -45
                r1 = map[account][0]+48
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -50
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
                r3 += -40
                r4 = 1
                call bpf_map_update_elem#2
                if w0 != 0 goto +31
                goto -50
                r1 = map[account][0]+24
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -55
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
                goto -85
                w0 = 0
                exit
                """);
    }

    @Test
    void a_return_handler_finds_its_data() {
        assertThat(Handlers.listing(new Handlers()
                        .data(Data.class)
                        .shaped(new ProgramShape.Return(true))
                        .<Data>ret((ri, regs) -> {
                            Kernel.printf("%d", ri.data().out);
                            return 0;
                        })))
                .isEqualTo("""
                r2 = map[account][0]+0
                r0 = 1
                lock *(u64 *)(r2 +0) += r0
                r0 = *(u64 *)(r1 +152)
                r0 += -8
                *(u64 *)(r10 -8) = r0
                *(u32 *)(r10 -16) = 0
                *(u32 *)(r10 -12) = 0
                r1 = map[calls]
                r2 = r10
                r2 += -16
                call bpf_map_lookup_elem#1
                r6 = r0
                if r6 == 0 goto +23
                r7 = *(u32 *)(r6 +4)
                call bpf_get_current_pid_tgid#14
                r0 >>= 32
                if r7 != r0 goto +19
                r6 = *(u64 *)(r6 +8)
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
                r0 = 16
                *(u64 *)(r10 -24) = r0
                r1 = map[log]
                r2 = 0
                call bpf_ringbuf_query#134
                if r0 > 1048551 goto +15
                r1 = map[log]
                r2 = 16
                r3 = 0
                call bpf_ringbuf_reserve#131
                if r0 != 0 goto -31
                r0 = *(u64 *)(r10 -24)
                r0 -= 1
                *(u64 *)(r10 -24) = r0
                if r0 != 0 goto -15
                r1 = map[account][0]+72
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -35
                r1 = map[account][0]+16
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                goto -40
                """);
    }

    interface File extends KernelStruct {
        int fKind();

        @OnFault(-1)
        long fPos();
    }

    interface Count extends FunctionArguments {
        int count();
    }

    @Test
    void a_bit_field_is_cut_out_of_its_word() {
        assertThat(Handlers.listing(new Handlers().btf(DataTypes::btf).pre((p, regs) -> {
                    Kernel.printf("%d", Kernel.struct(1, File.class).fKind());
                    return 0;
                })))
                .contains("""
                r3 = 1
                r3 += 4
                r1 = r10
                r1 += -24
                r2 = 1
                call bpf_probe_read_kernel#113
                if r0 != 0 goto +17
                r6 = *(u8 *)(r10 -24)
                r6 >>= 3
                w6 <<= 27
                w6 >>= 27
                r1 = map[log]
                """);
    }

    @Test
    void a_read_with_a_value_for_faults_goes_on() {
        assertThat(Handlers.listing(new Handlers().btf(DataTypes::btf).pre((p, regs) -> {
                    Kernel.printf("%d", Kernel.struct(1, File.class).fPos());
                    return 0;
                })))
                .contains("""
                call bpf_probe_read_kernel#113
                if r0 != 0 goto +14
                r6 = *(u64 *)(r10 -24)
                r1 = map[log]
                """)
                .contains("""
                exit
                r1 = map[account][0]+80
                r0 = 1
                lock *(u64 *)(r1 +0) += r0
                r6 = -1
                goto -19
                """);
    }

    @Test
    void an_argument_is_kept_behind_the_private_data() {
        String listing = Handlers.listing(new Handlers()
                .data(Data.class)
                .shaped(new ProgramShape.Entry(OptionalLong.empty(), List.of(2)))
                .<Data>entry((ri, regs) -> 0));
        assertThat(listing.substring(0, listing.indexOf("call bpf_get_current_pid_tgid")))
                .isEqualTo("""
                r2 = map[account][0]+0
                r0 = *(u64 *)(r2 +64)
                if r0 == 0 goto +73
                lock *(u64 *)(r2 +0) += r0
                *(u64 *)(r10 -32) = 0
                r0 = *(u64 *)(r1 +96)
                *(u64 *)(r10 -24) = r0
                r0 = *(u64 *)(r1 +152)
                *(u64 *)(r10 -8) = r0
                *(u32 *)(r10 -16) = 0
                *(u32 *)(r10 -12) = 0
                """);
        assertThat(Handlers.listing(new Handlers()
                        .btf(DataTypes::btf)
                        .data(Data.class)
                        .shaped(new ProgramShape.Return(true))
                        .<Data>ret((ri, regs) -> {
                            Kernel.printf("%d", ri.args(Count.class).count());
                            return 0;
                        })))
                .contains("""
                        r0 = *(u64 *)(r6 +16)
                        w6 = w0
                        r1 = map[log]
                        """);
    }
}
