package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.CallSlots;
import org.kprobe4j.compiler.CallStore;
import org.kprobe4j.compiler.CompiledProgram;
import org.kprobe4j.compiler.ProgramContext;
import org.kprobe4j.compiler.ProgramShape;

/** Calls in flight in slots: each keeps its data, whoever else has its slot. */
class CallSlotsTest {
    private static final int CALL_BYTES = 16;
    private static final long STACK = 0xffff_c900_0000_1000L;

    static final class Data {
        long value;
    }

    private final FakeKernel kernel = new FakeKernel();
    private final CompiledProgram entry = new Handlers()
            .data(Data.class)
            .shaped(new ProgramShape.Entry(OptionalLong.empty()))
            .attached(ProgramContext.Registers.OWN, CallStore.SLOTS, true)
            .<Data>entry((ri, regs) -> {
                ri.data().value = regs.arg(0);
                return regs.arg(0) < 0 ? 1 : 0;
            });
    private final CompiledProgram back = new Handlers()
            .data(Data.class)
            .shaped(new ProgramShape.Return(true))
            .attached(ProgramContext.Registers.OWN, CallStore.SLOTS, true)
            .<Data>ret((ri, regs) -> {
                Kernel.printf("%d", ri.data().value);
                return 0;
            });

    @BeforeEach
    void table() {
        kernel.cells(CallSlots.MAP, CallSlots.bytes(CALL_BYTES) / Long.BYTES);
    }

    private static byte[] at(long sp, long argument) {
        byte[] context = Handlers.context(Architecture.X86_64, argument);
        Handlers.put(ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN), Architecture.X86_64, "sp", sp);
        return context;
    }

    private Handlers.Hit enter(long sp, long argument) {
        return Handlers.hit(entry, kernel, at(sp, argument));
    }

    private Handlers.Hit leave(long sp) {
        return Handlers.hit(back, kernel, at(sp + 8, 0));
    }

    private List<String> lines(Handlers.Hit hit) {
        List<String> lines = hit.lines();
        kernel.rings.clear();
        return lines;
    }

    private long key(long sp) {
        return kernel.cell(
                CallSlots.MAP,
                (CallSlots.HEADER_BYTES + CallSlots.slot(sp) * CallSlots.slotBytes(CALL_BYTES)) / Long.BYTES);
    }

    private long inHash() {
        return kernel.cell(CallSlots.MAP, 0);
    }

    /** Another stack address of the same slot. */
    private static long another(long sp) {
        long other = sp;
        do {
            other += 16;
        } while (CallSlots.slot(other) != CallSlots.slot(sp));
        return other;
    }

    @Test
    void nested_calls_keep_their_own_data() {
        enter(STACK, 1);
        enter(STACK - 64, 2);
        assertThat(key(STACK)).isEqualTo(STACK);
        assertThat(lines(leave(STACK - 64))).containsExactly("2");
        assertThat(lines(leave(STACK))).containsExactly("1");
        assertThat(key(STACK)).isEqualTo(CallSlots.FREE);
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void a_call_whose_slot_is_taken_goes_into_the_hash_map() {
        long other = another(STACK);
        enter(STACK, 1);
        enter(other, 2);
        assertThat(kernel.calls).hasSize(1);
        assertThat(inHash()).isOne();
        assertThat(lines(leave(other))).containsExactly("2");
        assertThat(inHash()).isZero();
        assertThat(kernel.calls).isEmpty();
        assertThat(lines(leave(STACK))).containsExactly("1");
    }

    @Test
    void one_that_stays_in_the_hash_map_while_the_slot_becomes_free_is_found() {
        long other = another(STACK);
        enter(STACK, 1);
        enter(other, 2);
        leave(STACK);
        kernel.rings.clear();
        assertThat(lines(leave(other))).containsExactly("2");
        assertThat(inHash()).isZero();
    }

    @Test
    void an_ignored_call_leaves_nothing() {
        assertThat(enter(STACK, -1).count(Account.FILTERED)).isOne();
        assertThat(key(STACK)).isEqualTo(CallSlots.FREE);
        assertThat(leave(STACK).count(Account.FILTERED)).isOne();
    }

    @Test
    void a_call_that_never_returned_is_counted_by_the_next_one_on_its_stack() {
        enter(STACK, 1);
        kernel.pidTgid += 1;
        assertThat(enter(STACK, 2).count(Account.ENDED_INSIDE)).isOne();
        assertThat(enter(STACK, 3).count(Account.RETURN_LOST)).isOne();
        assertThat(lines(leave(STACK))).containsExactly("3");
        enter(STACK, 4);
        kernel.pidTgid += 1;
        assertThat(enter(STACK, -1).count(Account.ENDED_INSIDE)).isOne();
        assertThat(key(STACK)).isEqualTo(CallSlots.FREE);
    }

    @Test
    void another_process_does_not_take_what_is_left() {
        enter(STACK, 1);
        kernel.pidTgid += 1L << Integer.SIZE;
        assertThat(leave(STACK).count(Account.FILTERED)).isOne();
    }

    @Test
    void ignored_call_takes_out_what_an_earlier_one_left_in_the_hash_map() {
        long other = another(STACK);
        enter(STACK, 1);
        enter(other, 2);
        kernel.pidTgid += 1;
        assertThat(enter(other, -1).count(Account.ENDED_INSIDE)).isOne();
        assertThat(kernel.calls).isEmpty();
        assertThat(inHash()).isZero();
    }
}
